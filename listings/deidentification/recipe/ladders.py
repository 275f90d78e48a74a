"""Which ways up a column has: from its type, its name and its values to steps of growing loss, and out at the top."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .. import database
from ..database import Column, Connection
from .hierarchies import BUILT_IN, Tree, known_trees
from .steps import Step

_SHARE = 0.95  # of the cells that have to be in a hierarchy for a column to follow it
_AGE = re.compile(r"年龄|岁数|周岁|^age$|_age$|^age_", re.IGNORECASE)
_POSTCODE = re.compile(r"邮编|邮政编码|postcode|postal|zip", re.IGNORECASE)
_QUANTILES = 32
_MOST_BANDS = 64
_MOST_WIDTHS = 4
_REGION = "^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)[0-9]{4}$"


@dataclass(frozen=True)
class Ladder:
    """The rungs of a column from the bottom (nothing is done) to the top (it is dropped), each the steps that do it.

    Rungs can be left out; `numbers` are the levels of those that are there, counted on the whole ladder.
    """

    column: Column
    rungs: list[list[Step]]
    numbers: tuple[int, ...]

    @property
    def top(self) -> int:
        return len(self.rungs) - 1

    @property
    def height(self) -> int:
        """The level at which the column is dropped."""
        return self.numbers[-1]

    def only(self, places: Iterable[int]) -> "Ladder":
        """The ladder with these of its rungs and no other."""
        kept = sorted(places)
        return replace(
            self, rungs=[self.rungs[place] for place in kept], numbers=tuple(self.numbers[place] for place in kept)
        )

    def up_to(self, level: int) -> int:
        """The place of the highest rung that lies at `level` or below."""
        return max(place for place, number in enumerate(self.numbers) if number <= level or not place)


def find_ladder(connection: Connection, source: str, column: Column, own: tuple[str, Tree] | None = None) -> Ladder:
    """The ladder of `column` in `source` (SQL), by its own hierarchy where there is one."""
    if own:
        return _ladder(column, _levels(column, own[0], own[1].height))
    counted = f"SELECT {database.name(column.name)} AS value, count(*) AS n FROM ({source}) GROUP BY ALL"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT * FROM ({counted}) WHERE value IS NOT NULL")
    name = _find_hierarchy(connection, column)
    if name:
        return _ladder(column, _levels(column, name, BUILT_IN[name].height - 1))
    if column.type in ("integer", "decimal"):
        return _ladder(column, _bands(connection, column))
    return _ladder(column, _shortened(connection, column) if column.type == "text" else [])


def _ladder(column: Column, steps: list[Step]) -> Ladder:
    rungs = [[], *([step] for step in steps), [Step("drop", {"column": column.name})]]
    return Ladder(column, rungs, tuple(range(len(rungs))))


def _levels(column: Column, hierarchy: str, height: int) -> list[Step]:
    return [
        Step("generalise", {"column": column.name, "hierarchy": hierarchy, "level": level})
        for level in range(1, height + 1)
    ]


def _find_hierarchy(connection: Connection, column: Column) -> str | None:
    if column.type == "date":
        return "date"
    if column.type not in ("text", "integer"):
        return None
    if column.type == "integer" and _AGE.search(column.name) and _share(connection, "value BETWEEN 0 AND 130") == 1:
        return "age"
    text = "CAST(value AS VARCHAR)"
    if _POSTCODE.search(column.name) and _share(connection, f"regexp_full_match({text}, '[0-9]{{5,6}}')") >= _SHARE:
        return "postcode"
    if _share(connection, f"regexp_matches({text}, '{_REGION}')") >= _SHARE:
        return "region"
    if column.type == "text":
        if _share(connection, f"CAST(TRY_CAST({text} || '-01' AS DATE) AS VARCHAR) = {text} || '-01'") >= _SHARE:
            return "date"
        return next((name for name, tree in known_trees() if _holds(connection, tree)), None)
    return None


def _share(connection: Connection, test: str) -> float:
    row = database.one(connection, f"SELECT sum(n) FILTER (coalesce({test}, false)) / sum(n) FROM counted")
    return row[0] or 0.0


def _holds(connection: Connection, tree: Tree) -> bool:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE known AS SELECT unnest(?) AS name", [[row[0] for row in tree.rows]]
    )
    return _share(connection, "value IN (SELECT name FROM known)") >= _SHARE


def _bands(connection: Connection, column: Column) -> list[Step]:
    """Bands of growing width, each width a multiple of the one before; between quantiles where a few values are far
    out."""
    value = "CAST(value AS DOUBLE)"
    finite = f"FROM counted WHERE isfinite({value})"
    facts = database.one(
        connection,
        f"SELECT min({value}), max({value}), count(*), bool_and(value = floor(value)) {finite}",
    )
    least, most, distinct, whole = facts
    if not distinct or distinct < 3 or max(abs(least), abs(most)) >= 1e15:
        return []
    edges = [_readable(edge) for edge in _quantiles(connection, value)]
    low, high = edges[0], edges[-1]
    if most - least > 4 * (high - low):
        return _edge_steps(column, sorted({edge for edge in edges if edge > least}))
    widths = _widths(most - least, whole and column.type == "integer")
    return [Step("band", {"column": column.name, "width": width}) for width in widths]


def _quantiles(connection: Connection, value: str) -> list[float]:
    """The values at which the running number of rows passes each of 32 shares."""
    shares = ", ".join(str(number / _QUANTILES) for number in range(1, _QUANTILES))
    rows = connection.execute(
        f"WITH running AS (SELECT {value} AS v, sum(n) OVER (ORDER BY value) / sum(n) OVER () AS share FROM counted "
        f"WHERE isfinite({value})) SELECT min(v) FROM running JOIN (SELECT unnest([{shares}]) AS wanted) "
        "ON share >= wanted GROUP BY wanted ORDER BY wanted"
    ).fetchall()
    return [row[0] for row in rows]


def _readable(number: float) -> float:
    rounded = float(f"{number:.2g}")
    return int(rounded) if rounded.is_integer() else rounded


def _edge_steps(column: Column, edges: list[float]) -> list[Step]:
    steps = []
    while edges:
        steps.append(Step("band", {"column": column.name, "edges": edges}))
        edges = edges[1::2]
    return steps


def _widths(span: float, whole: bool) -> list[float]:
    """1, 5, 10, 50 … times a power of ten, such that there are 2 to 64 bands."""
    found: list[float] = []
    for exponent in range(-9, 16):
        for factor in (1, 5):
            width = _readable(factor * 10.0**exponent)
            if span / _MOST_BANDS <= width <= span / 2 and not (whole and width < 2):
                found.append(width)
    return found[-_MOST_WIDTHS:]


def _shortened(connection: Connection, column: Column) -> list[Step]:
    """Codes of one length lose their last characters, half of what is left at a time."""
    facts: Any = database.one(
        connection,
        "SELECT min(length(value)), max(length(value)), count(*), bool_and(regexp_full_match(value, '[0-9A-Za-z.-]+')) "
        "FROM counted",
    )
    shortest, longest, distinct, plain = facts
    if not distinct or distinct < 10 or shortest != longest or not plain or not 3 <= longest <= 20:
        return []
    lengths = []
    while longest > 1:
        longest //= 2
        lengths.append(longest)
    return [Step("truncate", {"column": column.name, "length": length}) for length in lengths]
