"""Whether a file only repeats another one: fewer rows, fewer columns, another order or other names, nothing new."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import database
from .database import Connection

_COLUMNS_PER_QUERY = 20


@dataclass(frozen=True)
class Comparison:
    """`is_copy`: every row is found in the other file. `columns`: those compared, as the other file calls them."""

    is_copy: bool
    columns: list[str]


def compare(parquet: Path, origin: Path) -> Comparison:
    """Look for every row of `parquet` in `origin`, as often as it occurs, over the columns that say anything.

    A column counts as the other file's if it has its name, or else the same values equally often. Columns with a
    single value add nothing and are left out. Numbers are compared as numbers, whatever their spelling.
    """
    with database.open_database(reads=[parquet, origin]) as connection:
        for view, file in (("data", parquet), ("origin", origin)):
            connection.execute(f"CREATE TEMP VIEW {view} AS SELECT * FROM read_parquet({database.path(file)})")
        pairs = _pairs(connection)
        if pairs is None:
            return Comparison(False, [])
        ours, theirs = (", ".join(map(_value, side)) for side in zip(*pairs, strict=True))
        rows = f"SELECT {ours} FROM data EXCEPT ALL SELECT {theirs} FROM origin"
        left = database.one(connection, f"SELECT count(*) FROM ({rows})")[0]
    return Comparison(left == 0, [theirs for _, theirs in pairs])


def _pairs(connection: Connection) -> list[tuple[str, str]] | None:
    """Each column that says anything with its counterpart; None where one has no counterpart."""
    names = _names(connection, "data")
    distinct = _aggregates(connection, "data", names, "count(DISTINCT {})")
    telling = [name for name in names if distinct[name] > 1] or names
    known = _names(connection, "origin")
    renamed = [name for name in telling if name not in known]
    by_values: dict[Any, str] = {}
    if renamed:
        values = "(sum(hash({0})), bit_xor(hash({0})), count({0}))"
        by_values = {value: name for name, value in _aggregates(connection, "origin", known, values).items()}
        renamed_values = _aggregates(connection, "data", renamed, values)
    pairs = [(name, name if name in known else by_values.get(renamed_values[name], "")) for name in telling]
    return pairs if all(theirs for _, theirs in pairs) else None


def _names(connection: Connection, view: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall()]


def _aggregates(connection: Connection, view: str, names: list[str], template: str) -> dict[str, Any]:
    """One figure of each column. A query over very many columns takes long to plan, so they are taken in turns."""
    found: dict[str, Any] = {}
    for start in range(0, len(names), _COLUMNS_PER_QUERY):
        batch = names[start : start + _COLUMNS_PER_QUERY]
        figures = ", ".join(template.format(_value(name)) for name in batch)
        found |= zip(batch, database.one(connection, f"SELECT {figures} FROM {view}"), strict=True)
    return found


def _value(name: str) -> str:
    """A cell to compare by: numbers as numbers, text without blanks around it."""
    text = f"trim(CAST({database.name(name)} AS VARCHAR))"
    return f"coalesce(CAST(TRY_CAST({text} AS DOUBLE) AS VARCHAR), {text})"
