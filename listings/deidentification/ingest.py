"""From an uploaded file to the canonical Parquet from which everything else is measured and delivered."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import csv_source, database, formats, limits
from .database import Column
from .reasons import Unreadable

MOST_BYTES = {"xlsx": limits.MAX_WORKBOOK_BYTES}  # of a format; else MAX_FILE_BYTES


@dataclass(frozen=True)
class Ingested:
    """What was read; `encoding` is None where the format has none of its own."""

    rows: int
    columns: list[Column]
    format: str
    encoding: str | None


def ingest(source: Path, name: str, target: Path) -> Ingested:
    """Read the file `source`, uploaded as `name`, into the canonical Parquet `target`.

    The end of the name says what it is, and its first bytes must agree. Empty cells become null; a column gets a
    type only where no value changes by it. Nothing is left at `target` on failure. Raises Unreadable.
    """
    kind = formats.named(name)
    _check_size(source, kind)
    part = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix="minshu-") as scratch:
            ingested = _ingest(source, kind, part, Path(scratch))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return ingested


def _check_size(source: Path, kind: str) -> None:
    size, limit = source.stat().st_size, MOST_BYTES.get(kind, limits.MAX_FILE_BYTES)
    if size > limit:
        raise Unreadable("too_large", found=size, limit=limit)
    with source.open("rb") as stream:
        formats.check(kind, stream.read(formats.HEAD_BYTES))


def _ingest(source: Path, kind: str, part: Path, scratch: Path) -> Ingested:
    if kind == "parquet":
        from . import parquet_source  # pyarrow takes a while to load

        rows = parquet_source.write_canonical(source, part)
        with database.open_parquet(part) as (_, columns):
            return Ingested(rows, columns, kind, None)
    if kind == "xlsx":
        from . import xlsx_source

        return Ingested(*xlsx_source.write_canonical(source, part, scratch), kind, None)
    if kind == "jsonl":
        from . import json_source

        rows, columns, encoding = json_source.write_canonical(source, part, scratch)
        return Ingested(rows, columns, kind, encoding)
    prefer = "\t" if kind == "tsv" else ","
    rows, columns, encoding = csv_source.write_canonical(source, part, scratch, prefer=prefer)
    return Ingested(rows, columns, kind, encoding)
