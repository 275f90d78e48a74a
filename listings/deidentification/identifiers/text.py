"""A cell made plain before anybody looks for identifiers in it. Every pattern of this package is linear."""

import re

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
SPACES = "\u00a0\u2002\u2003\u2009\u202f\u3000\t"
DASHES = "‐‑‒–—―−－﹣"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
NUMERALS = dict(zip("〇零一二三四五六七八九幺", "001234567891", strict=True))

_PLAIN = {
    **FULL_WIDTH,
    **dict.fromkeys(map(ord, SPACES), " "),
    **dict.fromkeys(map(ord, DASHES), "-"),
    **dict.fromkeys(map(ord, INVISIBLE), None),
    ord("．"): ".",
}  # fmt: skip
_SPELLED = re.compile(r"[〇零一二三四五六七八九幺](?:[ -]?[〇零一二三四五六七八九幺]){6,}")
_NUMERALS = str.maketrans(NUMERALS)


def plain(cell: str) -> str:
    """Half width, ASCII spaces and dashes, nothing invisible; seven and more Chinese numerals in a row are digits."""
    if cell.isascii():
        return cell.replace("\t", " ")
    text = cell.translate(_PLAIN)
    return _SPELLED.sub(lambda match: f" {match[0].translate(_NUMERALS)} ", text)
