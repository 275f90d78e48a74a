"""Identifiers that were only written differently: another alphabet, backwards, shifted, with a constant added.

Each way back is tried on the sample of a column, two of them one after the other where the first yields text again;
what comes out has to look like an identifier in a way that other numbers do not (see `looks_like`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from . import spaces
from .digests import from_base64, from_hex, matrix, printable

_SAMPLE = 2_000
_FEWEST = 20
_FEWEST_OFFSET = 200
_MOST = 0.98  # of the values must look right: a few are wrong in any file
_PREFIXES, _SECONDS = 12, 4  # so varied are mobile numbers at least; running numbers are not
_STEP, _STEPS = 10**6, 400
_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
_VALID = np.zeros(1000, bool)
_VALID[list(spaces.mobile_prefixes())] = True


@dataclass(frozen=True)
class Written:
    """`method` turns the column back (two joined by +); `kind` is what came out, "" for mere readable text."""

    method: str
    kind: str


def find(texts: Sequence[str]) -> Written | None:
    """How a column of these different values was written, if it hides identifiers or text; None where not."""
    sample = texts[:: -(-len(texts) // _SAMPLE) or 1]
    groups = _by_length(sample)
    if len(sample) < _FEWEST or any(looks_like(group) for group in groups):
        return None
    for method, turned in _ways_back(groups):
        if kind := _kind_of(turned):
            return Written(method, kind)
        if method in ("hex", "base64"):
            for second, again in _ways_back(turned):
                if kind := _kind_of(again):
                    return Written(f"{method}+{second}", kind)
            if _is_text(turned):
                return Written(method, "")
    return _structural(groups, len(texts))


def _by_length(texts: Sequence[str]) -> list[np.ndarray]:
    """The values of each length as uint8[values, bytes], most first; lengths of hardly any value are left out."""
    by_length: dict[int, list[str]] = {}
    for text in texts:
        by_length.setdefault(len(text.encode()), []).append(text)
    groups = sorted(by_length.values(), key=len, reverse=True)[:8]
    if sum(map(len, groups)) < _MOST * len(texts):
        return []
    return [group for group in map(matrix, groups) if group is not None]


def _ways_back(groups: list[np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    for name, way in (("hex", from_hex), ("base64", from_base64)):
        turned = [way(group) for group in groups]
        kept = [group for group in turned if group is not None]
        if groups and len(kept) == len(groups):
            yield name, kept
    yield "reversed", [group[:, ::-1] for group in groups]
    if all(((group >= 48) & (group <= 57)).all() for group in groups):
        for shift in range(1, 10):
            yield "shifted_digits", [(group - 48 + shift) % 10 + 48 for group in groups]
    else:
        yield from _exclusive_or(groups)


def _exclusive_or(groups: list[np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Only the keys that turn every first byte into a digit."""
    if not groups:
        return
    first = np.unique(np.concatenate([group[:, 0] for group in groups]))
    for key in range(1, 256):
        turned = first ^ key
        if ((turned >= 48) & (turned <= 57)).all():
            yield "xor", [group ^ np.uint8(key) for group in groups]


def _kind_of(groups: list[np.ndarray]) -> str:
    kinds = {looks_like(group) for group in groups if len(group) >= _FEWEST}
    return kinds.pop() if len(kinds) == 1 else ""


def looks_like(values: np.ndarray) -> str:
    """The identifier that nearly all values (uint8[values, bytes], all different) are, or ""."""
    if len(values) < _FEWEST:
        return ""
    tests = {11: _mobile, 18: _resident_id, 6: _name, 9: _name}
    test = tests.get(values.shape[1])
    return test(values) if test else _email(values)


def _mobile(values: np.ndarray) -> str:
    if not _digits(values).all():
        return ""
    return "mobile" if _varied(_prefixes(values)) else ""


def _varied(prefixes: np.ndarray) -> bool:
    """Prefixes in use, and as many of them as in a list of real numbers: running numbers have few."""
    right = prefixes[_VALID[prefixes]]
    many = len(np.unique(right)) >= _PREFIXES and len(np.unique(right // 10)) >= _SECONDS
    return bool(len(right) >= _MOST * len(prefixes) and many)


def _prefixes(values: np.ndarray) -> np.ndarray:
    return (values[:, :3].astype(np.int64) - 48) @ np.array((100, 10, 1))


def _digits(values: np.ndarray) -> np.ndarray:
    return (values >= 48) & (values <= 57)


def _resident_id(values: np.ndarray) -> str:
    """The check digit of GB 11643 fits nearly all: one in eleven by chance."""
    if not _digits(values[:, :17]).all():
        return ""
    sums = (values[:, :17].astype(np.int64) - 48) @ _WEIGHTS % 11
    right = _CHECKS[sums] == np.where(values[:, 17] == ord("x"), ord("X"), values[:, 17])
    return "resident_id" if right.mean() >= _MOST else ""


def _name(values: np.ndarray) -> str:
    """Two or three Chinese characters, the first of which is nearly always a common surname of ten or more."""
    if not ((values[:, ::3] >= 0xE4) & (values[:, ::3] <= 0xE9)).all():
        return ""  # no Chinese in UTF-8, seen without decoding
    try:
        texts = [row.tobytes().decode() for row in values]
    except UnicodeDecodeError:
        return ""
    chinese = all(all("\u4e00" <= letter <= "\u9fff" for letter in text) for text in texts)
    first = [text[0] for text in texts]
    common = sum(letter in spaces.surnames() for letter in first)
    return "name" if chinese and common >= 0.8 * len(texts) and len(set(first)) >= 10 else ""


def _email(values: np.ndarray) -> str:
    if not printable(values):
        return ""
    at = (values == ord("@")).sum(axis=1)
    return "email" if (at == 1).mean() >= _MOST else ""


def _is_text(groups: list[np.ndarray]) -> bool:
    """Readable: UTF-8 without control characters, letters among it; digests and numbers are not."""
    try:
        texts = [row.tobytes().decode() for group in groups for row in group]
    except UnicodeDecodeError:
        return False
    return all(text.isprintable() for text in texts) and sum(map(len, texts)) >= 4 * len(texts)


def _structural(groups: list[np.ndarray], known: int) -> Written | None:
    """Mobile numbers told by the gaps between the prefixes in use, whatever was added or swapped."""
    if len(groups) != 1 or not _digits(groups[0]).all() or len(groups[0]) < _FEWEST_OFFSET:
        return None
    if _is_offset(groups[0]):
        return Written("offset", "mobile")
    if groups[0].shape[1] == 11 and _is_substituted(groups[0]):
        return Written("substituted_digits", "mobile")
    return None


def _is_offset(values: np.ndarray) -> bool:
    """Whether one constant makes mobile numbers of all: they spread over 7 thousand million numbers, with gaps."""
    if not 10 <= values.shape[1] <= 14:
        return False
    numbers = (values.astype(np.int64) - 48) @ 10 ** np.arange(values.shape[1], dtype=np.int64)[::-1]
    lowest = 13 * 10**9 - int(numbers.min())
    return any(_all_mobile(numbers + lowest + step * _STEP) for step in range(_STEPS))


def _all_mobile(numbers: np.ndarray) -> bool:
    prefixes = numbers // 10**8
    return bool(((prefixes >= 0) & (prefixes < 1000)).all()) and _varied(prefixes)


def _is_substituted(values: np.ndarray) -> bool:
    """Whether swapping digits makes mobile numbers of all: the pairs behind the first digit are those in use."""
    first = np.unique(values[:, 0])
    pairs = np.unique(_prefixes(values) % 100)
    if len(first) != 1 or not 40 <= len(pairs) <= len(spaces.mobile_prefixes()):
        return False
    one = int(first[0]) - 48
    used = _VALID[100:200].reshape(10, 10)
    seen = np.zeros((10, 10), bool)
    seen[pairs // 10, pairs % 10] = True
    others = [digit for digit in range(10) if digit != one]
    ways = np.array(list(permutations([digit for digit in range(10) if digit != 1])), np.int64)
    images = np.ones((len(ways), 10), np.int64)
    images[:, others] = ways
    high, low = np.nonzero(seen)
    fits = np.ones(len(images), bool)
    for left, right in zip(high, low, strict=True):
        fits &= used[images[:, left], images[:, right]]
    return bool(fits.any())
