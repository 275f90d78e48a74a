"""The inner loops of the search, compiled: classes from codes, and what the classes hold."""

from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# compiled code is kept beside the source where there is a folder: compiling takes longer than most searches
_compiled: Any = numba.njit(nogil=True, cache=Path(__file__).is_file())


@_compiled
def number_keys(keys: Array, space: int) -> tuple[Array, int]:
    """The keys (0 ≤ key < space) renumbered 0, 1, … in the order of their first appearance, and how many there are."""
    ids = np.empty(keys.size, np.int32)
    count = 0
    if space <= 4 * keys.size + 1024:
        seen = np.full(space, -1, np.int32)
        for place in range(keys.size):
            key = keys[place]
            if seen[key] < 0:
                seen[key] = count
                count += 1
            ids[place] = seen[key]
        return ids, count
    room = 1024
    while room < 2 * keys.size:
        room *= 2
    held, numbers, bits = np.full(room, -1, np.int64), np.empty(room, np.int32), np.uint64(room - 1)
    for place in range(keys.size):
        key = keys[place]
        mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
        slot = (mixed ^ (mixed >> np.uint64(29))) & bits
        while held[slot] >= 0 and held[slot] != key:
            slot = (slot + np.uint64(1)) & bits
        if held[slot] < 0:
            held[slot], numbers[slot] = key, count
            count += 1
        ids[place] = numbers[slot]
    return ids, count


@_compiled
def add_up(ids: Array, weight: Array, classes: int) -> Array:
    """The sum of the weights of each class."""
    sums = np.zeros(classes, np.int64)
    for place in range(ids.size):
        sums[ids[place]] += weight[place]
    return sums


@_compiled
def count_sizes(
    ids: Array, combination: Array, value: Array, subject: Array, weight: Array, classes: int
) -> tuple[Array, Array]:
    """Of each class its size (sum over values of distinct subjects) and its number of distinct values."""
    sizes, distinct = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
    last_value, last_subject = np.full(classes, -1, np.int32), np.full(classes, -1, np.int32)
    for place in range(combination.size):
        each = ids[combination[place]]
        if last_value[each] != value[place]:
            distinct[each] += 1
        elif subject[place] >= 0 and last_subject[each] == subject[place]:
            continue
        last_value[each], last_subject[each] = value[place], subject[place]
        sizes[each] += weight[place]
    return sizes, distinct


@_compiled
def share_values(
    ids: Array, combination: Array, value: Array, subject: Array, weight: Array, kept: Array, values: int
) -> Array:
    """How the values are distributed over the kept classes, each subject once for a value."""
    counts = np.zeros(values, np.float64)
    last_value, last_subject = -1, -1
    for place in range(combination.size):
        if not kept[ids[combination[place]]]:
            continue
        if subject[place] >= 0 and last_value == value[place] and last_subject == subject[place]:
            continue
        last_value, last_subject = value[place], subject[place]
        counts[value[place]] += weight[place]
    return counts / max(counts.sum(), 1.0)


@_compiled
def equal_distances(
    ids: Array, combination: Array, value: Array, subject: Array, weight: Array, sizes: Array, q: Array
) -> Array:
    """Of each class half the sum of |p − q|. A class that holds a value outside q is none of ours: see `kept`."""
    classes = sizes.size
    moved, held = np.ones(classes, np.float64), np.zeros(classes, np.int64)
    last_value, last_subject = np.full(classes, -1, np.int32), np.full(classes, -1, np.int32)
    for place in range(combination.size):
        each = ids[combination[place]]
        if last_value[each] != value[place]:
            if last_value[each] >= 0:
                share = q[last_value[each]]
                moved[each] += abs(held[each] / sizes[each] - share) - share
            held[each] = 0
        elif subject[place] >= 0 and last_subject[each] == subject[place]:
            continue
        last_value[each], last_subject[each] = value[place], subject[place]
        held[each] += weight[place]
    for each in range(classes):
        if last_value[each] >= 0:
            share = q[last_value[each]]
            moved[each] += abs(held[each] / sizes[each] - share) - share
    return moved / 2


@_compiled
def _stretch(c: float, a: int, b: int, cumulated: Array, summed: Array) -> float:
    """Sum over ranks a to b of |c − Q|; `summed[i]` is the sum of the first i of the rising `cumulated`."""
    if b < a:
        return 0.0
    low, high = a, b + 1
    while low < high:
        middle = (low + high) // 2
        if cumulated[middle] <= c:
            low = middle + 1
        else:
            high = middle
    below = c * (low - a) - (summed[low] - summed[a])
    return below + (summed[b + 1] - summed[low]) - c * (b + 1 - low)


@_compiled
def ordered_distances(
    ids: Array, combination: Array, value: Array, subject: Array, weight: Array, sizes: Array, q: Array
) -> Array:
    """Of each class the sum of |P − Q| over the ranks of the values in q, divided by their number less one."""
    rank, ranks = np.empty(q.size, np.int64), 0
    for each in range(q.size):
        rank[each] = ranks
        if q[each] > 0:
            ranks += 1
    cumulated, summed = np.zeros(ranks, np.float64), np.zeros(ranks + 1, np.float64)
    total, place_of = 0.0, 0
    for each in range(q.size):
        if q[each] > 0:
            total += q[each]
            cumulated[place_of] = total
            summed[place_of + 1] = summed[place_of] + total
            place_of += 1
    classes = sizes.size
    moved, held = np.zeros(classes, np.float64), np.zeros(classes, np.int64)
    last_value, last_subject = np.full(classes, -1, np.int32), np.full(classes, -1, np.int32)
    for place in range(combination.size):
        each = ids[combination[place]]
        if last_value[each] != value[place]:
            begins = rank[last_value[each]] if last_value[each] >= 0 else 0
            c = held[each] / sizes[each] if sizes[each] else 0.0
            moved[each] += _stretch(c, begins, rank[value[place]] - 1, cumulated, summed)
        elif subject[place] >= 0 and last_subject[each] == subject[place]:
            continue
        last_value[each], last_subject[each] = value[place], subject[place]
        held[each] += weight[place]
    for each in range(classes):
        if last_value[each] >= 0:
            moved[each] += _stretch(1.0, rank[last_value[each]], ranks - 1, cumulated, summed)
    return moved / max(ranks - 1, 1)
