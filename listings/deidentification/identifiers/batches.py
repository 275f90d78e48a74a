"""A file's columns as Arrow arrays, a few megabytes at a time, dictionaries left as they are."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .. import ahead, database
from ..database import Column, Connection

COLUMNS_AT_ONCE = 40
_MOST_ROWS = 65_536
_FEW_ROWS = 2_048
_BATCH_BYTES = 16 * 1024 * 1024
_BYTES_OF_A_CODE = 4
_SHORTEST = 10**9  # no whole number below it identifies anybody

Batches = Iterator[tuple[Column, pa.Array]]


def of_relation(connection: Connection, relation: str, columns: list[Column]) -> Batches:
    """Of anything that SQL can name."""
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        batch = columns[start : start + COLUMNS_AT_ONCE]
        names = ", ".join(database.name(column.name) for column in batch)
        for rows in connection.sql(f"SELECT {names} FROM {relation}").to_arrow_reader(_FEW_ROWS):
            yield from zip(batch, rows.columns, strict=True)


def of_parquet(file: Path, columns: list[Column], row_groups: Iterable[int] | None = None) -> Batches:
    """Of a canonical Parquet file (or of some of its row groups), several times faster. Whole numbers that are too
    short are not even read."""
    with pq.ParquetFile(file) as plain:
        metadata, places = plain.metadata, {name: place for place, name in enumerate(plain.schema_arrow.names)}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        group = columns[start : start + COLUMNS_AT_ONCE]
        coded = [c.name for c in group if c.type == "text" and _is_coded(metadata, places[c.name])]
        with pq.ParquetFile(file, read_dictionary=coded) as parquet:
            for number in range(metadata.num_row_groups) if row_groups is None else row_groups:
                chosen = [c for c in group if not _is_short(metadata.row_group(number), places[c.name], c)]
                yield from _of_row_group(parquet, number, chosen, places)


def _of_row_group(parquet: pq.ParquetFile, number: int, columns: list[Column], places: dict[str, int]) -> Batches:
    if not columns:
        return
    group = parquet.metadata.row_group(number)
    size = sum(group.column(places[column.name]).total_uncompressed_size for column in columns)
    rows = max(1, min(_MOST_ROWS, _BATCH_BYTES * group.num_rows // max(size, 1)))
    ordered = sorted(columns, key=lambda column: places[column.name])
    names = [column.name for column in ordered]
    for batch in ahead.iterate(parquet.iter_batches(batch_size=rows, row_groups=[number], columns=names)):
        yield from zip(ordered, batch.columns, strict=True)


def _is_coded(metadata: pq.FileMetaData, place: int) -> bool:
    """Whether most values repeat: then the dictionary is read, and each different value is looked at once."""
    for number in range(metadata.num_row_groups):
        chunk = metadata.row_group(number).column(place)
        if not any("DICTIONARY" in encoding for encoding in chunk.encodings):
            return False
        if chunk.total_uncompressed_size > _BYTES_OF_A_CODE * chunk.num_values:
            return False
    return True


def _is_short(group: pq.RowGroupMetaData, place: int, column: Column) -> bool:
    if column.type != "integer":
        return False
    facts = group.column(place).statistics
    if facts is None or not facts.has_min_max or not isinstance(facts.min, int):
        return False
    return facts.min > -_SHORTEST and facts.max < _SHORTEST
