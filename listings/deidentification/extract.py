"""The fields a grant names, and no others, as a file to deliver."""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from . import database
from .database import Connection
from .reasons import BadCommand

_BOM = "\ufeff"
_FORMATS = ("csv", "parquet")


@dataclass(frozen=True)
class Extracted:
    """What was written; `fields` in the order of the file."""

    rows: int
    bytes: int
    fields: list[str]


def extract(parquet: Path, target: Path, fields: list[str], format: str) -> Extracted:
    """Write only `fields` of the canonical file to `target`, columns and rows in the file's own order.

    CSV is UTF-8 with BOM after RFC 4180 (CRLF, quotes doubled), null an empty cell. Data is never altered: a
    cell that starts with = + - @ or a tab is written as it is, though a spreadsheet may take it for a
    formula. Nothing is left at `target` on failure. Raises UnknownColumn, BadCommand (no_fields,
    bad_command).
    """
    if format not in _FORMATS:
        raise BadCommand("bad_command", field="format")
    if not fields:
        raise BadCommand("no_fields")
    part = target.with_name(target.name + ".part")
    try:
        with database.open_parquet(parquet, writes=[part]) as (connection, columns):
            database.check_known(columns, fields)
            ordered = [column.name for column in columns if column.name in fields]
            rows = _write(connection, part, ordered, format)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return Extracted(rows, target.stat().st_size, ordered)


def _write(connection: Connection, part: Path, fields: list[str], format: str) -> int:
    options = "FORMAT parquet, COMPRESSION zstd" if format == "parquet" else _csv_options(fields)
    chosen = ", ".join(map(database.name, fields))
    query = f"COPY (SELECT {chosen} FROM data) TO {database.path(part)} ({options}, USE_TMP_FILE false)"
    return database.one(connection, query)[0]


def _csv_options(fields: list[str]) -> str:
    """DuckDB writes no BOM: the prefix does, with the header; line ends then stand *between* the rows."""
    header = io.StringIO(newline="")
    csv.writer(header).writerow(fields)
    prefix = database.text(_BOM + header.getvalue())
    return f"FORMAT csv, HEADER false, NEW_LINE '\\r\\n', PREFIX {prefix}, SUFFIX '\r\n'"
