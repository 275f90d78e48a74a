"""Does a CSV keep RFC 4180? Python's reader judges, at C speed; DuckDB's forgives much in silence."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import limits
from .reasons import Unreadable


def count_records(text: Path, delimiter: str, expected: int) -> int:
    """The number of data records, each of `expected` fields; Unreadable with the line at fault otherwise.

    Empty lines do not count, unless there is one column only: then each is a null.
    """
    try:
        with _reader(text, delimiter) as reader:
            lengths = Counter(map(len, reader))
    except csv.Error:
        lengths = Counter({-1: 1})
    if lengths.keys() - {0, expected}:
        for _ in records(text, delimiter, expected):
            pass
    return lengths[expected] + (lengths[0] if expected == 1 else 0) - 1


def records(text: Path, delimiter: str, expected: int) -> Iterator[list[str]]:
    """Every record, header included; Unreadable, with its first line, at the first that breaks the rules."""
    line = 1
    try:
        with _reader(text, delimiter) as reader:
            for record in reader:
                if not record and expected == 1:
                    record = [""]
                if record and len(record) != expected:
                    raise Unreadable("ragged", line=line, expected=expected, found=len(record))
                if record:
                    yield record
                line = reader.line_num + 1
    except csv.Error as error:
        raise _fault(str(error), line) from None


@contextmanager
def _reader(text: Path, delimiter: str) -> Iterator:
    previous = csv.field_size_limit(limits.MAX_CELL_BYTES)
    try:
        with text.open(encoding="utf-8", newline="") as stream:
            yield csv.reader(stream, delimiter=delimiter, strict=True)
    finally:
        csv.field_size_limit(previous)


def _fault(message: str, line: int) -> Unreadable:
    if "field limit" in message:
        return Unreadable("cell_too_long", limit=limits.MAX_CELL_BYTES, place=f"line {line}")
    if "unexpected end" in message:
        return Unreadable("open_quote", line=line)
    return Unreadable("bad_quotes", line=line)
