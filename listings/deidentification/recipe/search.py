"""The node of least loss in the lattice of generalisation levels (full-domain generalisation with suppression).

A node is a level for each column. Loss is the mean of the columns' non-uniform entropy, where a record that is taken
out counts as if every cell of it were at the top. Exact by three facts: the loss of generalisation alone never falls
on the way up and never exceeds the whole loss, so that nodes are looked at in its order until it reaches the best
found; the records in classes under k or l never grow in number on the way up, so that a node that takes out too many
rules out all below it; and a way up is halved to find such nodes where they rule out most (as Flash does, Kohlmayer
et al. 2012; Incognito, LeFevre et al. 2005). Distances (t) follow no such order: they are asked of each node.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from operator import gt, le

import numpy as np
from numpy.typing import NDArray

from . import frequencies as counting
from . import kernels
from .frequencies import Entries, Frequencies

Node = tuple[int, ...]
WORK = 900_000_000  # combinations looked at before the search ends with the best it has
_BEST = 3
_SHRINKS = 2  # counts that are smaller by this factor are kept to start from
_POOL = 6_000_000  # what all counts that are kept beside the base may hold
_CHECK_BASE = 8  # nodes looked at between two looks at whether all that is left lies higher up


@dataclass(frozen=True)
class Target:
    """What a file has to reach: `l` and `t` of every sensitive column, `suppression` the share of rows at most."""

    k: int
    l: int = 1  # noqa: E741  the measure's own name
    t: float = 1.0
    suppression: float = 0.02


@dataclass(frozen=True)
class Outcome:
    """What a node comes to. `too_small` are rows in classes under k or l, `removed` all that are taken out."""

    node: Node
    reaches: bool
    loss: float
    too_small: int
    removed: int
    classes: int
    discernibility: int


@dataclass(frozen=True)
class Found:
    """The best nodes, best first; `exact` unless the work was too much, and `looked_at` of `nodes`."""

    best: list[Outcome]
    highest: Outcome
    nodes: int
    looked_at: int
    exact: bool


class Lattice:
    """The nodes of a file's ladders, what is known of them, and how to learn more."""

    def __init__(self, frequencies: Frequencies, target: Target, tops: Node | None = None) -> None:
        self.frequencies, self.target = frequencies, target
        self.tops = tops or tuple(len(climb.maps) - 1 for climb in frequencies.climbs)
        self.allowed = int(target.suppression * frequencies.total)
        shape = tuple(top + 1 for top in self.tops)
        self.dead = np.zeros(shape, dtype=bool)
        self.known: dict[Node, Outcome] = {}
        self.best: list[Outcome] = []
        self.least = self._least(shape)
        self.base: Node = (0,) * len(shape)
        self.pool = {self.base: frequencies}
        self.work = 0

    def _least(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Of every node the loss of generalisation alone."""
        least = np.zeros(shape)
        for axis, (climb, size) in enumerate(zip(self.frequencies.climbs, shape, strict=True)):
            along = [1] * len(shape)
            along[axis] = size
            least = least + np.reshape(climb.losses[:size], along)
        return least / max(len(shape), 1)

    def look(self, node: Node) -> Outcome:
        """What the node comes to; a node that takes out too many rules out all below it."""
        if node not in self.known:
            outcome = self._measure(node)
            self.known[node] = outcome
            if outcome.reaches:
                self.best = sorted([*self.best, outcome], key=lambda each: (each.loss, each.node))[:_BEST]
            if outcome.too_small > self.allowed:
                self.dead[tuple(slice(0, level + 1) for level in node)] = True
        return self.known[node]

    def _measure(self, node: Node) -> Outcome:
        counts = self._nearest(node)
        self.work += counts.bulk
        above, ids, classes = counting.above(counts, node)
        if classes * _SHRINKS <= counts.rows.size and self._pooled(counts.bulk * classes // counts.rows.size) <= _POOL:
            self.pool[node] = counting.raised(counts, node, above, ids, classes)
        rows = kernels.add_up(ids, counts.rows, classes)
        sizes = kernels.count_sizes(ids, *_fields(counts.sizes), classes)[0] if counts.has_subject else rows
        kept = sizes >= self.target.k
        if counts.total - int(rows[kept].sum()) > self.allowed:
            return self._too_small(node, rows, kept)
        held = [kernels.count_sizes(ids, *_fields(each), classes) for each in counts.sensitive]
        for _, distinct in held:
            kept &= distinct >= self.target.l
        too_small = counts.total - int(rows[kept].sum())
        if too_small > self.allowed:
            return self._too_small(node, rows, kept)
        if self.target.t < 1:
            self._remove_far(counts, ids, kept, [sizes for sizes, _ in held])
        removed = counts.total - int(rows[kept].sum())
        return Outcome(
            node,
            removed <= self.allowed and bool(kept.any()),
            round(float(self.least[node]) + self._taken(counts, node, above, kept[ids]), 12),
            too_small,
            removed,
            int(kept.sum()),
            int((rows[kept] ** 2).sum()) + removed * counts.total,
        )

    def _too_small(self, node: Node, rows: NDArray[np.int64], kept: NDArray[np.bool_]) -> Outcome:
        removed = self.frequencies.total - int(rows[kept].sum())
        return Outcome(node, False, 1.0, removed, removed, int(kept.sum()), 0)

    def _remove_far(
        self, counts: Frequencies, ids: counting.Ints, kept: NDArray[np.bool_], sizes: list[NDArray[np.int64]]
    ) -> None:
        """Take classes out of `kept` as `groups.keep_classes` does."""
        again = True
        while again:
            again = False
            for entries, held in zip(counts.sensitive, sizes, strict=True):
                q = kernels.share_values(ids, *_fields(entries), kept, entries.values)
                measure = kernels.ordered_distances if entries.ordered else kernels.equal_distances
                far = kept & (np.round(measure(ids, *_fields(entries), held, q), 9) > self.target.t)
                kept &= ~far
                again = again or bool(far.any())

    def _taken(self, counts: Frequencies, node: Node, above: list[counting.Ints], kept: NDArray[np.bool_]) -> float:
        """What the records that are taken out lose beyond their generalisation."""
        if kept.all():
            return 0.0
        out = ~kept
        rows = counts.rows[out]
        lost = sum(
            float((rows * climb.left[level][code[out]]).sum())
            for climb, level, code in zip(counts.climbs, node, above, strict=True)
        )
        return lost / max(len(node), 1)

    def raise_base(self) -> None:
        """Count anew at the lowest levels that are still possible."""
        axes = range(self.dead.ndim)
        alive = [~self.dead.all(axis=tuple(other for other in axes if other != axis)) for axis in axes]
        base = tuple(int(np.argmax(each)) if each.any() else top for each, top in zip(alive, self.tops, strict=True))
        if base != self.base:
            counts = self._nearest(base)
            lifted = counting.raised(counts, base, *counting.above(counts, base))
            still = {node: each for node, each in self.pool.items() if any(map(gt, node, base))}
            self.pool, self.base = {base: lifted, **still}, base

    def _pooled(self, more: int) -> int:
        return more + sum(each.bulk for node, each in self.pool.items() if node != self.base)

    def _nearest(self, node: Node) -> Frequencies:
        """The smallest counts at or below `node`."""
        below = (each for levels, each in self.pool.items() if all(map(le, levels, node)))
        return min(below, key=lambda each: each.rows.size)

    def way_up(self, node: Node) -> list[Node]:
        """From `node` to the top, each time by the column that loses least."""
        way = [node]
        while node != self.tops:
            ups = [
                (*node[:axis], level + 1, *node[axis + 1 :])
                for axis, level in enumerate(node)
                if level < self.tops[axis]
            ]
            node = min(ups, key=lambda each: (float(self.least[each]), each))
            way.append(node)
        return way


def _fields(entries: Entries) -> tuple[NDArray, ...]:
    return entries.combination, entries.value, entries.subject, entries.weight


def search(frequencies: Frequencies, target: Target, tops: Node | None = None, work: int = WORK) -> Found:
    """The three nodes of least loss that reach the target; none where even the highest does not."""
    lattice = Lattice(frequencies, target, tops)
    highest = lattice.look(lattice.tops)
    if not lattice.dead[lattice.tops]:
        _rule_out_alone(lattice)
        lattice.raise_base()
    exact = True
    for count, node in enumerate(_in_order(lattice)):
        if lattice.work > work:
            exact = False
            break
        if count % _CHECK_BASE == 0:
            lattice.raise_base()
        _halve(lattice, node)
    return Found(lattice.best, highest, lattice.dead.size, len(lattice.known), exact)


def _rule_out_alone(lattice: Lattice) -> None:
    """Levels at which a column takes out too many even when all others are at the top."""
    for axis in range(len(lattice.tops)):
        for level in range(lattice.tops[axis] - 1, -1, -1):
            node = (*lattice.tops[:axis], level, *lattice.tops[axis + 1 :])
            lattice.look(node)
            if lattice.dead[node]:
                break


def _in_order(lattice: Lattice) -> Iterator[Node]:
    """The nodes that are still possible and not yet known, least loss of generalisation first."""
    flat = np.argsort(lattice.least, axis=None, kind="stable")
    for node in zip(*(axis.tolist() for axis in np.unravel_index(flat, lattice.least.shape)), strict=True):
        if len(lattice.best) == _BEST and lattice.least[node] > lattice.best[-1].loss:
            return
        if not lattice.dead[node] and node not in lattice.known:
            yield node


def _halve(lattice: Lattice, node: Node) -> None:
    """Look along a way up from `node` for the place below which too many are taken out."""
    way = lattice.way_up(node)
    low, high = 0, len(way) - 1
    while low < high:
        middle = (low + high) // 2
        if not lattice.dead[way[middle]]:
            lattice.look(way[middle])
        if lattice.dead[way[middle]]:
            low = middle + 1
        else:
            high = middle
    if not lattice.dead[way[low]]:
        lattice.look(way[low])


def search_all(frequencies: Frequencies, target: Target) -> list[Outcome]:
    """Every node, best first: the judge of `search` in the tests and the bench."""
    lattice = Lattice(frequencies, target)
    found = [lattice.look(node) for node in product(*(range(top + 1) for top in lattice.tops))]
    return sorted((each for each in found if each.reaches), key=lambda each: (each.loss, each.node))
