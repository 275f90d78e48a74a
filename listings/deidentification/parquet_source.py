"""A Parquet file from a stranger: the metadata is checked first, and nothing it claims is believed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import limits
from .header import check_names
from .reasons import Unreadable, shown

_BATCH_ROWS = 8_192


def write_canonical(source: Path, target: Path) -> int:
    """Write `source` with plain types and without its metadata to `target`; the number of rows.

    Times with a zone become UTC without one; times of day and unsigned 64-bit numbers become text.
    Unreadable: broken_parquet, no_rows, too_many_rows, inflates_too_large, unsupported_type, cell_too_long,
    binary and what `check_names` raises.
    """
    try:
        with pq.ParquetFile(source) as parquet:
            _check_metadata(parquet.metadata)
            return _rewrite(parquet, _plain_schema(parquet.schema_arrow), target)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise Unreadable("broken_parquet") from None


def _check_metadata(metadata: pq.FileMetaData) -> None:
    if metadata.num_columns > limits.MAX_COLUMNS:
        raise Unreadable("too_many_columns", found=metadata.num_columns, limit=limits.MAX_COLUMNS)
    if metadata.num_rows == 0:
        raise Unreadable("no_rows")
    if metadata.num_rows > limits.MAX_ROWS:
        raise Unreadable("too_many_rows", found=metadata.num_rows, limit=limits.MAX_ROWS)
    inflated = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if inflated > limits.MAX_INFLATED_BYTES:
        raise Unreadable("inflates_too_large", limit=limits.MAX_INFLATED_BYTES)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    names = check_names(schema.names)
    return pa.schema([pa.field(name, _plain_type(name, field.type)) for name, field in zip(names, schema, strict=True)])


def _plain_type(name: str, given: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_dictionary(given):
        return _plain_type(name, given.value_type)
    if types.is_boolean(given) or types.is_float32(given) or types.is_float64(given) or types.is_decimal128(given):
        return given
    if types.is_float16(given):
        return pa.float32()
    if types.is_decimal32(given) or types.is_decimal64(given):
        return pa.decimal128(given.precision, given.scale)
    if types.is_integer(given) and not types.is_uint64(given):
        return pa.int64()
    if types.is_date(given):
        return pa.date32()
    if types.is_timestamp(given):
        return pa.timestamp(given.unit)
    if _becomes_text(given):
        return pa.string()
    raise Unreadable("unsupported_type", column=shown(name), type=str(given)[:40])


def _becomes_text(given: pa.DataType) -> bool:
    types = pa.types
    tests = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_null,
        types.is_time,
        types.is_uint64,
    )
    return any(test(given) for test in tests)


def _rewrite(parquet: pq.ParquetFile, schema: pa.Schema, target: Path) -> int:
    rows = inflated = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in parquet.iter_batches(batch_size=_BATCH_ROWS):
            batch.validate(full=True)
            inflated += batch.nbytes
            if inflated > limits.MAX_INFLATED_BYTES:
                raise Unreadable("inflates_too_large", limit=limits.MAX_INFLATED_BYTES)
            arrays = [_plain(array, field) for array, field in zip(batch.columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            rows += batch.num_rows
    if rows != parquet.metadata.num_rows:
        raise Unreadable("broken_parquet")
    return rows


def _plain(array: pa.Array, field: pa.Field) -> pa.Array:
    plain = array.cast(field.type)
    if pa.types.is_string(field.type):
        if (pc.max(pc.binary_length(plain)).as_py() or 0) > limits.MAX_CELL_BYTES:
            raise Unreadable("cell_too_long", limit=limits.MAX_CELL_BYTES, place=shown(field.name))
        if pc.any(pc.match_substring(plain, "\0")).as_py():
            raise Unreadable("binary")
    return plain
