"""The only way to DuckDB: in memory, and locked down before it sees any data."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from .reasons import UnknownColumn

Connection = duckdb.DuckDBPyConnection
OutOfMemory = (MemoryError, duckdb.OutOfMemoryException)  # the latter where the disk is full as well


class Tables(Protocol):
    """What the measures need of a connection: DuckDB's, or `distributed`'s, which understands the same text."""

    def execute(self, query: str, parameters: Any = None) -> "Tables": ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> Any: ...


MEMORY_LIMIT = "512MB"  # of DuckDB: a CSV of 2,000 columns is not read with less
ASSESSING = "290MB"  # the same; with Python, numba and what is counted in arrays the process stays under 512 MiB
SPILL_LIMIT = "8GB"
THREADS = 2
_SMALL_FILE = 4 * 1024 * 1024
_FEW_ROWS = 20_000

_TYPES = {"BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "decimal", "FLOAT": "decimal", "VARCHAR": "text"}


@dataclass(frozen=True)
class Column:
    """A column of a canonical file; `type`: text, integer, decimal, date (perhaps with time) or boolean."""

    name: str
    type: str


def name(identifier: str) -> str:
    """`identifier` quoted as a SQL name."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """`value` quoted as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def path(file: Path) -> str:
    """An absolute path as a SQL string; ValueError where DuckDB would read it as a pattern for many files."""
    absolute = os.path.abspath(file)
    if any(mark in absolute for mark in "*?[]{}"):
        raise ValueError("the path contains a wildcard")
    return text(absolute)


@contextmanager
def open_database(
    *, reads: Iterable[Path] = (), writes: Iterable[Path] = (), memory: str = MEMORY_LIMIT
) -> Iterator[Connection]:
    """A connection that can touch only the files named, spilling beyond `memory` into a directory that is removed
    afterwards.

    The order matters: allowed paths, then external access off, then memory and threads, then the lock.
    """
    with tempfile.TemporaryDirectory(prefix="minshu-") as scratch:
        connection = duckdb.connect(":memory:")
        try:
            _lock_down(connection, [*reads, *writes], Path(scratch), memory)
            yield connection
        finally:
            connection.close()


def _lock_down(connection: Connection, files: list[Path], scratch: Path, memory: str) -> None:
    for statement in (
        "SET enable_progress_bar = false",  # it would go to standard output, into the answer
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET allow_persistent_secrets = false",
        "SET python_enable_replacements = false",
        f"SET temp_directory = {text(str(scratch / 'spill'))}",
        f"SET max_temp_directory_size = '{SPILL_LIMIT}'",
        f"SET allowed_paths = [{', '.join(path(file) for file in files)}]",
        "SET enable_external_access = false",
        f"SET memory_limit = '{memory}'",
        f"SET threads = {THREADS}",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)


@contextmanager
def open_parquet(
    parquet: Path, *, writes: Iterable[Path] = (), memory: str = MEMORY_LIMIT
) -> Iterator[tuple[Connection, list[Column]]]:
    """A connection in which the canonical file is the view `data`, and the file's columns in their order."""
    with open_database(reads=[parquet], writes=writes, memory=memory) as connection:
        attach(connection, "data", parquet)
        yield connection, columns_of(connection, "data")


def columns_of(connection: Connection, relation: str) -> list[Column]:
    return [Column(row[0], type_of(row[1])) for row in connection.execute(f"DESCRIBE {relation}").fetchall()]


def attach(connection: Connection, relation: str, parquet: Path) -> None:
    """`parquet` as the relation `relation`. A small file is copied into memory: each query of a file reads all of its
    metadata anew, which takes longer than to read a few rows."""
    read = f"read_parquet({path(parquet)})"
    is_small = parquet.stat().st_size <= _SMALL_FILE
    if is_small:
        rows = one(connection, f"SELECT sum(num_rows) FROM parquet_file_metadata({path(parquet)})")[0]
        is_small = rows <= _FEW_ROWS
    connection.execute(f"CREATE TEMP {'TABLE' if is_small else 'VIEW'} {relation} AS SELECT * FROM {read}")


def type_of(sql_type: str) -> str:
    """The engine's name of a type of DuckDB."""
    if sql_type.startswith("DECIMAL"):
        return "integer" if sql_type.endswith(",0)") else "decimal"
    return _TYPES.get(sql_type) or ("date" if sql_type.startswith("TIMESTAMP") else "integer")


def check_known(columns: list[Column], wanted: Iterable[str]) -> None:
    """UnknownColumn for the first name that no column bears exactly."""
    known = {column.name for column in columns}
    for each in wanted:
        if each not in known:
            raise UnknownColumn(each)


def each(tables: Tables, queries: Iterable[str]) -> Iterable[tuple]:
    """The single row of each query. What answers from afar is asked for many at once."""
    many = getattr(tables, "each", None)
    return many(list(queries)) if many else (one(tables, query) for query in queries)


def one(connection: Tables, query: str, parameters: list[object] | None = None) -> tuple:
    """The single row of a query that always has one."""
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row
