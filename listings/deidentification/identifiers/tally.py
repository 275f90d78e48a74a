"""What was found in one column, counted; and the column's say on what a cell alone cannot decide."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .found import CHANCE, FIRM, TRIED, Found
from .masks import mask
from .names import is_column_of_names

EXAMPLES = 3
MOST_NAMES = 2000
# how many of the numbers that could be one are one by mere chance
BASE_RATE = {"bank_card": 0.1, "imei": 0.1, "resident_id": 0.015}
_ALPHA = 0.02
_SURELY = 3.1  # standard deviations
_LEAST_SHARE = 0.2
_EXACT = 50
_CODES_SHARE = 0.8  # of the cells of a column of passports
_CODES_FEWEST = 5

_COUNTERS = ("firm", "chance", "tried", "by_name")


@dataclass
class Tally:
    """Cells by kind: `firm` by themselves, `chance` that look like one, `tried` that could have and do not."""

    hinted: frozenset[str] = frozenset()
    cells: int = 0  # that are not null
    firm: Counter[str] = field(default_factory=Counter)
    chance: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    by_name: Counter[str] = field(default_factory=Counter)
    names: dict[str, None] = field(default_factory=dict)  # in the order of the file
    examples: dict[str, set[str]] = field(default_factory=dict)

    def add(self, found: list[Found], cells: int) -> None:
        """`found` in each of `cells` equal cells; a cell counts once for a kind, as what it is most firmly."""
        best: dict[str, Found] = {}
        for each in found:
            if each.kind not in best or each.strength > best[each.kind].strength:
                best[each.kind] = each
        if "resident_id" in best and best["resident_id"].strength == FIRM:
            best.pop("bank_card", None)
        for kind, each in best.items():
            (self.tried, self.chance, self.firm)[each.strength][kind] += cells
            if each.strength > TRIED:
                self.show(kind, each.value)
            if kind == "name" and each.strength == CHANCE:
                self._keep_name(each.value)

    def _keep_name(self, name: str) -> None:
        if len(self.names) < MOST_NAMES:
            self.names[name] = None

    def merge(self, later: "Tally") -> None:
        """Add what was found in a later part of the same column: the same as if one tally had seen both."""
        self.cells += later.cells
        for mine, others in ((self.firm, later.firm), (self.chance, later.chance), (self.tried, later.tried)):
            mine.update(others)
        self.by_name.update(later.by_name)
        for name in later.names:
            self._keep_name(name)
        for kind, masked in later.examples.items():
            self.examples[kind] = set(sorted(self.examples.get(kind, set()) | masked)[:EXAMPLES])

    def to_json(self) -> dict[str, Any]:
        """All that `merge` needs, for another process."""
        return {
            "cells": self.cells,
            "names": list(self.names),
            "examples": {kind: sorted(masked) for kind, masked in self.examples.items()},
            **{name: getattr(self, name) for name in _COUNTERS},
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> "Tally":
        tally = cls(cells=written["cells"], names=dict.fromkeys(written["names"]))
        tally.examples = {kind: set(masked) for kind, masked in written["examples"].items()}
        for name in _COUNTERS:
            setattr(tally, name, Counter(written[name]))
        return tally

    def show(self, kind: str, value: str) -> None:
        """Keep the masked value if it is among the first three in order."""
        kept = self.examples.setdefault(kind, set())
        kept.add(mask(kind, value))
        if len(kept) > EXAMPLES:
            kept.remove(max(kept))

    def kinds(self) -> list[tuple[str, int, str, str]]:
        """(kind, cells, how sure, code of why), in the order in which the kinds are reported."""
        return [(kind, *verdict) for kind in KINDS if (verdict := self._verdict(kind)) is not None and verdict[0]]

    def _verdict(self, kind: str) -> tuple[int, str, str] | None:
        firm, chance, named = self.firm[kind], self.chance[kind], self.by_name[kind]
        accepted = chance if chance and self._accepts(kind) else 0
        cells = min(firm + accepted + named, self.cells)
        if firm:
            return cells, *_FIRM[kind]
        if accepted:
            return cells, "likely" if kind in self.hinted else _CHANCE[kind][0], _CHANCE[kind][1]
        return (cells, "likely", "column_name") if named else None

    def _accepts(self, kind: str) -> bool:
        if kind == "name":
            return is_column_of_names(
                self.names.keys(), shaped=self.chance[kind], cells=self.cells, hinted=kind in self.hinted
            )
        if kind in self.hinted or self.firm[kind]:
            return True
        if kind in BASE_RATE:
            return is_above(self.chance[kind], self.chance[kind] + self.tried[kind], BASE_RATE[kind])
        return self.chance[kind] >= max(_CODES_FEWEST, _CODES_SHARE * self.cells)


def is_above(passed: int, tried: int, rate: float) -> bool:
    """Whether more pass than chance lets pass at `rate`: one in five, and 2 % by the binomial tail."""
    if passed < _LEAST_SHARE * tried:
        return False
    if tried > _EXACT:
        return passed - rate * tried > _SURELY * math.sqrt(rate * (1 - rate) * tried)
    tail = sum(math.comb(tried, n) * rate**n * (1 - rate) ** (tried - n) for n in range(passed, tried + 1))
    return tail <= _ALPHA


_FIRM = {
    "resident_id": ("certain", "check_digit"),
    "travel_permit": ("likely", "format"),
    "passport": ("likely", "format"),
    "mobile": ("likely", "number_plan"),
    "landline": ("likely", "number_plan"),
    "bank_card": ("likely", "words_beside"),
    "uscc": ("certain", "check_digit"),
    "plate": ("likely", "format"),
    "email": ("certain", "format"),
    "ip": ("likely", "format"),
    "mac": ("certain", "format"),
    "imei": ("likely", "words_beside"),
    "wechat": ("likely", "words_beside"),
    "qq": ("likely", "words_beside"),
    "coordinates": ("likely", "precise_pair"),
    "address": ("likely", "house_number"),
    "name": ("likely", "words_beside"),
}
KINDS = tuple(_FIRM)
_CHANCE = {
    "resident_id": ("possible", "above_chance"),
    "bank_card": ("likely", "above_chance"),
    "imei": ("likely", "above_chance"),
    "passport": ("possible", "whole_column"),
    "travel_permit": ("possible", "whole_column"),
    "name": ("likely", "many_names"),
}
