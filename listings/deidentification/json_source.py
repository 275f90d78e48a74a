"""JSON lines from a stranger: one flat object a line, into a CSV that is then read like any other."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import csv_source, limits, progress
from .database import Column
from .header import check_names
from .reasons import Unreadable, shown
from .transcode import transcode

_EXACT_DIGITS = 15


class Number(str):
    """A JSON number as it was written: no digit is lost by reading it."""

    @property
    def is_exact(self) -> bool:
        """A double keeps all its digits."""
        digits = re.sub(r"[-.]|[eE].*", "", self).strip("0")
        return len(digits) <= _EXACT_DIGITS and (1e-300 < abs(float(self)) < 1e300 or not digits)


def write_canonical(source: Path, target: Path, scratch: Path) -> tuple[int, list[Column], str]:
    """Write the JSON lines `source` as Parquet; rows, columns, encoding. `scratch`: an empty directory.

    Columns are all names that occur, in the order in which they first do; where a line lacks one, or has null or an
    empty text, the cell is null. Unreadable: bad_json, nested_json, long_line, and what a CSV's columns raise.
    """
    plain, text = scratch / "text.jsonl", scratch / "text.csv"
    progress.report("reading", 5)
    encoding = transcode(source, plain)
    keys, numeric = _survey(plain)
    names = check_names(list(keys))
    with text.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for _, row in _objects(plain):
            writer.writerow([row.get(key) for key in keys])
    of = dict(zip(keys, names, strict=True))
    rows, columns = csv_source.write_text(text, target, scratch, names, ",", [of[key] for key in numeric])
    return rows, columns, encoding


def _survey(plain: Path) -> tuple[list[str], list[str]]:
    """All names, and those under which there are numbers only, some of them with a fraction."""
    keys: dict[str, set[str]] = {}
    for _, row in _objects(plain):
        for key, value in row.items():
            kinds = keys.setdefault(key, set())
            if value not in (None, ""):
                kinds.add(_kind(value))
        if len(keys) > limits.MAX_COLUMNS:
            raise Unreadable("too_many_columns", found=len(keys), limit=limits.MAX_COLUMNS)
    if not keys:
        raise Unreadable("no_columns")
    return list(keys), [key for key, kinds in keys.items() if "fraction" in kinds and kinds <= {"fraction", "whole"}]


def _kind(value: str) -> str:
    if not isinstance(value, Number) or not value.is_exact:
        return "text"
    return "whole" if value.lstrip("-").isdigit() else "fraction"


def _objects(plain: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Each line that is not empty, as number and names with their values."""
    with plain.open(encoding="utf-8", newline="\n") as stream:
        number = 0
        while line := stream.readline(limits.MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > limits.MAX_LINE_BYTES:
                raise Unreadable("long_line", line=number, limit=limits.MAX_LINE_BYTES)
            if line.strip():
                yield number, _flat(line, number)


def _flat(line: str, number: int) -> dict[str, str | None]:
    try:
        pairs = json.loads(
            line, object_pairs_hook=_Pairs, parse_int=Number, parse_float=Number, parse_constant=_no_number
        )
        line.encode()
    except (ValueError, RecursionError):
        raise Unreadable("bad_json", line=number) from None
    if not isinstance(pairs, _Pairs) or len(dict(pairs)) != len(pairs):
        raise Unreadable("bad_json", line=number)
    return {key: _cell(key, value, number) for key, value in pairs}


class _Pairs(list[tuple[str, Any]]):
    """An object with the names that it repeats."""


def _cell(key: str, value: Any, number: int) -> str | None:
    if isinstance(value, list):
        raise Unreadable("nested_json", line=number, column=shown(key))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        _check_text(key + value, number)
    return value


def _check_text(text: str, number: int) -> None:
    if "\0" in text:
        raise Unreadable("binary")
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise Unreadable("bad_json", line=number) from None


def _no_number(word: str) -> Any:
    raise ValueError(word)
