"""What the automaton knows of each character of the basic plane."""

import numpy as np

from . import automaton as a
from .codes import PLATE_PROVINCES
from .surnames import COMPOUND, SURNAMES
from .text import DASHES, INVISIBLE, NUMERALS, SPACES

_PAIRS = "微信 姓名 电话 固话 传真 座机 系人 患者 扣扣 企鹅 户主 本人 代表"


def _classes() -> np.ndarray:
    """The class of each character of the basic plane."""
    table = np.zeros(65536, np.uint8)

    def mark(signs: str, kind: int) -> None:
        for sign in signs:
            table[ord(sign)] = kind
            if 0x21 <= ord(sign) < 0x7F:
                table[ord(sign) + 0xFEE0] = kind

    mark("abcdefABCDEF", a.HEX)
    mark("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ", a.LETTER)
    mark("123456789", a.DIGIT)
    mark("0", a.ZERO)
    mark("".join(NUMERALS), a.NUMERAL)
    mark(" -()" + SPACES + DASHES, a.SEPARATOR)
    mark(INVISIBLE, a.NOTHING)
    mark(".", a.DOT)
    mark(":", a.COLON)
    mark("@", a.AT)
    mark("]", a.CLOSE)
    mark(PLATE_PROVINCES, a.PROVINCE)
    mark("号弄之栋幢座室房单户组楼", a.HOUSE)
    mark("十百", a.TENS)
    mark("°", a.DEGREE)
    table[0xFF0E] = a.DOT
    return table


def _followers() -> np.ndarray:
    """Of a word of two characters, the second by the first; 0 where there is none."""
    table = np.zeros(65536, np.uint16)
    for pair in _PAIRS.split():
        table[ord(pair[0])] = ord(pair[1])
    return table


def _heads() -> np.ndarray:
    """1 where a character begins a surname."""
    table = np.zeros(65536, np.uint8)
    for name in SURNAMES | COMPOUND:
        table[ord(name[0])] = 1
    return table


def _lower() -> np.ndarray:
    """A letter in lower case and half width as its ASCII code, else 0."""
    table = np.zeros(65536, np.uint32)
    for code in range(ord("a"), ord("z") + 1):
        for variant in (code, code - 32):
            table[variant] = table[variant + 0xFEE0] = code
    return table


TABLES = (_classes(), _followers(), _lower(), _heads())
