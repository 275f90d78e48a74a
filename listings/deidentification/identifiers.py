"""Direct identifiers, looked for in every cell of every column and in the columns' names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from . import database, identifier_rules
from .database import Column, Connection
from .identifier_rules import AT_MOST_FOUR_GAPS, KINDS, LIKELY, Kind

_EXAMPLES = 3
_COLUMNS_PER_QUERY = 50
_LIKELY_NAME = re.compile(LIKELY)


@dataclass(frozen=True)
class IdentifierHit:
    """One kind found in one column: in how many cells, their share of all rows, up to three examples, masked.

    `in_name`: it is the column's name that holds the identifier (a file without a header); cells is then 0.
    """

    column: str
    kind: str
    cells: int
    share: float
    examples: list[str]
    in_name: bool = False


def scan(connection: Connection, relation: str, columns: Iterable[Column], *, today: date) -> list[IdentifierHit]:
    """Every kind in every column of `relation` (SQL), whatever the column's type, in the columns' order.

    `today` is the last birth date that counts. No whole identifier leaves the database.
    """
    columns = list(columns)
    identifier_rules.define(connection, today=today)
    hits = _scan_names(connection, columns)
    for column in _likely(connection, relation, columns):
        query = f"SELECT {_as_text(column)} AS cell FROM {relation}"
        for kind, cells, rows, examples in _find(connection, query):
            hits.append(IdentifierHit(column.name, kind, cells, round(cells / rows, 6), examples))
    return hits


def _scan_names(connection: Connection, columns: list[Column]) -> list[IdentifierHit]:
    hits = []
    for column in columns:
        if _LIKELY_NAME.search(column.name):
            for kind, _, _, examples in _find(connection, f"SELECT {database.text(column.name)} AS cell"):
                hits.append(IdentifierHit(column.name, kind, 0, 0.0, examples, in_name=True))
    return hits


def _likely(connection: Connection, relation: str, columns: list[Column]) -> Iterator[Column]:
    """The columns in which some cell has digits enough: one pass over many, and most are done with."""
    for start in range(0, len(columns), _COLUMNS_PER_QUERY):
        batch = columns[start : start + _COLUMNS_PER_QUERY]
        tests = ", ".join(f"bool_or({_is_likely(_as_text(column))})" for column in batch)
        row = database.one(connection, f"SELECT {tests} FROM {relation}")
        yield from (column for column, likely in zip(batch, row, strict=True) if likely)


def _is_likely(cell: str) -> str:
    return f"strlen({cell}) >= 11 AND regexp_matches({cell}, '{LIKELY}')"


def _as_text(column: Column) -> str:
    """A cell as text; a whole number kept as a float without its exponent."""
    name = database.name(column.name)
    if column.type != "decimal":
        return f"CAST({name} AS VARCHAR)"
    return (
        f"CASE WHEN abs({name}) < 1e18 AND {name} = trunc({name}) "
        f"THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
    )


def _find(connection: Connection, query: str) -> list[tuple[str, int, int, list[str]]]:
    """(kind, cells, rows, masked examples) for each kind found in the column `cell` of `query`."""
    found = ", ".join(f"{_matches(kind)} AS {kind.name}" for kind in KINDS)
    counts = ", ".join(f"count(*) FILTER (len({kind.name}) > 0), {_masked(kind)}" for kind in KINDS)
    row = database.one(
        connection,
        f"WITH cells AS ({query}), "
        f"likely AS (SELECT wrapped(cell) AS text FROM cells WHERE {_is_likely('cell')}), "
        f"found AS (SELECT {found} FROM likely) SELECT (SELECT count(*) FROM cells), {counts} FROM found",
    )
    facts = zip(KINDS, row[1::2], row[2::2], strict=True)
    return [(kind.name, cells, row[0], sorted(examples)[:_EXAMPLES]) for kind, cells, examples in facts if cells]


def _matches(kind: Kind) -> str:
    """The identifiers of a kind in `text`, as a list of strings of digits and X."""
    unsplit = f"lambda m: regexp_full_match(m, '{AT_MOST_FOUR_GAPS}')"
    matches = f"list_filter(regexp_extract_all(text, '{kind.pattern}'), {unsplit})"
    return f"list_filter(list_transform({matches}, lambda m: compact(m)), lambda s: {kind.accepts})"


def _masked(kind: Kind) -> str:
    """Masked examples: so few different masks exist that all of a file's fit into memory."""
    first = f"list_transform({kind.name}[1:1], lambda s: {kind.mask})[1]"
    return f"list(DISTINCT {first}) FILTER (len({kind.name}) > 0)"
