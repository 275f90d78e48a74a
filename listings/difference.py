"""What is said before and after, side by side, with what changed marked sentence by sentence."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from listings.models import Frequency, Product

SENTENCE = re.compile(r"[^。;!?.;!?\n]*[。;!?.;!?\n]*")


class Piece(NamedTuple):
    """Some sentences, and whether the other text lacks them."""

    text: str
    is_changed: bool


class Difference(NamedTuple):
    """One field, its two texts in pieces."""

    label: Any
    before: list[Piece]
    after: list[Piece]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """The fields that differ, in the order of `after`."""
    return [
        Difference(_label(name), *marked(_shown(name, before[name]), _shown(name, after[name])))
        for name in after
        if before[name] != after[name]
    ]


def marked(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; joined again they are what they were."""
    old, new = SENTENCE.findall(before), SENTENCE.findall(after)
    left, right = [], []
    for kind, i, j, k, n in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.append(Piece("".join(old[i:j]), kind != "equal"))
        right.append(Piece("".join(new[k:n]), kind != "equal"))
    return [piece for piece in left if piece.text], [piece for piece in right if piece.text]


def _label(name: str) -> Any:
    return Product._meta.get_field(name).verbose_name  # type: ignore[union-attr]


def _shown(name: str, value: str) -> str:
    return str(dict(Frequency.choices).get(value, value)) if name == "frequency" else value
