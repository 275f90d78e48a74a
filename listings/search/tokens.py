"""What is looked for: bigrams of Han characters, whole words of everything else. No Django, no dictionary.

A run of n Han characters becomes n tokens, one beginning at each character (the last one alone), so that two or more
characters are found wherever they stand together, and a single one by the beginning of a token. Tokens are written in
ASCII letters and digits only: both databases then cut and compare them alike, whatever their locale or Unicode age.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
CHUNK = re.compile(r"[\"“”]([^\"“”]*)[\"“”]|([^\s\"“”]+)")
MOST_TOKENS = 16_000  # positions that PostgreSQL keeps apart; a longer text is found by its beginning
MOST_OF_A_WORD = 60
GAP = "x"  # never asked for: no phrase reaches from one field into the next


class Term(NamedTuple):
    """Tokens that stand one after the other; of the last one only the beginning is known if `is_open`."""

    tokens: tuple[str, ...]
    is_open: bool


def normal(text: str) -> str:
    """Full-width and half-width, upper and lower case alike."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def runs(text: str) -> list[str]:
    return RUN.findall(normal(text))


def is_han(run: str) -> bool:
    return re.match(f"[{HAN}]", run) is not None


def indexed(*fields: str) -> str:
    """The tokens of some fields, as the index takes them."""
    tokens = [token for field in fields for token in (GAP, *(one for run in runs(field) for one in _grams(run)))]
    return " ".join(tokens[1:MOST_TOKENS])


def terms(query: str) -> list[Term]:
    """Every one of them has to be there. What stands between quotation marks is one term, else what blanks part."""
    found = (_term(runs(quoted or plain)) for quoted, plain in CHUNK.findall(query))
    return [term for term in found if term.tokens]


def _term(found: list[str]) -> Term:
    tokens = [token for run in found for token in _grams(run)]
    ends_in_han = bool(found) and is_han(found[-1])
    if ends_in_han and len(found[-1]) > 1:
        tokens.pop()  # the last character alone would stand for the end of a run
    return Term(tuple(tokens), ends_in_han and len(found[-1]) == 1)


def _grams(run: str) -> Iterator[str]:
    if not is_han(run):
        word = run[:MOST_OF_A_WORD]
        yield f"w{word}" if word.isascii() else "u" + word.encode().hex()
        return
    for position in range(len(run)):
        yield "h" + "".join(f"{ord(character):05x}" for character in run[position : position + 2])
