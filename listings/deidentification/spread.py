"""l-diversity and t-closeness of a sensitive attribute from an array of counts, classes × values."""

from typing import Any

import numpy as np
import numpy.typing as npt

_DIGITS = 9


def measure(counts: npt.NDArray[np.int64], values: list[Any], *, ordered: bool) -> dict[str, Any]:
    """The measures that `diversity` and `closeness` take from the database, by the same definitions."""
    sizes = counts.sum(axis=1)
    shares = counts / sizes[:, None]
    whole = counts.sum(axis=0) / sizes.sum()
    least = int((counts > 0).sum(axis=1).min())
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = (-np.where(counts > 0, shares * np.log(shares), 0.0).sum(axis=1)).min()
    sorted_counts = -np.sort(-counts, axis=1)
    c = (sorted_counts[:, 0] / sorted_counts[:, least - 1 :].sum(axis=1)).max()
    equal = float(np.abs(shares - whole).sum(axis=1).max() / 2)
    t = _ordered(shares, whole, values) if ordered else equal
    return {
        "l_distinct": least,
        "l_entropy": round(float(np.exp(max(entropy, 0.0))), _DIGITS),
        "l_recursive": {"l": least, "c": round(float(c), _DIGITS)},
        "t": round(t, _DIGITS),
        "t_equal": round(equal, _DIGITS),
    }


def sizes(counts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The sizes of the classes, smallest first, and how many classes have each."""
    found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] = np.unique(counts.sum(axis=1), return_counts=True)
    return found


def _ordered(shares: npt.NDArray[np.float64], whole: npt.NDArray[np.float64], values: list[Any]) -> float:
    """The earth mover's distance over the ranks of the values that occur, null last."""
    place = sorted(
        (number for number in range(len(values)) if whole[number] > 0),
        key=lambda number: (values[number] is None, values[number] if values[number] is not None else 0),
    )
    if len(place) < 2:
        return 0.0
    moved = np.abs(np.cumsum(shares[:, place] - whole[place], axis=1)).sum(axis=1)
    return float(moved.max() / (len(place) - 1))
