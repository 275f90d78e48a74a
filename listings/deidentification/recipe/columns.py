"""Steps that change one column, as SQL: each is a relation over a relation, so any number of them is one pass."""

import secrets
from itertools import pairwise

from .. import database
from ..database import Connection
from .hierarchies import ALL, BUILT_IN, Tree
from .steps import Step

_LETTERS = "bcdfghjklmnpqrst"  # no digits: a surrogate is never taken for a number of anything
_SURROGATE = 20  # letters of four bits each
_SALT = "surrogate_key"


def prepare(connection: Connection) -> None:
    """A key for surrogates, from the system's random numbers; it is gone with the connection."""
    connection.execute(f"CREATE TEMP TABLE {_SALT} AS SELECT ? AS key", [secrets.token_hex(32)])


def relation(connection: Connection, source: str, step: Step, trees: dict[str, Tree], *, mark: str = "") -> str:
    """SQL of `source` (SQL) after `step`; `mark` (a quoted name) becomes a column: was this cell changed?

    For drop, surrogate and the like see `steps`. Null stays null. Needs `prepare` where there are surrogates.
    """
    column = "x." + database.name(step.column)
    if step.do == "drop":
        marked = f", {column} IS NOT NULL AS {mark}" if mark else ""
        return f"SELECT x.* EXCLUDE ({database.name(step.column)}){marked} FROM ({source}) AS x"
    joined, value = "", _VALUES.get(step.do, _nothing)(step, column)
    if step.do == "generalise":
        joined, value = _generalised(connection, step, column, trees)
    value = f"CASE WHEN {column} IS NULL THEN NULL ELSE {value} END"
    marked = f", CAST({column} AS VARCHAR) IS DISTINCT FROM CAST({value} AS VARCHAR) AS {mark}" if mark else ""
    return f"SELECT x.* REPLACE ({value} AS {database.name(step.column)}){marked} FROM ({source}) AS x{joined}"


def _nothing(step: Step, column: str) -> str:
    return column


def _generalised(connection: Connection, step: Step, column: str, trees: dict[str, Tree]) -> tuple[str, str]:
    """The join with what is looked up, and the value."""
    level, name = step.given["level"], step.given["hierarchy"]
    own = trees.get(name)
    tree: Tree | None = own
    if own:
        value = "looked_up.above"
    else:
        built_in = BUILT_IN[name]
        value = built_in.expression(level, column).replace("looked_up", "looked_up.above")
        tree = built_in.tree() if built_in.tree and "looked_up" in value else None
    if tree is None:
        return "", f"coalesce({value}, '{ALL}')"
    table = f"tree_{secrets.token_hex(8)}"
    rows = [[row[0] for row in tree.rows], [row[level] for row in tree.rows]]
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT unnest(?) AS value, unnest(?) AS above", rows)
    joined = f" LEFT JOIN {table} AS looked_up ON CAST({column} AS VARCHAR) = looked_up.value"
    return joined, f"coalesce({value}, '{ALL}')"


def _mask(step: Step, column: str) -> str:
    first, last = step.given.get("keep_first", 0), step.given.get("keep_last", 0)
    text = f"CAST({column} AS VARCHAR)"
    kept = f"left({text}, {first}) || repeat('*', length({text}) - {first + last}) || right({text}, {last})"
    return f"CASE WHEN length({text}) > {first + last} THEN {kept} ELSE repeat('*', length({text})) END"


def _truncate(step: Step, column: str) -> str:
    return f"left(CAST({column} AS VARCHAR), {step.given['length']})"


def _surrogate(step: Step, column: str) -> str:
    digest = f"sha256((SELECT key FROM {_SALT}) || CAST({column} AS VARCHAR))"
    return f"translate(left({digest}, {_SURROGATE}), '0123456789abcdef', '{_LETTERS}')"


def _band(step: Step, column: str) -> str:
    if "edges" in step.given:
        return _between(step.given["edges"], column)
    width, start = step.given["width"], step.given.get("start", 0)
    if _is_whole(width) and _is_whole(start):
        low = f"CAST(floor((CAST({column} AS DOUBLE) - {start}) / {width}) * {width} + {start} AS HUGEINT)"
        high = f"{low} + {int(width) - 1}"
        if width == 1:
            return _finite(column, f"CAST({low} AS VARCHAR)")
        return _finite(column, f"CAST({low} AS VARCHAR) || '-' || CAST({high} AS VARCHAR)")
    low = f"floor((CAST({column} AS DOUBLE) - {start}) / {width}) * {width} + {start}"
    ends = f"CAST(round({low}, 9) AS VARCHAR) || '-' || CAST(round({low} + {width}, 9) AS VARCHAR)"
    return _finite(column, ends)


def _finite(column: str, value: str) -> str:
    number = f"CAST({column} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) AND abs({number}) < 1e18 THEN {value} ELSE '{ALL}' END"


def _between(edges: list[float], column: str) -> str:
    cases = [f"WHEN {column} < {edges[0]!r} THEN '<{edges[0]}'"]
    cases += [f"WHEN {column} < {high!r} THEN '{low}-<{high}'" for low, high in pairwise(edges)]
    return f"CASE {' '.join(cases)} ELSE '≥{edges[-1]}' END"


def _is_whole(number: float) -> bool:
    return float(number).is_integer()


def _bounded(step: Step, column: str) -> str:
    at = step.given["at"]
    bound = f"DATE {database.text(at)}" if isinstance(at, str) else repr(int(at) if _is_whole(at) else at)
    further = ">" if step.do == "top_code" else "<"
    return f"CASE WHEN {column} {further} {bound} THEN {bound} ELSE {column} END"


_VALUES = {
    "mask": _mask,
    "truncate": _truncate,
    "surrogate": _surrogate,
    "band": _band,
    "top_code": _bounded,
    "bottom_code": _bounded,
}
