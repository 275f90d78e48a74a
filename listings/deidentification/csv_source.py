"""A CSV from a stranger into Parquet: transcoded, checked, read by DuckDB as text, then typed."""

import csv
from collections.abc import Collection
from pathlib import Path

import duckdb

from . import column_types, csv_rules, database, limits, progress
from .database import Column
from .header import read_header
from .reasons import Unreadable
from .transcode import transcode

_GROUP_BYTES = 16 * limits.MIB
_FEWEST_ROWS, _MOST_ROWS = 2_048, 122_880  # of a vector of DuckDB's, and of a row group as it makes them


def write_canonical(source: Path, target: Path, scratch: Path, *, prefer: str = ",") -> tuple[int, list[Column], str]:
    """Write the CSV `source` as Parquet to `target`; rows, columns, encoding. `scratch`: an empty directory.

    Unreadable: what transcode, read_header and `write_text` raise.
    """
    text = scratch / "text.csv"
    progress.report("reading", 5)
    encoding = transcode(source, text)
    names, delimiter = read_header(text, prefer=prefer)
    rows, columns = write_text(text, target, scratch, names, delimiter)
    return rows, columns, encoding


def write_text(
    text: Path, target: Path, scratch: Path, names: list[str], delimiter: str, numeric: Collection[str] = ()
) -> tuple[int, list[Column]]:
    """Write a UTF-8 CSV with a header as Parquet; rows and columns. What is in `numeric` holds nothing but numbers
    that a double keeps exactly: there 5 beside 1.5 is a number too. Unreadable: no_rows, unparsable and what
    count_records and find_types raise."""
    stage = scratch / "text.parquet"
    progress.report("checking", 25)
    rows = csv_rules.count_records(text, delimiter, len(names))
    if rows < 1:
        raise Unreadable("no_rows")
    with database.open_database(reads=[text, _plain(text), stage], writes=[target]) as connection:
        at_once = _rows_at_once(text, rows)
        _stage(connection, text, stage, names, delimiter, rows, at_once)
        progress.report("typing", 65)
        database.attach(connection, "staged", stage)
        relation = _relation(numeric)
        columns = column_types.find_types(connection, relation, names)
        casts = ", ".join(map(_cast, columns))
        _copy(connection, f"SELECT {casts} FROM {relation}", target, at_once)
    return rows, columns


def _relation(numeric: Collection[str]) -> str:
    if not numeric:
        return "staged"
    doubles = ", ".join(f"CAST(CAST({name} AS DOUBLE) AS VARCHAR) AS {name}" for name in map(database.name, numeric))
    return f"(SELECT * REPLACE ({doubles}) FROM staged)"


def _cast(column: Column) -> str:
    name = database.name(column.name)
    return f"CAST({name} AS {column_types.SQL_TYPES[column.type]}) AS {name}"


def _plain(text: Path) -> Path:
    return text.with_suffix(".plain")


def _stage(
    connection: database.Connection, text: Path, stage: Path, names: list[str], delimiter: str, rows: int, at_once: int
) -> None:
    """All cells as text into Parquet; what only DuckDB finds odd (mixed line ends) is rewritten once."""
    if _read(connection, text, stage, names, delimiter, at_once) == rows:
        return
    with _plain(text).open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(csv_rules.records(text, delimiter, len(names)))
    if _read(connection, _plain(text), stage, names, ",", at_once) != rows:
        raise Unreadable("unparsable")


def _read(
    connection: database.Connection, text: Path, stage: Path, names: list[str], delimiter: str, at_once: int
) -> int | None:
    """The number of rows read, None where DuckDB refuses.

    Not with parallel = false: then DuckDB 2.0 drops a last record with an open quotation mark without a word.
    """
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(names)))
    chosen = ", ".join(f"c{number} AS {database.name(name)}" for number, name in enumerate(names))
    options = (
        f"columns = {{{types}}}, header = true, delim = {database.text(delimiter)}, quote = '\"', "
        "escape = '\"', auto_detect = false, strict_mode = true, null_padding = false, "
        "ignore_errors = false, "
        f"max_line_size = {limits.MAX_LINE_BYTES}, buffer_size = {2 * limits.MAX_LINE_BYTES}"
    )
    try:
        return _copy(connection, f"SELECT {chosen} FROM read_csv({database.path(text)}, {options})", stage, at_once)
    except duckdb.InvalidInputException:
        return None


def _rows_at_once(text: Path, rows: int) -> int:
    """Of a row group: all of one is in memory when it is written or read, twice on two threads."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _GROUP_BYTES * rows // max(text.stat().st_size, 1)))


def _copy(connection: database.Connection, query: str, target: Path, at_once: int) -> int:
    options = f"FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, ROW_GROUP_SIZE {at_once}"
    return database.one(connection, f"COPY ({query}) TO {database.path(target)} ({options})")[0]
