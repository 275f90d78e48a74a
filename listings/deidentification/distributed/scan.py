"""Every cell looked at by Spark's workers: each reads some row groups of the file itself and gives back its tallies.

They are the batches, the automaton and the tallies of one machine, so that the sums and the examples are the same. What
comes back are counts, masked examples and, until the column's say, up to 2,000 texts shaped like names.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..database import Column
from ..identifiers import batches, hints
from ..identifiers.columns import Scanner
from ..identifiers.tally import Tally


def scan(session: Any, parquet: Path, columns: list[Column], today: int) -> dict[str, Tally]:
    """The tallies of all columns of a file that the workers see under the same path. `today` as 20250630."""
    parts = _parts(parquet, columns)
    numbers = session.range(0, len(parts), 1, max(1, len(parts)))
    found = numbers.mapInArrow(_worker(parquet, columns, parts, today), "part BIGINT, tallies STRING").collect()
    tallies = {column.name: Tally(frozenset(hints.of(column.name))) for column in columns}
    for row in sorted(found):
        for name, tally in json.loads(row.tallies).items():
            tallies[name].merge(Tally.from_json(tally))
    return tallies


def _parts(parquet: Path, columns: list[Column]) -> list[tuple[int, int]]:
    """(first column, row group) of each part; the row groups of a column in their order."""
    with pq.ParquetFile(parquet) as file:
        groups = range(file.metadata.num_row_groups)
    return [(start, number) for start in range(0, len(columns), batches.COLUMNS_AT_ONCE) for number in groups]


def _worker(
    parquet: Path, columns: list[Column], parts: list[tuple[int, int]], today: int
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on the workers: numbers of parts in, tallies as JSON out."""

    def work(numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in numbers:
            for part in batch.column("id").to_pylist():
                start, number = parts[part]
                found = look(parquet, columns[start : start + batches.COLUMNS_AT_ONCE], number, today)
                yield pa.RecordBatch.from_pydict({"part": [part], "tallies": [json.dumps(found)]})

    return work


def look(parquet: Path, columns: list[Column], row_group: int, today: int) -> dict[str, Any]:
    """The tallies of one row group, as JSON has them."""
    scanner = Scanner(today, columns, parquet.stat().st_size)
    for column, array in batches.of_parquet(parquet, columns, [row_group]):
        scanner.look(column, array)
    scanner.end(columns)
    return {name: tally.to_json() for name, tally in scanner.tallies.items()}
