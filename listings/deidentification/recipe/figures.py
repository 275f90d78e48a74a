"""What the seller compares before and after: class sizes, risk figures, and what each column lost."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import classes, database
from ..database import Connection
from . import columns as column_steps
from .document import Recipe
from .steps import Step

BANDS = (1, 2, 5, 10, 20, 50, 100)  # where a band of class sizes begins


@dataclass(frozen=True)
class Roles:
    """What the columns are, as `assess` takes it."""

    quasi_identifiers: list[str]
    sensitive: list[str]
    subject: str | None

    def among(self, names: list[str]) -> "Roles":
        """The roles of those columns that are still there."""
        return Roles(
            [name for name in self.quasi_identifiers if name in names],
            [name for name in self.sensitive if name in names],
            self.subject if self.subject in names else None,
        )


def measure(parquet: Path, roles: Roles) -> dict[str, Any]:
    """Risk figures, the histogram of class sizes and the discernibility of a canonical file.

    Classes are counted in subjects where there is a subject column; discernibility is the sum over rows of how many
    rows look like them (Bayardo and Agrawal 2005). Raises UnknownColumn.
    """
    with database.open_parquet(parquet) as (connection, columns):
        database.check_known(columns, [*roles.quasi_identifiers, *roles.sensitive])
        measures = classes.measure(
            connection,
            "data",
            quasi_identifiers=roles.quasi_identifiers,
            sensitive=[column for column in columns if column.name in roles.sensitive],
            subject=roles.subject,
        )
        weight = f"count(DISTINCT {database.name(roles.subject)})" if roles.subject else "count(*)"
        keys = ", ".join(["here", *map(database.name, roles.quasi_identifiers)])
        connection.execute(
            f"CREATE TEMP TABLE sizes AS SELECT count(*) AS rows, {weight} AS size "
            f"FROM (SELECT 1 AS here, * FROM data) GROUP BY {keys}"
        )
        rows, discernibility = database.one(connection, "SELECT sum(rows), sum(rows * rows) FROM sizes")
        return {
            "rows": int(rows),
            "subjects": measures.subjects,
            "k": measures.k,
            "l_distinct": measures.l_distinct,
            "t": measures.t,
            "unique_share": round(measures.unique / measures.subjects, 6) if measures.subjects else 0.0,
            "classes": measures.classes,
            "discernibility": int(discernibility),
            "histogram": _histogram(connection),
        }


def _histogram(connection: Connection) -> list[dict[str, Any]]:
    """Bands of class sizes with their classes and rows; `until` is None for the last."""
    bounds = zip((0, *BANDS), (*BANDS, None), strict=True)
    bands = []
    for begin, end in bounds:
        test = f"size >= {begin}" + (f" AND size < {end}" if end else "")
        count, rows = database.one(connection, f"SELECT count(*), coalesce(sum(rows), 0) FROM sizes WHERE {test}")
        if begin or count:
            bands.append({"from": begin, "until": end - 1 if end else None, "classes": count, "rows": int(rows)})
    return bands


def compare(before: Path, after: Path, recipe: Recipe, roles: Roles) -> dict[str, Any]:
    """{"before", "after"} as `measure` gives them, and "losses", {"column", "loss"} of each column of `before`.

    `loss` lies between 0 (nothing lost) and 1 (as if dropped), None where it cannot be said: surrogates and aggregates.
    """
    with database.open_parquet(after) as (_, columns):
        left = roles.among([column.name for column in columns])
    aggregates = any(step.do == "aggregate" for step in recipe.steps)
    return {
        "before": measure(before, roles),
        "after": None if aggregates else measure(after, left),
        "losses": measure_losses(before, after, recipe),
    }


def measure_losses(before: Path, after: Path, recipe: Recipe) -> list[dict[str, Any]]:
    """Non-uniform entropy of each column of `before` (see `compare`)."""
    with database.open_database(reads=[before, after]) as connection:
        column_steps.prepare(connection)
        sources = {
            name: f"SELECT * FROM read_parquet({database.path(file)})" for name, file in (("b", before), ("a", after))
        }
        names = [[row[0] for row in connection.execute(f"DESCRIBE {source}").fetchall()] for source in sources.values()]
        aggregates = any(step.do == "aggregate" for step in recipe.steps)
        return [
            {"column": name, "loss": None if aggregates else _loss(connection, sources, name, names[1], recipe)}
            for name in names[0]
        ]


def _loss(connection: Connection, sources: dict[str, str], name: str, left: list[str], recipe: Recipe) -> float | None:
    if name not in left:
        return 1.0
    steps = [step for step in recipe.steps if step.column == name]
    if any(step.do == "surrogate" for step in steps):
        return None
    column = database.name(name)
    image = _image(connection, f"SELECT {column} FROM ({sources['b']})", steps, recipe)
    before = f"SELECT count(*) AS n FROM ({sources['b']}) GROUP BY {column}"
    total, own = database.one(connection, f"SELECT sum(n), sum(n * log2(n)) FROM ({before})")
    merged = f"SELECT CAST({column} AS VARCHAR) AS v, count(*) AS n FROM ({image}) GROUP BY v"
    kept = f"SELECT CAST({column} AS VARCHAR) AS v, count(*) AS n FROM ({sources['a']}) GROUP BY v"
    rows, above = database.one(
        connection,
        f"SELECT sum(kept.n), sum(kept.n * log2(merged.n)) FROM ({kept}) AS kept "
        f"JOIN ({merged}) AS merged ON kept.v IS NOT DISTINCT FROM merged.v",
    )
    whole = float(total) * math.log2(total)
    if whole <= own:
        return 0.0
    lost = float(above or 0) + float(total - (rows or 0)) * math.log2(total) - float(own)
    return min(1.0, max(0.0, round(lost / (whole - float(own)), 9)))


def _image(connection: Connection, source: str, steps: list[Step], recipe: Recipe) -> str:
    """SQL of the column of the whole file after the steps that change it, whichever rows went later."""
    for step in steps:
        source = column_steps.relation(connection, source, step, recipe.hierarchies)
    return source
