"""Two ways timed in turns, and what came out of it: a line for people, an object for machines."""

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Literal

ROUNDS = 7


class Bench:
    """Collects the figures of one run. `goal` is what the ratio ours ÷ other has to be at most, or at least."""

    def __init__(self, scale: str, target: Path, *, fresh: bool = True) -> None:
        self.scale, self.target = scale, target
        if fresh:
            target.write_text("")
        print(f"{'path':8} {'figure':44} {'ours':>12} {'other':>12} {'ratio':>9} {'goal':>9}  holds  against")

    def compare(
        self, path: str, figure: str, ours: Callable[[], Any], other: Callable[[], Any], what_other: str, goal: float,
        *, want: Literal["at most", "at least", "times faster"] = "at most",
    ) -> None:  # fmt: skip
        """Milliseconds of both, each round one after the other; the median of the rounds' ratios counts."""
        ours(), other()  # what is looked up once per process
        mine, theirs = [], []
        for number in range(ROUNDS):
            for way, times in ((ours, mine), (other, theirs))[:: 1 if number % 2 else -1]:
                began = perf_counter()
                way()
                times.append(1000 * (perf_counter() - began))
        ratio = median(a / b for a, b in zip(mine, theirs, strict=True))
        if want != "at most":
            ratio = 1 / ratio
        self.write(path, figure, median(mine), median(theirs), what_other, ratio, goal, least=want != "at most")

    def write(
        self, path: str, figure: str, ours: float, other: float, what_other: str, ratio: float, goal: float, *,
        least: bool = False,
    ) -> None:  # fmt: skip
        holds = ratio >= goal if least else ratio <= goal
        sign = "≥" if least else "≤"
        print(f"{path:8} {figure:44} {ours:12.3f} {other:12.3f} {ratio:9.3g} {sign}{goal:>8g}  "
              f"{'yes' if holds else 'NO':5}  {what_other}", flush=True)  # fmt: skip
        row = {"path": path, "figure": figure, "ours": round(ours, 4), "other": round(other, 4),
               "what_other": what_other, "ratio": round(ratio, 4), "goal": f"{sign} {goal:g}", "holds": holds,
               "scale": self.scale}  # fmt: skip
        with self.target.open("a") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
