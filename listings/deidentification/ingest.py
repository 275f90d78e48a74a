"""From an uploaded file to the canonical Parquet from which everything else is measured and delivered."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import csv_source, database, limits
from .database import Column
from .reasons import Unreadable

_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Ingested:
    """What was read; `encoding` is None for Parquet."""

    rows: int
    columns: list[Column]
    format: str
    encoding: str | None


def ingest(source: Path, name: str, target: Path) -> Ingested:
    """Read the CSV or Parquet file `source`, uploaded as `name`, into the canonical Parquet `target`.

    The content decides what it is; the name only breaks a tie (`.tsv`: tab). Empty CSV cells become null; a
    column gets a type only where no value changes by it. Nothing is left at `target` on failure. Raises
    Unreadable.
    """
    _check_size(source)
    part = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix="minshu-") as scratch:
            ingested = _ingest(source, name, part, Path(scratch))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return ingested


def _check_size(source: Path) -> None:
    size = source.stat().st_size
    if size == 0:
        raise Unreadable("empty_file")
    if size > limits.MAX_FILE_BYTES:
        raise Unreadable("too_large", found=size, limit=limits.MAX_FILE_BYTES)


def _ingest(source: Path, name: str, part: Path, scratch: Path) -> Ingested:
    if _is_parquet(source):
        from . import parquet_source  # pyarrow takes a while to load

        rows = parquet_source.write_canonical(source, part)
        with database.open_parquet(part) as (_, columns):
            return Ingested(rows, columns, "parquet", None)
    prefer = "\t" if name.lower().endswith(".tsv") else ","
    rows, columns, encoding = csv_source.write_canonical(source, part, scratch, prefer=prefer)
    return Ingested(rows, columns, "csv", encoding)


def _is_parquet(source: Path) -> bool:
    with source.open("rb") as stream:
        return stream.read(len(_PARQUET)) == _PARQUET
