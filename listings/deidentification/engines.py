"""Where is counted: by DuckDB in this process, asked directly or through Ibis, or by a Spark (decision 300)."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from .reasons import BadCommand, Unavailable

if TYPE_CHECKING:  # DuckDB is not for every process that reads the settings
    from .database import Connection, Tables

DUCKDB, IBIS = "duckdb", "ibis"
IN_PROCESS = (DUCKDB, IBIS)
_MASTER = re.compile(r"local(\[(\d+|\*)\])?|yarn|(spark|k8s)://[^\s,]+(,[^\s,]+)*")


def check(engine: str) -> str:
    """The engine's name; BadCommand where it is neither "duckdb" nor "ibis" nor the master of a Spark."""
    if engine not in IN_PROCESS and not _MASTER.fullmatch(engine):
        raise BadCommand("bad_command", field="engine")
    return engine


def open_tables(engine: str, connection: "Connection", files: Mapping[str, Path]) -> "AbstractContextManager[Tables]":
    """What answers questions about `files`, views of `connection`: that, directly or through Ibis, or a Spark."""
    if check(engine) == DUCKDB:
        return nullcontext(connection)
    try:
        if engine == IBIS:
            from .distributed.in_process import Tables as ThroughIbis

            return nullcontext(ThroughIbis(connection))
        from .distributed.session import open_tables as open_elsewhere
    except ImportError as missing:
        raise Unavailable from missing
    return open_elsewhere(engine, files)
