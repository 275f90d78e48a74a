"""Pictures as SVG, laid out here: no script, no library. Colours come from the site's style sheet."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from marketplace.supervision.lineage import Graph, Node

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 190, 44, 240, 60, 8  # of a box, and from one to the next, in px
LETTERS = 22  # that fit into a box; a Chinese character takes two
SHORT = 12  # letters below a bar
BAR, GAP, TALL, FOOT = 26, 10, 160, 24  # of a chart: a bar, the room between two, the tallest, the room below


class Box(NamedTuple):
    """A node where it stands."""

    node: Node
    x: int
    y: int
    text: str


class Picture(NamedTuple):
    """Boxes and the curves between them."""

    width: int
    height: int
    boxes: list[Box]
    curves: list[str]


class Bar(NamedTuple):
    """A bar of a chart, its label below and its figure above."""

    label: Any
    short: str
    value: float
    x: int
    y: int
    height: int


class Chart(NamedTuple):
    width: int
    height: int
    bars: list[Bar]
    base: int


def picture(graph: Graph) -> Picture:
    """Layers from left to right, each ordered by where its sources stand, so that few curves cross."""
    places: dict[tuple[str, int], tuple[int, int]] = {}
    for column, layer in enumerate(graph.layers):
        ordered = sorted(layer, key=lambda node: (_middle(node, places), node.key))
        for row, node in enumerate(ordered):
            places[node.key] = (MARGIN + column * ACROSS, MARGIN + row * DOWN)
    boxes = [Box(node, *places[node.key], shortened(node.label)) for node in graph.nodes]
    curves = [_curve(places[node.key], places[child.key]) for node in graph.nodes for child in node.children]
    width = max(box.x for box in boxes) + WIDTH + MARGIN
    return Picture(width, max(box.y for box in boxes) + HEIGHT + MARGIN, boxes, curves)


def chart(rows: Sequence[tuple[Any, float]]) -> Chart:
    """Columns, the tallest as high as there is room; nothing is drawn of a value of nought."""
    most = max((value for _label, value in rows), default=0) or 1
    across, base = BAR + GAP * 7, TALL + FOOT
    bars = []
    for number, (label, value) in enumerate(rows):
        height = round(TALL * value / most)
        bars.append(Bar(label, shortened(str(label), SHORT), value, GAP + number * across, base - height, height))
    return Chart(GAP * 2 + across * max(len(rows), 1), base + FOOT, bars, base)


def shortened(text: str, letters: int = LETTERS) -> str:
    """As much of a label as fits; a Chinese character takes the room of two letters."""
    used = 0
    for place, letter in enumerate(text):
        used += 1 if ord(letter) < 0x2E80 else 2
        if used > letters:
            return text[: place - 1] + "…"
    return text


def _middle(node: Node, places: dict[Any, tuple[int, int]]) -> float:
    known = [places[parent.key][1] for parent in node.parents if parent.key in places]
    return sum(known) / len(known) if known else 0.0


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = (start[0] + WIDTH, start[1] + HEIGHT // 2), (end[0], end[1] + HEIGHT // 2)
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
