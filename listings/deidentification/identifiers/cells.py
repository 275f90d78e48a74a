"""All identifiers of one cell: the exact patterns, run on the cells that the automaton lets through."""

from collections.abc import Iterator

from . import automaton as a
from . import codes, numbers, words
from . import digits as d
from .found import CHANCE, Found
from .names import is_name_shaped
from .text import plain

_KINDS = (
    (d.RESIDENT_ID, "resident_id"),
    (d.PERMIT, "travel_permit"),
    (d.USCC, "uscc"),
    (d.MOBILE, "mobile"),
    (d.LANDLINE, "landline"),
    (d.CARD, "bank_card"),
    (d.IMEI, "imei"),
    (d.OLD_ID, "resident_id"),
)


def look(cell: str, features: int, today: int) -> Iterator[Found]:
    """What is in the cell, as far as the automaton's `features` allow; `today` as 20250630."""
    if features & a.NAME and is_name_shaped(cell.strip(" ")):
        yield Found("name", cell.strip(" "), CHANCE)
    if features & ~a.NAME:
        yield from _look(plain(cell), features, today)


def _look(text: str, features: int, today: int) -> Iterator[Found]:
    if features & a.NUMBER:
        yield from numbers.look(text, today)
    if features & (a.NUMBER | a.CODE):
        yield from codes.look(text, text.upper())
    if features & (a.NETWORK | a.CONTEXT):
        yield from codes.look_in_networks(text)
    if features & a.CONTEXT:
        yield from words.look(text)
    if features & a.PLACE:
        yield from words.look_for_places(text)
    if features & a.COORDINATES:
        yield from words.look_for_coordinates(text)


def decided(features: int) -> list[tuple[str, bool, bool]]:
    """Kinds of a cell that the automaton decided on: kind, whether it is one, whether the column has a say."""
    bits = features >> a.SHIFT
    kinds = [(kind, True, bit in (d.CARD, d.IMEI, d.OLD_ID)) for bit, kind in _KINDS if bits & bit]
    tried = (
        (d.CARD_TRIED, d.CARD, "bank_card"),
        (d.IMEI_TRIED, d.IMEI, "imei"),
        (d.OLD_ID_TRIED, d.OLD_ID, "resident_id"),
    )
    return kinds + [(kind, False, True) for bit, good, kind in tried if bits & bit and not bits & good]
