"""The counts behind k, l and t in arrays: one pass over a Parquet file, where few enough different values occur.

Text comes as dictionaries, whole numbers and dates by a table of the values seen, and each row adds one in an array
with an axis for each quasi-identifier and one for the sensitive attribute. What has too many values, fractions or
times is left to the database (`classes`), which gives the same figures.
"""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from . import ahead

_ROWS = 1 << 19  # of a batch
_MOST_CELLS = 1 << 23  # 64 MiB of an array
_MOST_VALUES = 1 << 20  # between the smallest and the largest whole number
_MOST_TEXTS = 1 << 18  # different ones in a column
_MOST_TEXT = 1 << 24  # bytes of a column in a batch, as far as they are written out, and of its different values
_FIRST_DAY = date(1970, 1, 1).toordinal()
Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


class TooMany(Exception):
    """This file is for the database."""


class Coder:
    """Numbers the values of one column in the order of their appearance; 0 is null."""

    def __init__(self, field: pa.Field, bounds: tuple[int, int] | None) -> None:
        self.values: list[Any] = [None]
        self._numbers: dict[Any, int] = {}
        self._bytes = 0
        self._is_text = pa.types.is_string(field.type)
        self._is_date = pa.types.is_date32(field.type)
        self._least = bounds[0] if bounds else 0
        self._table = np.zeros(bounds[1] - bounds[0] + 2 if bounds else 1, dtype=np.int32)

    def codes(self, column: pa.Array) -> Codes:
        if self._is_text:
            known = np.array([0, *self._read(column.dictionary)], dtype=np.int32)
            if column.null_count:
                return known[_filled(column.indices.cast(pa.int32()), -1) + 1]
            return known[1:][_plain_numbers(column.indices.cast(pa.int32()))]
        if self._is_date:
            column = column.cast(pa.int32())
        places = _filled(column.cast(pa.int64()), self._least - 1) - (self._least - 1)
        codes = self._table[places]
        if len(codes) - np.count_nonzero(codes) > column.null_count:  # values that were not there before
            self._learn(places)
            codes = self._table[places]
        return codes

    def _read(self, texts: pa.Array) -> list[int]:
        """Their numbers; a column of many different texts, or of long ones, does not fit in memory."""
        if len(texts) > _MOST_TEXTS or texts.nbytes > _MOST_TEXT:
            raise TooMany
        before = len(self.values)
        numbers = [self._number(text) for text in texts.to_pylist()]
        self._bytes += sum(map(len, self.values[max(1, before) :]))
        if len(self.values) > _MOST_TEXTS or self._bytes > _MOST_TEXT:
            raise TooMany
        return numbers

    def _number(self, value: Any) -> int:
        if value is None:
            return 0
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def _learn(self, places: npt.NDArray[np.int64]) -> None:
        seen = np.zeros(len(self._table), dtype=bool)
        seen[places] = True
        seen[0] = False
        for place in np.flatnonzero(seen & (self._table == 0)):
            self._table[place] = self._number(int(place) + self._least - 1)


def _filled(column: pa.Array, missing: int) -> npt.NDArray[Any]:
    return _plain_numbers(column.fill_null(missing) if column.null_count else column)


def _plain_numbers(column: pa.Array) -> npt.NDArray[Any]:
    """Integers without nulls, as they lie in memory: Arrow's own conversion first loads pandas where there is one."""
    kind = np.int32 if pa.types.is_int32(column.type) else np.int64
    buffer = column.buffers()[1]
    if buffer is None or not len(column):
        return np.zeros(0, dtype=kind)
    return np.frombuffer(buffer, dtype=kind)[column.offset : column.offset + len(column)]


def count(parquet: Path, keys: list[str], sensitive: list[str]) -> tuple[list[Counts], list[list[Any]]] | None:
    """For each sensitive column (or for none, once) the rows of each class by value: classes × values, and the values.

    Without any sensitive column the one array has one value. Null is a value, None. None where the file has too many
    different values, or columns of other types than text, whole numbers, dates and truth values.
    """
    names = [*keys, *sensitive]
    try:
        with pq.ParquetFile(parquet, read_dictionary=names) as source:
            coders = _coders(source, names)
            arrays = [np.zeros((1,) * (len(keys) + 1), dtype=np.int64) for _ in sensitive or [""]]
            for codes in _codes(source, coders):
                _add(codes, coders, keys, sensitive, arrays)
    except (TooMany, pa.ArrowInvalid):
        return None
    flat = [array.reshape(-1, array.shape[-1]) for array in arrays]
    return [array[array.any(axis=1)] for array in flat], [coders[name].values for name in sensitive]


def _coders(source: pq.ParquetFile, names: list[str]) -> dict[str, Coder]:
    schema, metadata = source.schema_arrow, source.metadata
    if len(set(metadata.schema.names)) != len(schema.names):
        raise TooMany
    return {name: Coder(_plain(schema.field(name)), _bounds(schema, metadata, name)) for name in names}


def _plain(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _bounds(schema: pa.Schema, metadata: pq.FileMetaData, name: str) -> tuple[int, int] | None:
    """The smallest and the largest whole number, as the file's statistics have them; None for text."""
    kind, place = _plain(schema.field(name)).type, schema.get_field_index(name)
    if pa.types.is_string(kind):
        groups = [metadata.row_group(group).column(place) for group in range(metadata.num_row_groups)]
        written = sum(group.total_uncompressed_size for group in groups)
        if written * min(1, _ROWS / max(1, metadata.num_rows)) > _MOST_TEXT:
            raise TooMany
        return None
    if not (pa.types.is_integer(kind) or pa.types.is_date32(kind) or pa.types.is_boolean(kind)):
        raise TooMany
    ends: list[int] = []
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        if statistics is None or (not statistics.has_min_max and statistics.num_values):
            raise TooMany
        if statistics.has_min_max:
            ends += map(_number_of, (statistics.min, statistics.max))
    if ends and max(ends) - min(ends) > _MOST_VALUES:
        raise TooMany
    return (min(ends), max(ends)) if ends else (0, 0)


def _number_of(end: Any) -> int:
    """A whole number, a truth value, or the days of a date since 1970, as Arrow counts them."""
    return end.toordinal() - _FIRST_DAY if isinstance(end, date) else int(end)


def _codes(source: pq.ParquetFile, coders: dict[str, Coder]) -> Iterator[dict[str, Codes]]:
    """The columns as codes, some half a million rows at a time: to count a few would cost as much as to count many."""
    pending: list[list[Codes]] = []
    rows = 0
    for batch in ahead.iterate(source.iter_batches(batch_size=_ROWS, columns=list(coders))):
        pending.append([coder.codes(batch.column(name)) for name, coder in coders.items()] or [_nothing(batch)])
        rows += batch.num_rows
        if rows >= _ROWS:
            yield _joined(coders, pending)
            pending, rows = [], 0
    if pending:
        yield _joined(coders, pending)


def _nothing(batch: pa.RecordBatch) -> Codes:
    return np.zeros(batch.num_rows, dtype=np.int32)


def _joined(coders: dict[str, Coder], pending: list[list[Codes]]) -> dict[str, Codes]:
    columns = (np.concatenate(parts) for parts in zip(*pending, strict=True))
    return dict(zip(coders or [""], columns, strict=True))


def _add(
    codes: dict[str, Codes], coders: dict[str, Coder], keys: list[str], sensitive: list[str], arrays: list[Counts]
) -> None:
    shape = [len(coders[name].values) for name in keys]
    sizes = [math.prod([*shape, len(coders[name].values) if name else 1]) for name in sensitive or [""]]
    if max(sizes) > _MOST_CELLS:
        raise TooMany
    classes = np.zeros(len(next(iter(codes.values()))), dtype=np.int32)
    for name, size in zip(keys, shape, strict=True):
        classes *= size
        classes += codes[name]
    for number, name in enumerate(sensitive or [""]):
        full = (*shape, len(coders[name].values) if name else 1)
        new = np.bincount(classes * np.int32(full[-1]) + codes[name] if name else classes, minlength=sizes[number])
        new = new.reshape(full)
        new[tuple(slice(size) for size in arrays[number].shape)] += arrays[number]
        arrays[number] = new
