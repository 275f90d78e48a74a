"""Identifiers made of digits in a cell's text, also split by spaces and dashes: IDs, telephones, cards, IMEI."""

import re
from collections.abc import Iterator

from . import digits as d
from .found import CHANCE, FIRM, TRIED, Found

MOST_PARTS = 5  # nobody splits a number into more, unless digit by digit
SERIES = 12  # so many numbers in a row are readings, in which no number is split over several

_WHOLE = re.compile(r"(?<![0-9.])([0-9]+)\.0+(?![0-9.])")
_DOTTED = re.compile(r"(?<![0-9])[0-9]+(?:\.[0-9]+)+")
_DIGEST = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
    r"|[0-9A-Fa-f]{128}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{40}"
    r"|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{24}|[0-9A-Fa-f]{16})(?![0-9A-Za-z])"
)
_CODE_OF_DIGITS = re.compile(r"[0-9]+")
_BRACKETED = re.compile(r"[(（](0[0-9]{2,3})[)）] ?(?=[0-9])")
_CHAIN = re.compile(r"[0-9]+(?:[ -][0-9]+)*(?:[ -]?[Xx](?![0-9A-Za-z])|[Xx])?")
_PARTS = re.compile(r"[0-9]+")
_WORDS = {
    "bank_card": re.compile(r"卡|银行|账号|帐号|账户|帐户|card|bank|account", re.I),
    "imei": re.compile(r"imei|串号|设备号", re.I),
    "resident_id": re.compile(r"身份|证件|证号|公民", re.I),
}
_KINDS = (
    (d.RESIDENT_ID, "resident_id", FIRM),
    (d.PERMIT, "travel_permit", FIRM),
    (d.USCC, "uscc", FIRM),
    (d.MOBILE, "mobile", FIRM),
    (d.LANDLINE, "landline", FIRM),
    (d.CARD, "bank_card", CHANCE),
    (d.CARD_TRIED, "bank_card", TRIED),
    (d.IMEI, "imei", CHANCE),
    (d.IMEI_TRIED, "imei", TRIED),
    (d.OLD_ID, "resident_id", CHANCE),
    (d.OLD_ID_TRIED, "resident_id", TRIED),
)


def look(text: str, today: int) -> Iterator[Found]:
    """Every identifier of digits in a plain text. Digests, fractions and versions hold none."""
    reduced = _WHOLE.sub(r"\1,", text)
    reduced = _DOTTED.sub("#", reduced)
    reduced = _DIGEST.sub(_without_letters, reduced)
    reduced = _BRACKETED.sub(r"\1-", reduced)
    for chain in _CHAIN.finditer(reduced):
        yield from _in_chain(chain[0], reduced, today)


def _without_letters(match: re.Match[str]) -> str:
    """A string of digits alone may be a number of sixteen digits as well as a digest."""
    return match[0] if _CODE_OF_DIGITS.fullmatch(match[0]) else "#"


def _in_chain(chain: str, text: str, today: int) -> Iterator[Found]:
    parts = _PARTS.findall(chain)
    if chain[-1] in "Xx":
        parts[-1] += "X"
        if len(parts[-1]) != 18 and len(parts) == 1:
            yield from _whole(parts[0][:-1], text, today)
    if len(parts) >= SERIES:
        for part in parts:
            yield from _whole(part, text, today)
        for spelled in _spelled(parts):
            yield from _whole(spelled, text, today)
        return
    yield from _windows(parts, text, today)


def _spelled(parts: list[str]) -> Iterator[str]:
    """Runs of single digits, of which any eleven would look like a number: judged as one piece."""
    run: list[str] = []
    for part in [*parts, "##"]:
        if len(part.rstrip("X")) == 1:
            run.append(part)
            continue
        if len(run) > MOST_PARTS:
            yield "".join(run)
        run = []


def _windows(parts: list[str], text: str, today: int) -> Iterator[Found]:
    singles = [spelled for spelled in _spelled(parts) if len(spelled) >= 10]
    if singles:
        for each in singles:
            yield from _whole(each, text, today)
        return
    start = 0
    while start < len(parts):
        end, found = _longest(parts, start, text, today)
        yield from found
        start = end


def _longest(parts: list[str], start: int, text: str, today: int) -> tuple[int, list[Found]]:
    """What the longest number beginning at `start` is, and where to go on: the parts of one number are no others."""
    tried: list[Found] = []
    for end in range(min(start + MOST_PARTS, len(parts)), start, -1):
        joined = "".join(parts[start:end])
        number = joined if len(joined) == 18 else joined.rstrip("X")
        found = list(_whole(number, text, today, tuple(len(part) for part in parts[start:end])))
        if any(each.strength > TRIED for each in found):
            return end, found
        tried += found
    return start + 1, tried


def _whole(number: str, text: str, today: int, sizes: tuple[int, ...] = (0,)) -> Iterator[Found]:
    if not 10 <= len(number) <= 19 or "X" in number[:-1]:
        return
    values = [10 if digit == "X" else ord(digit) - 48 for digit in number]
    bits = d.classify(values, len(values), today)
    for bit, kind, strength in _KINDS:
        if bits & bit and (len(sizes) == 1 or _is_usual(bit, sizes)):
            if strength == CHANCE and _WORDS[kind].search(text):
                strength = FIRM
            yield Found(kind, number, strength)


def _is_usual(bit: int, sizes: tuple[int, ...]) -> bool:
    """Whether people split a number like this: a date with a few digits behind it is none."""
    if bit == d.MOBILE:
        sizes = sizes[1:] if sizes[0] in (2, 4) and sum(sizes) > 11 else sizes
        return len(sizes) == 1 or (len(sizes) == 2 and min(sizes) >= 2) or (len(sizes) == 3 and min(sizes) >= 3)
    if bit == d.LANDLINE:
        sizes = sizes[1:] if sum(sizes) > 12 and sizes[0] in (2, 4) else sizes
        return len(sizes) == 1 or (
            2 <= sizes[0] <= 4 and (len(sizes) == 2 or (len(sizes) == 3 and min(sizes[1:]) >= 3))
        )
    if bit in (d.CARD, d.CARD_TRIED):
        return set(sizes[:-1]) in ({4}, {6}, {4, 6}) and len(sizes) <= MOST_PARTS
    if bit in (d.IMEI, d.IMEI_TRIED):
        return sizes[0] in (2, 3, 6, 8) and len(sizes) >= 3
    if bit in (d.OLD_ID, d.OLD_ID_TRIED):
        return sizes[0] == 6
    return True
