"""A few rows for everybody to see: an output like the profile, so nobody can be found by them.

Rows come only from classes of at least `minimum` subjects over the marked and the suggested quasi-identifiers. Of the
other columns a cell is shown where as many subjects share it, by the rules of `profile`. What names, keys or is
sensitive is not shown at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import database, names, roles
from .database import Column, Connection

MOST_ROWS = 20
MOST_COLUMNS = 40
_LONGEST = 80  # characters of a cell


@dataclass(frozen=True)
class Sample:
    """Rows of a file under the names of `columns`. A cell is its text, "" where it is empty, None where suppressed."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)


def of_report(parquet: Path, report: Mapping[str, Any], *, minimum: int, hidden: Iterable[str] = ()) -> Sample:
    """The sample of the canonical file that `report` (as JSON) was made of; empty unless that passes.

    `minimum` is the k of the delivery, `hidden` are further columns to be left out. Raises UnknownColumn.
    """
    together = report["with_suggested"] or report
    quasi = together["quasi_identifiers"]
    if not report["passes"] or (report["about"] != "none" and not quasi):
        return Sample()
    left_out = {each["column"] for each in (*report["identifiers"], *report["restorable"], *report["warnings"])}
    left_out |= {*hidden, *report["sensitive"]}
    return draw(
        parquet, quasi_identifiers=quasi, subject=together["subject"], hidden=left_out - {None}, minimum=minimum
    )  # fmt: skip


def draw(
    parquet: Path, *, quasi_identifiers: list[str], subject: str | None, hidden: Iterable[str], minimum: int
) -> Sample:
    """Up to 20 rows of up to 40 columns, the same ones for the same file, in the order of chance.

    Counts subjects where there is a subject column, rows otherwise. The columns `hidden`, the subject and whatever acts
    as a key of persons are left out. Raises UnknownColumn.
    """
    hidden = {*hidden, *([subject] if subject else [])}
    with database.open_parquet(parquet, memory=database.ASSESSING) as (connection, columns):
        database.check_known(columns, [*quasi_identifiers, *hidden])
        shown = _without_keys(connection, [each for each in columns if each.name not in hidden])[:MOST_COLUMNS]
        if not shown:
            return Sample()
        counted = f"count(DISTINCT {database.name(subject)})" if subject else "count(*)"
        rows = _draw(connection, shown, quasi_identifiers, counted, minimum)
        free = {
            number: _common(connection, each.name, number, counted, minimum)
            for number, each in enumerate(shown)
            if rows and each.name not in quasi_identifiers
        }
    cells = [[_cell(value, free.get(number)) for number, value in enumerate(row)] for row in rows]
    return Sample([each.name for each in shown], [row for row in cells if any(cell is not None for cell in row)])


def _without_keys(connection: Connection, columns: list[Column]) -> list[Column]:
    """By the cells (digests, tokens) or by the name: a key that the report did not take for the subject is one too."""
    texts = [each for each in columns if each.type == "text"]
    keys = {each.name for each in roles.describe(connection, "data", texts) if each.opaque}
    return [each for each in columns if each.name not in keys and not names.is_person_key(each.name)]


def _draw(
    connection: Connection, shown: list[Column], quasi: list[str], counted: str, minimum: int
) -> list[tuple[str | None, ...]]:
    """The rows as text; they stay as the table `drawn` with the columns c0, c1 and so on."""
    cells = [f"{database.name(each.name)} AS c{number}" for number, each in enumerate(shown)]
    keys = [f"{database.name(name)} AS q{number}" for number, name in enumerate(quasi)]
    same = "".join(f" AND d.q{number} IS NOT DISTINCT FROM large.q{number}" for number in range(len(keys)))
    connection.execute(
        f"CREATE TEMP TABLE drawn AS SELECT {', '.join(f'c{number}' for number in range(len(cells)))} "
        f"FROM (SELECT {', '.join(['true AS here', *keys, *cells])}, row_number() OVER () AS place FROM data) d "
        f"JOIN (SELECT {', '.join(['true AS here', *keys])} FROM data "
        f"GROUP BY ALL HAVING {counted} >= {minimum}) large "
        f"ON d.here = large.here{same} ORDER BY hash(place), place LIMIT {MOST_ROWS}"
    )
    texts = ", ".join(f"CAST(c{number} AS VARCHAR)" for number in range(len(shown)))
    return connection.execute(f"SELECT {texts} FROM drawn ORDER BY rowid").fetchall()


def _common(connection: Connection, column: str, number: int, counted: str, minimum: int) -> set[str | None]:
    """The values drawn of a column, empty cells too, that at least `minimum` subjects bear.

    Where fewer than that bear all the rare ones together, as they do where there is a single one, the least common of
    the others is left out as well, so that what is hidden cannot be told from what remains (as in `profile`).
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT {database.name(column)} AS value, {counted} AS n FROM data "
        "GROUP BY 1"
    )
    rare, together = database.one(
        connection, f"SELECT count(*), coalesce(sum(n), 0) FROM held WHERE n < {minimum}"
    )  # fmt: skip
    first = 2 if rare and together < minimum else 1
    found = connection.execute(
        "SELECT CAST(value AS VARCHAR) FROM (SELECT value, row_number() OVER (ORDER BY n, value) AS place FROM held "
        f"WHERE n >= {minimum}) WHERE place >= {first} AND EXISTS "
        f"(SELECT 1 FROM drawn WHERE c{number} IS NOT DISTINCT FROM value)"
    )
    return {row[0] for row in found.fetchall()}


def _cell(value: str | None, common: set[str | None] | None) -> str | None:
    """`common` is None of a quasi-identifier: the whole class bears its value."""
    if common is not None and value not in common:
        return None
    text = value or ""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
