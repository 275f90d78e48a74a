"""The public description of a file's columns: an output too, so small cells are suppressed."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from . import database, progress
from .database import Column, Connection

_MOST_VALUES = 20
_COLUMNS_PER_QUERY = 20


@dataclass(frozen=True)
class ValueShare:
    """A value and its share of the rows, to 1 %; `value` is None where `suppressed` values are merged."""

    value: str | None
    share: float
    suppressed: bool = False


@dataclass(frozen=True)
class ColumnProfile:
    """A column for the public page: share of nulls to 1 %, number of distinct values as a band such as 10-99.

    `values` is None for subject and sensitive columns and for columns of more than 20 distinct values. `range` is of
    numbers and dates, of texts their lengths; None where it is not shown.
    """

    name: str
    type: str
    nulls: float
    distinct: str
    values: list[ValueShare] | None
    range: list[str] | None = None


def profile(
    parquet: Path, *, subject: str | None = None, sensitive: Iterable[str] = (), minimum: int
) -> list[ColumnProfile]:
    """Profile every column. A value is named only where at least `minimum` subjects (rows where there is no
    subject column) bear it; the others are merged, never one alone and never fewer than `minimum` together,
    so that none can be worked out. A range ends where at least `minimum` subjects lie at or beyond its end, rounded
    outwards to two digits or the month: nobody is its lowest or highest. Raises UnknownColumn.
    """
    hidden = [*sensitive, *([subject] if subject else [])]
    counted = f"count(DISTINCT {database.name(subject)})" if subject else "count(*)"
    with database.open_parquet(parquet, memory=database.ASSESSING) as (connection, columns):
        database.check_known(columns, hidden)
        rows = database.one(connection, "SELECT count(*) FROM data")[0]
        progress.report("profile", 85)
        profiles = []
        for column, nulls, distinct in _count(connection, columns, subject):
            values = ends = None
            if column.name not in hidden and 0 < distinct <= _MOST_VALUES:
                values = _suppress(_values(connection, column.name, counted), rows, minimum)
            if column.name not in hidden:
                ends = _range(connection, column, subject, minimum)
            share = round(nulls / rows, 2)
            profiles.append(ColumnProfile(column.name, column.type, share, band(distinct), values, ends))
    return profiles


def _count(connection: Connection, columns: list[Column], subject: str | None) -> Iterator[tuple[Column, int, int]]:
    """Each column with its number of nulls and of distinct values; while it is at hand, the table `batch` holds it.

    A query over a file of 2,000 columns takes long to plan, however few of them it asks for.
    """
    for start in range(0, len(columns), _COLUMNS_PER_QUERY):
        batch = columns[start : start + _COLUMNS_PER_QUERY]
        names = [database.name(column.name) for column in batch]
        taken = dict.fromkeys([*names, *([database.name(subject)] if subject else [])])
        connection.execute(f"CREATE OR REPLACE TEMP TABLE batch AS SELECT {', '.join(taken)} FROM data")
        counts = ", ".join(f"count(*) - count({name}), count(DISTINCT {name})" for name in names)
        row = database.one(connection, f"SELECT {counts} FROM batch")
        yield from zip(batch, row[::2], row[1::2], strict=True)


def _values(connection: Connection, column: str, counted: str) -> list[tuple[str, int, int]]:
    name = database.name(column)
    return connection.execute(
        f"SELECT CAST({name} AS VARCHAR), count(*), {counted} FROM batch WHERE {name} IS NOT NULL "
        f"GROUP BY {name} ORDER BY 3, 2, 1"
    ).fetchall()


def _range(connection: Connection, column: Column, subject: str | None, minimum: int) -> list[str] | None:
    name = database.name(column.name)
    measured = f"length({name})" if column.type == "text" else name
    if column.type == "boolean":
        return None
    ends = [_end(connection, measured, name, subject, minimum, order) for order in ("ASC", "DESC")]
    if None in ends or ends[0] > ends[1]:
        return None
    lower, upper = (_rounded(end, up) for end, up in zip(ends, (False, True), strict=True))
    return [lower, upper]


def _end(connection: Connection, measured: str, name: str, subject: str | None, minimum: int, order: str) -> Any:
    """The value that `minimum` subjects (rows where there is no subject column) reach or go beyond; None: too few."""
    extreme = "min" if order == "ASC" else "max"
    each = f"SELECT {measured} AS m FROM batch WHERE {name} IS NOT NULL"
    if subject:
        who = database.name(subject)
        known = f"{name} IS NOT NULL AND {who} IS NOT NULL"
        each = f"SELECT {extreme}({measured}) AS m FROM batch WHERE {known} GROUP BY {who}"
    row = connection.execute(f"SELECT m FROM ({each}) ORDER BY m {order} LIMIT 1 OFFSET {minimum - 1}").fetchone()
    return row and row[0]


def _rounded(value: Any, up: bool) -> str:
    """Outwards: a date to its month, a number to two digits."""
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    if not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return "…"
    number = Decimal(str(value))
    step = Decimal(1).scaleb(max(number.adjusted() - 1, 0) if number == int(number) else number.adjusted() - 1)
    return f"{(number / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * step:f}"


def _suppress(counted: list[tuple[str, int, int]], rows: int, minimum: int) -> list[ValueShare]:
    """`counted` is (value, rows, subjects), fewest subjects first; the answer has the most frequent first."""
    hidden = sum(subjects < minimum for _, _, subjects in counted)
    while 0 < hidden < len(counted) and (hidden == 1 or sum(each[2] for each in counted[:hidden]) < minimum):
        hidden += 1
    named = sorted(counted[hidden:], key=lambda each: (-each[1], each[0]))
    shares = [ValueShare(value, round(count / rows, 2)) for value, count, _ in named]
    if hidden:
        merged = sum(count for _, count, _ in counted[:hidden])
        shares.append(ValueShare(None, round(merged / rows, 2), suppressed=True))
    return shares


def band(number: int) -> str:
    """0, 1, 2-9, 10-99, 100-999 and so on."""
    if number < 2:
        return str(number)
    power = 10 ** (len(str(number)) - 1)
    return f"{max(2, power)}-{10 * power - 1}"
