"""A recipe as a document from a stranger: everything is checked before anything is done."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from ..database import Column
from ..reasons import BadCommand, shown
from .hierarchies import BUILT_IN, Tree
from .scanned import check_labels
from .steps import KINDS, LONGEST, Step

VERSION = 1
MOST_STEPS = 200
MOST_BYTES = 8 * 1024 * 1024
_FUNCTIONS = ("count", "sum", "mean")


@dataclass(frozen=True)
class Recipe:
    """Steps in their order, and the hierarchies that the recipe brings along, by name."""

    steps: list[Step]
    hierarchies: dict[str, Tree] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The document; `read` gives the same recipe back."""
        document: dict[str, Any] = {"recipe": VERSION, "steps": [step.to_json() for step in self.steps]}
        if self.hierarchies:
            document["hierarchies"] = {name: tree.to_json() for name, tree in self.hierarchies.items()}
        return document

    @property
    def sha256(self) -> str:
        """Of the document in one fixed spelling."""
        plain = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()


def loads(content: str) -> Recipe:
    """The recipe in a JSON text. BadCommand as in `read`, or where a hierarchy of its own holds identifiers."""
    if len(content) > MOST_BYTES:
        raise malformed("JSON")
    try:
        recipe = read(json.loads(content))
    except (ValueError, RecursionError):
        raise malformed("JSON") from None
    for tree in recipe.hierarchies.values():
        check_labels(enumerate(tree.rows, start=1))
    return recipe


def read(document: Any) -> Recipe:
    """The recipe in a document. BadCommand (recipe_malformed, recipe_unknown_field) with the place, as steps[2].width.

    Whether the columns are there and of the right type is asked when it meets a file (`apply`).
    """
    _check_keys(document, "recipe", required=("recipe", "steps"), allowed=("hierarchies",))
    if type(document["recipe"]) is not int or document["recipe"] != VERSION:
        raise malformed("recipe")
    trees = _read_trees(document.get("hierarchies", {}))
    steps = document["steps"]
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise malformed("steps")
    read_steps = [_read_step(step, f"steps[{place}]", trees) for place, step in enumerate(steps)]
    for place, step in enumerate(read_steps[:-1]):
        if step.do == "aggregate":
            raise malformed(f"steps[{place}].do")
    return Recipe(read_steps, trees)


def malformed(place: str) -> BadCommand:
    return BadCommand("recipe_malformed", field=shown(place))


def _check_keys(given: Any, place: str, *, required: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    if not isinstance(given, dict):
        raise malformed(place)
    for key in given:
        if key not in required and key not in allowed:
            raise BadCommand("recipe_unknown_field", field=shown(f"{place}.{key}"))
    for key in required:
        if key not in given:
            raise malformed(f"{place}.{key}")


def _read_trees(given: Any) -> dict[str, Tree]:
    if not isinstance(given, dict) or len(given) > 50:
        raise malformed("hierarchies")
    trees = {}
    for name, rows in given.items():
        if name in BUILT_IN or not 0 < len(name) <= 60:
            raise malformed(f"hierarchies.{name}")
        trees[name] = Tree.read(rows, f"hierarchies.{name}")
    return trees


def _read_step(given: Any, place: str, trees: dict[str, Tree]) -> Step:
    if not isinstance(given, dict) or not isinstance(given.get("do"), str) or given["do"] not in KINDS:
        raise malformed(f"{place}.do")
    fields = KINDS[given["do"]].fields
    required = tuple(name for name, field in fields.items() if field.required)
    _check_keys(given, place, required=("do", *required), allowed=tuple(fields))
    for name, value in given.items():
        if name != "do" and not _CHECKS[fields[name].kind](value):
            raise malformed(f"{place}.{name}")
    step = Step(given["do"], {name: given[name] for name in fields if name in given})
    _check_together(step, place, trees)
    return step


def _check_together(step: Step, place: str, trees: dict[str, Tree]) -> None:
    given = step.given
    if step.do == "band" and ("width" in given) == ("edges" in given):
        raise malformed(f"{place}.width")
    if step.do == "band" and "edges" in given and "start" in given:
        raise malformed(f"{place}.start")
    if step.do == "suppress" and ("l" in given or "t" in given) != ("sensitive" in given):
        raise malformed(f"{place}.sensitive")
    if step.do == "generalise":
        known = trees.get(given["hierarchy"]) or BUILT_IN.get(given["hierarchy"])
        if known is None:
            raise malformed(f"{place}.hierarchy")
        if given["level"] > known.height:
            raise malformed(f"{place}.level")


def check_columns(step: Step, number: int, columns: list[Column]) -> None:
    """BadCommand (recipe_unknown_column, recipe_wrong_type) where step `number` (from 1) does not fit the file."""
    types = {column.name: column.type for column in columns}
    for wanted in _named(step):
        if wanted not in types:
            raise BadCommand("recipe_unknown_column", step=number, column=shown(wanted))
    for wanted, kinds in _typed(step):
        if types[wanted] not in kinds:
            raise BadCommand("recipe_wrong_type", step=number, column=shown(wanted))


def _named(step: Step) -> list[str]:
    given = step.given
    measured = [measure["column"] for measure in given.get("measures", []) if "column" in measure]
    lists = [*given.get("columns", []), *given.get("sensitive", []), *given.get("by", []), *measured]
    return [*lists, *(given[key] for key in ("column", "subject") if key in given)]


def _typed(step: Step) -> list[tuple[str, tuple[str, ...]]]:
    numbers = ("integer", "decimal")
    if step.do == "band" or (step.do == "generalise" and step.given["hierarchy"] == "age"):
        return [(step.column, numbers)]
    if step.do in ("top_code", "bottom_code"):
        at = step.given["at"]
        whole = type(at) is int or (isinstance(at, float) and at.is_integer())
        return [(step.column, ("date",) if isinstance(at, str) else numbers if whole else ("decimal",))]
    sums = [each for each in step.given.get("measures", []) if each["function"] != "count"]
    return [(each["column"], numbers) for each in sums]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e15


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 1_000_000


def _is_names(value: Any) -> bool:
    several = isinstance(value, list) and 0 < len(value) <= 2_000 and all(map(_is_name, value))
    return several and len(set(value)) == len(value)


def _is_edges(value: Any) -> bool:
    several = isinstance(value, list) and 0 < len(value) <= LONGEST and all(map(_is_number, value))
    return several and all(a < b for a, b in pairwise(value))


def _is_bound(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return _is_number(value)


def _is_measures(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 100 and all(map(_is_measure, value))


def _is_measure(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("function") not in _FUNCTIONS:
        return False
    wanted = {"function"} if value["function"] == "count" else {"function", "column"}
    return set(value) == wanted and all(map(_is_name, value.values()))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "column": _is_name,
    "columns": _is_names,
    "count": _is_count,
    "size": lambda value: _is_count(value) and value > 0,
    "positive": lambda value: _is_number(value) and value > 0,
    "number": _is_number,
    "share": lambda value: _is_number(value) and 0 <= value <= 1,
    "edges": _is_edges,
    "bound": _is_bound,
    "hierarchy": _is_name,
    "measures": _is_measures,
}
