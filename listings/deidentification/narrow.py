"""A wide file by a few columns at a time: a query over 2,000 columns takes long to plan, however few of them it asks
for, and each question is a query. Without this the work grows with the square of the columns."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from . import database
from .database import Column, Tables

_WIDE = 60  # columns; below, planning costs less than copying
_AT_ONCE = 40
_FEWEST = 3
_CELLS = 4_000_000  # of a copy: some 32 MiB, beside the limit on memory


def in_groups(
    tables: Tables, relation: str, columns: Sequence[Column], *also: str | None
) -> Iterator[tuple[str, list[Column]]]:
    """All of `columns`, a group at a time, each with a relation that has them (and the columns `also`)."""
    rows = _rows_to_copy(tables, relation, len(columns))
    at_once = min(_AT_ONCE, _CELLS // max(rows, 1)) if rows else 0
    if at_once < _FEWEST:
        yield relation, list(columns)
        return
    for start in range(0, len(columns), at_once):
        group = list(columns[start : start + at_once])
        yield copy(tables, relation, "narrow_group", [each.name for each in group], *also), group


def of(tables: Tables, relation: str, width: int, table: str, names: Sequence[str], *also: str | None) -> str:
    """A relation with the columns `names` and `also` of `relation`, which has `width`: it itself, or its copy."""
    rows = _rows_to_copy(tables, relation, width)
    if not rows or rows * len(names) > 4 * _CELLS:
        return relation
    return copy(tables, relation, table, names, *also)


def _rows_to_copy(tables: Tables, relation: str, width: int) -> int:
    """The number of rows; 0 where the relation is narrow, or is not DuckDB's."""
    if width <= _WIDE or not isinstance(tables, duckdb.DuckDBPyConnection):
        return 0
    return int(database.one(tables, f"SELECT count(*) FROM {relation}")[0])


def copy(tables: Any, relation: str, table: str, names: Sequence[str], *also: str | None) -> str:
    """The table `table` with these columns of `relation`, its rows in their order."""
    chosen = dict.fromkeys(database.name(each) for each in (*names, *also) if each is not None)
    tables.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {', '.join(chosen)} FROM {relation}")
    return table
