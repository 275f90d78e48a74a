"""How a resident ID and a mobile number are recognised, as DuckDB macros over the text of a cell.

A cell is made plain (full-width digits, odd dashes and spaces, no fractions, no digests) and every group of
digits is wrapped: `tel. 138-0013 8000` becomes `tel. <138>-<0013> <8000>`. So patterns see where digits begin
and end, which RE2 without look-around could not say otherwise. A kind is a pattern over wrapped text, a check
rule over what is left of a match when only digits and X are kept, and a mask.
"""

from dataclasses import dataclass
from datetime import date

from .database import Connection

_DIGITS = "０１２３４５６７８９"
_SPACES = "\u00a0\u2002\u2003\u2009\u202f\u3000"
_DASHES = "‐‑‒–—―−－﹣"
_ODD = _DIGITS + _SPACES + _DASHES + "．Ｘｘx_<>"
_PLAIN = "0123456789" + " " * len(_SPACES) + "-" * len(_DASHES) + ".XXX///"

# a digit with ten more, at most one space or dash between two: nothing shorter can be an identifier
LIKELY = rf"[0-9{_DIGITS}](?:[ {_SPACES}{_DASHES}-]?[0-9{_DIGITS}]){{10}}"

# digests and UUIDs: a hexadecimal string holds eleven digits in a row too often to mean anything
_DIGEST = "|".join(f"[0-9A-Fa-f]{{{length}}}" for length in (128, 96, 64, 56, 48, 40, 32, 24, 16))
_UUID = "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"

_GAP = ">[ -]<"
# so many numbers in a row are a series (pixels, readings), in which no number is split over several
_SERIES = "(?:<[0-9]+>[ -]){11,}<[0-9]+>"
# nobody splits a number into more than five parts, unless digit by digit
AT_MOST_FOUR_GAPS = "[^ -]*(?:[ -][^ -]*){0,4}"

# provinces of GB/T 2260; 81–83: residence permits of Hong Kong, Macau and Taiwan; 91–96: foreigners' cards
_PROVINCES = ("1[1-5]", "2[1-3]", "3[1-7]", "4[1-6]", "5[0-4]", "6[1-5]", "71", "8[1-3]", "9[1-6]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_SUM = " + ".join(f"{weight} * (ascii(s[{place}]) - 48)" for place, weight in enumerate(_WEIGHTS, start=1))


@dataclass(frozen=True)
class Kind:
    """A kind of identifier: pattern over wrapped text, SQL of `s` that accepts a match, SQL that masks it."""

    name: str
    pattern: str
    accepts: str
    mask: str


def _resident_id_pattern() -> str:
    """17 digits and a check character, with or without gaps: so much of the date that few others fit."""
    gap = f"(?:{_GAP})?"
    province = "|".join(f"{each[0]}{gap}{each[1:]}" for each in _PROVINCES)
    century, month = f"(?:1{gap}9|2{gap}0)", f"(?:0{gap}[1-9]|1{gap}[0-2])"
    places = [f"(?:{province})", *["[0-9]"] * 4, century, *["[0-9]"] * 2, month, "[0-3]", *["[0-9]"] * 4]
    return f"<{gap.join(places)}(?:{gap}[0-9]>|>[ -]?X)"


def _mobile_pattern() -> str:
    """11 digits in one piece, in two of at least two digits, or in three of at least three."""
    splits = [(11,), *((first, 11 - first) for first in range(2, 10))]
    splits += [(a, b, 11 - a - b) for a in range(3, 6) for b in range(3, 9 - a)]
    pieces = (_GAP.join(_digits(length) for length in split) for split in splits)
    numbers = "|".join(f"1[3-9]{each.removeprefix('[0-9][0-9]')}" for each in pieces)
    return f"<(?:(?:00)?86(?:{_GAP})?)?(?:{numbers})>"


def _digits(count: int) -> str:
    return "[0-9]" * count


KINDS = (
    Kind("resident_id", _resident_id_pattern(), "is_resident_id(s)", "s[1:2] || repeat('*', 15) || s[18:18]"),
    Kind("mobile", _mobile_pattern(), "true", "s[-11:-9] || '******' || s[-2:]"),
)


def define(connection: Connection, *, today: date) -> None:
    """Create the macros `wrapped(cell)`, `compact(match)` and `is_resident_id(s)` on the connection.

    A resident ID (GB 11643) has 18 places, a province, a real birth date from 1900 to `today` and the MOD
    11-2 check digit. A mobile number has 11 digits, 1 and then 3–9 first, +86, 0086 or 86 before it or not.
    """
    for statement in (*_TEXT, _resident_id(today)):
        connection.execute(statement)


_TEXT = (
    f"CREATE TEMP MACRO plain_ascii(cell) AS translate(cell, '{_ODD}', '{_PLAIN}')",
    # 13812345678.0 is a whole number that a spreadsheet wrote; in 119.13812345678 the digits are a fraction
    (
        r"CREATE TEMP MACRO without_fractions(cell) AS regexp_replace(regexp_replace(cell, "
        r"'([0-9])\.0+($|[^0-9.])', '\1\2', 'g'), '[0-9]+(?:\.[0-9]+)+', '#', 'g')"
    ),
    (
        "CREATE TEMP MACRO without_digests(cell) AS "
        rf"regexp_replace(cell, '\b(?:{_UUID}|{_DIGEST})\b', '#', 'g')"
    ),
    r"CREATE TEMP MACRO wrap(cell) AS regexp_replace(cell, '([0-9]+)', '<\1>', 'g')",
    "CREATE TEMP MACRO compact(match) AS regexp_replace(match, '[^0-9X]', '', 'g')",
    # digits written one by one, of which any eleven would look like a number, are judged as one piece
    (
        "CREATE TEMP MACRO spelled(text) AS wrap(array_to_string(list_transform("
        "regexp_extract_all(text, '<[0-9]>(?:[ -]<[0-9]>){10,}X?'), lambda number: compact(number)), '#'))"
    ),
    (
        f"CREATE TEMP MACRO without_series(text) AS regexp_replace(text, '{_SERIES}', '#', 'g') || '#' || "
        f"translate(array_to_string(regexp_extract_all(text, '{_SERIES}'), '#'), ' -', '##')"
    ),
    (
        "CREATE TEMP MACRO wrapped(cell) AS list_transform("
        "[wrap(without_digests(without_fractions(plain_ascii(cell))))], "
        "lambda text: without_series(text) || '#' || spelled(text))[1]"
    ),
)


def _resident_id(today: date) -> str:
    return (
        "CREATE TEMP MACRO is_resident_id(s) AS "
        f"try_strptime(s[7:14], '%Y%m%d') BETWEEN DATE '1900-01-01' AND DATE '{today.isoformat()}' "
        f"AND substr('10X98765432', ({_CHECK_SUM}) % 11 + 1, 1) = s[18]"
    )
