"""Drawing a sample of grants that anybody can draw again: stratified, by a seed, whatever the order of the rows.

Each grant's place comes from the hash of the seed and its key, divided by its weight (Efraimidis and Spirakis, 2006):
with equal weights every sample of a stratum is as likely as any other; twice the weight, twice as soon.
"""

import json
import math
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple


class Unit(NamedTuple):
    """One grant of the frame: its key, its stratum, its weight (above 0), and the figures behind it."""

    grant: int
    stratum: str
    weight: float = 1.0
    figures: Mapping[str, float] = {}


def place(seed: str, unit: Unit) -> float:
    """The smaller, the sooner drawn."""
    drawn = int.from_bytes(sha256(f"{seed}:{unit.grant}".encode()).digest()[:8])
    return -math.log((drawn + 1) / (2**64 + 1)) / unit.weight


def allocate(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum: one each where `size` allows it, the rest in proportion, never more than there are.

    The numbers add up to `size`, or to everything where there is less. A tie goes to the stratum first by name.
    """
    total = sum(sizes.values())
    size = min(size, total)
    names = sorted(name for name, there in sizes.items() if there)
    given = dict.fromkeys(names, 1 if size >= len(names) else 0)
    while (left := size - sum(given.values())) > 0:
        open_ones = [name for name in names if given[name] < sizes[name]]
        owed = {name: sizes[name] * size / total - given[name] for name in open_ones}
        for name in sorted(open_ones, key=lambda name: (-owed[name], name))[: max(1, min(left, len(open_ones) // 2))]:
            given[name] += 1
    return given


def draw(frame: Iterable[Unit], size: int, seed: str) -> list[Unit]:
    """The sample, by stratum and place. The same seed and frame give the same, in whatever order the frame comes."""
    strata: dict[str, list[Unit]] = {}
    for unit in frame:
        strata.setdefault(unit.stratum, []).append(unit)
    shares = allocate({name: len(units) for name, units in strata.items()}, size)
    return [
        unit
        for name in sorted(shares)
        for unit in sorted(strata[name], key=lambda unit: (place(seed, unit), unit.grant))[: shares[name]]
    ]


def fingerprint(frame: Iterable[Unit]) -> str:
    """SHA-256 of the frame, the same for every order of its rows."""
    rows = sorted([unit.grant, unit.stratum, unit.weight, dict(unit.figures)] for unit in frame)
    return sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
