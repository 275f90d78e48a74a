"""The names of the columns: read from a CSV, and checked whatever the format."""

import csv
import io
import unicodedata
from pathlib import Path

from . import limits
from .reasons import Unreadable, shown

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def read_header(text: Path, *, prefer: str = ",") -> tuple[list[str], str]:
    """Names (stripped, checked) and delimiter of a UTF-8 CSV.

    The delimiter is `prefer`, unless only another one of `,`, `;` and tab splits the first line.
    """
    with text.open(encoding="utf-8", newline="") as stream:
        start = stream.read(limits.MAX_LINE_BYTES)
    if not start.strip():
        raise Unreadable("empty_file")
    for delimiter in dict.fromkeys([prefer, ",", ";", "\t"]):
        names = _first_record(start, delimiter)
        if len(names) > 1:
            return check_names(names), delimiter
    return check_names(_first_record(start, prefer)), prefer


def _first_record(start: str, delimiter: str) -> list[str]:
    previous = csv.field_size_limit(limits.MAX_CELL_BYTES)
    try:
        for record in csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True):
            if record:
                return record
    except csv.Error:
        raise Unreadable("bad_quotes", line=1) from None
    finally:
        csv.field_size_limit(previous)
    raise Unreadable("empty_file")


def check_names(names: list[str]) -> list[str]:
    """The names stripped; Unreadable where one is missing, repeated in any case, too long or invisible."""
    if not names:
        raise Unreadable("no_columns")
    if len(names) > limits.MAX_COLUMNS:
        raise Unreadable("too_many_columns", found=len(names), limit=limits.MAX_COLUMNS)
    stripped = [name.strip() for name in names]
    seen: dict[str, int] = {}
    for position, name in enumerate(stripped, start=1):
        _check_name(name, position)
        first = seen.setdefault(name.lower(), position)  # DuckDB's names know no case
        if first != position:
            raise Unreadable("duplicate_column", name=shown(name), first=first, position=position)
    return stripped


def is_invisible(text: str) -> bool:
    """Whether something in it is not seen where it is shown, or turns the order of what is."""
    return any(unicodedata.category(character) in _INVISIBLE for character in text)


def _check_name(name: str, position: int) -> None:
    if not name:
        raise Unreadable("unnamed_column", position=position)
    if len(name) > limits.MAX_NAME_CHARACTERS:
        raise Unreadable("long_column_name", position=position, limit=limits.MAX_NAME_CHARACTERS)
    if is_invisible(name):
        raise Unreadable("control_in_column_name", position=position)
