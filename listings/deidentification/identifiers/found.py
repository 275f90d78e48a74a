"""One identifier in one cell, before the column has its say."""

from typing import NamedTuple

FIRM = 2  # by itself
CHANCE = 1  # looks like it, as some numbers do by chance: the column decides
TRIED = 0  # could have looked like it and does not


class Found(NamedTuple):
    """Kind, the identifier itself (never leaves this package unmasked), how firm it is."""

    kind: str
    value: str
    strength: int
