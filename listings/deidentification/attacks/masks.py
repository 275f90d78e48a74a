"""What a mask leaves open, and parts of identifiers that stand in several columns of one row."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

from .. import database
from ..database import Connection
from . import encodings
from .digests import matrix

_ROWS = 2_000
_FEWEST = 20
_FAILS, _WARNS = 100, 10_000  # so few possible numbers for a value
_MASKED = re.compile(r"([0-9]+)([*]+|#+|＊+|[xX]{2,})([0-9]*[0-9Xx])?")
_WIDTHS = {11: "mobile", 18: "resident_id"}


@dataclass(frozen=True)
class Part:
    """`column` is a part of an identifier of `kind`; `other` has the rest, or `possible` numbers are left."""

    column: str
    other: str
    kind: str
    code: str
    level: str
    possible: int = 0


@dataclass(frozen=True)
class Looks:
    """Of a column: the digits that its mask shows, hides and shows again, or of how many digits all values are."""

    shape: tuple[int, int, int] | None
    width: int


def look(values: list[str]) -> Looks:
    """How the different values of a column look."""
    return Looks(_mask(values), _fixed_digits(values))


def find(connection: Connection, relation: str, columns: Mapping[str, Looks]) -> list[Part]:
    """The parts found among these columns."""
    masked = {name: looks.shape for name, looks in columns.items() if looks.shape}
    digits = {name: looks.width for name, looks in columns.items() if looks.width}
    found = {}
    for name, shape in masked.items():
        found[name] = _beside(connection, relation, name, shape, digits) or _thin(name, *shape)
    pairs = (pair for pair in permutations(digits, 2) if digits[pair[0]] + digits[pair[1]] in _WIDTHS)
    for one, two in pairs:
        kind = _together(connection, relation, f"{_text(one)} || {_text(two)}")
        if kind and one not in found:
            found[one] = Part(one, two, kind, "parts_restored", "fails")
    return [part for part in found.values() if part]


def _text(column: str) -> str:
    return f"CAST({database.name(column)} AS VARCHAR)"


def _mask(values: list[str]) -> tuple[int, int, int] | None:
    """Digits shown, hidden and shown again, where nearly all values are masked alike."""
    shapes = Counter(
        (len(match[1]), len(match[2]), len(match[3] or "")) for value in values if (match := _MASKED.fullmatch(value))
    )
    if not shapes:
        return None
    shape, count = shapes.most_common(1)[0]
    return shape if count >= 0.95 * len(values) and sum(shape) in _WIDTHS else None


def _fixed_digits(values: list[str]) -> int:
    """The width where all values are so many digits and at least twenty are different; 0 else."""
    widths = {len(value) for value in values}
    if len(widths) > 1 or len(values) < _FEWEST or not all(value.isascii() and value.isdigit() for value in values):
        return 0
    return widths.pop()


def _beside(
    connection: Connection, relation: str, column: str, shape: tuple[int, int, int], digits: dict[str, int]
) -> Part | None:
    """Another column of as many digits as the mask hides, with which identifiers come out.

    The check digit proves a resident ID; of a mobile number nothing proves the middle, so that only warns.
    """
    head, hidden, tail = shape
    for other, width in digits.items():
        if width == hidden:
            shown = f"{_text(column)}[1:{head}] || {_text(other)} || right({_text(column)}, {tail})"
            if kind := _together(connection, relation, shown):
                return Part(column, other, kind, "mask_restored", "fails" if kind == "resident_id" else "warns")
    return None


def _thin(column: str, head: int, hidden: int, tail: int) -> Part | None:
    kind = _WIDTHS[head + hidden + tail]
    possible = 10**hidden
    if kind == "resident_id":
        possible = _possible_ids(head, hidden)
    if possible > _WARNS:
        return None
    level = "fails" if possible <= _FAILS else "warns"
    return Part(column, "", kind, "mask_too_thin", level, possible)


def _possible_ids(head: int, hidden: int) -> int:
    """Hidden places of a birth date have fewer values than digits; where the check digit is shown, a tenth is left."""
    places = range(head, head + hidden)
    month, day = sum(10 <= place < 12 for place in places), sum(12 <= place < 14 for place in places)
    rest = sum(not 10 <= place < 14 and place != 17 for place in places)
    possible = (1, 10, 12)[month] * (1, 10, 31)[day] * 10**rest
    return possible if 17 in places else max(1, possible // 11)


def _together(connection: Connection, relation: str, written: str) -> str:
    """The kind of identifier that different values of an SQL expression are."""
    rows = connection.execute(
        f"SELECT DISTINCT v FROM (SELECT {written} AS v FROM {relation} LIMIT {20 * _ROWS}) "
        f"WHERE v IS NOT NULL ORDER BY hash(v) LIMIT {_ROWS}"
    ).fetchall()
    values = matrix([row[0] for row in rows])
    return encodings.looks_like(values) if values is not None else ""
