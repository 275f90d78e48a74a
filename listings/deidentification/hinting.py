"""What the cells of a file just read say of its columns, before its seller marks them: role and reason.

The same measures as the assessment's (`roles`, `combinations`), on the whole file or not at all: of a larger one only
the names speak, and the assessment finds the rest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import database, names, roles
from .identifiers import hints

MOST_CELLS = 5_000_000  # a few seconds, at most, of the time in which a file is read
MOST_COLUMNS = 200


def hints_of(parquet: Path, *, least_share: float) -> list[dict[str, Any]]:
    """[{column, role, code, params}] for the columns that are worth a word, as if the file were about persons.

    `role` is subject, quasi_identifier, or plain where only a warning is given: the name of an identifier. Empty for a
    file of too many cells.
    """
    with database.open_parquet(parquet) as (connection, columns):
        rows = database.one(connection, "SELECT count(*) FROM data")[0]
        if len(columns) > MOST_COLUMNS or rows * len(columns) > MOST_CELLS:
            return []
        facts = roles.describe(connection, "data", columns)
        found = roles.suggest(
            connection, "data", facts, marked=[], sensitive=[], subject=None, least_share=least_share
        )  # fmt: skip
    return list(_said(facts, found))


def _said(facts: list[roles.Facts], found: roles.Suggested) -> Iterator[dict[str, Any]]:
    """One word for each column: what it is, before what it is called."""
    suggested = {one.column: one for one in found.columns}
    for each in facts:
        if each.name == found.subject:
            code = "known_number" if names.is_person_key(each.name) else "holds_pseudonyms"
            params: dict[str, Any] = {"column": each.name}
            if code == "holds_pseudonyms":
                params["distinct"] = each.distinct
            yield {"column": each.name, "role": "subject", "code": code, "params": params}
        elif each.name in suggested:
            one = suggested[each.name]
            yield {"column": each.name, "role": "quasi_identifier", "code": one.code, "params": one.params}
        elif each.filled and hints.of(each.name):
            yield {"column": each.name, "role": "plain", "code": "called_identifier", "params": {"column": each.name}}
