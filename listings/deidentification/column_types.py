"""Which type a column of text may take without losing a character."""

from . import database, limits
from .database import Column, Connection
from .reasons import Unreadable, shown

SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "date": "DATE",
    "boolean": "BOOLEAN",
}

_TESTS = {
    # 15 digits at most: longer numbers are codes, and would lose digits in a spreadsheet
    "integer": "regexp_full_match({c}, '0|-?[1-9][0-9]{{0,14}}')",
    "decimal": "regexp_full_match({c}, '-?[0-9.]+(?:e[+-][0-9]+)?') AND CAST(TRY_CAST({c} AS DOUBLE) AS VARCHAR) = {c}",
    "date": "regexp_full_match({c}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') "
    "AND CAST(TRY_CAST({c} AS DATE) AS VARCHAR) = {c}",
    "boolean": "{c} IN ('true', 'false')",
}
_COLUMNS_PER_QUERY = 20  # what DuckDB takes to plan one grows faster than its columns


def find_types(connection: Connection, relation: str, names: list[str]) -> list[Column]:
    """The columns of `relation` (SQL, all text), each with the type in which every value round-trips exactly.

    '007', '1.50' and 18-digit numbers stay text; so does a column that mixes '5' with '1.5'. Nulls have no
    say; a column of nulls is text. Unreadable: cell_too_long.
    """
    columns: list[Column] = []
    for start in range(0, len(names), _COLUMNS_PER_QUERY):
        batch = names[start : start + _COLUMNS_PER_QUERY]
        row = database.one(connection, f"SELECT {', '.join(map(_facts, batch))} FROM {relation}")
        columns += [_decide(name, fact) for name, fact in zip(batch, row, strict=True)]
    return columns


def _facts(name: str) -> str:
    quoted = database.name(name)
    tests = ", ".join(
        f"'{kind}': bool_and(CASE WHEN {quoted} IS NOT NULL THEN coalesce({test.format(c=quoted)}, false) END)"
        for kind, test in _TESTS.items()
    )
    return f"{{'longest': max(strlen({quoted})), {tests}}}"


def _decide(name: str, facts: dict) -> Column:
    if (facts["longest"] or 0) > limits.MAX_CELL_BYTES:
        raise Unreadable("cell_too_long", limit=limits.MAX_CELL_BYTES, place=shown(name))
    return Column(name, next((kind for kind in _TESTS if facts[kind]), "text"))
