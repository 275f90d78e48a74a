"""Equivalence classes: k, the sizes of the classes, l and t over distinct subjects, and the risk that follows.

A class is the rows that agree in every quasi-identifier (Sweeney 2002); null agrees with null only. Where
there is a subject column, everything counts distinct subjects: a subject in several classes counts in each,
rows without a subject count as nobody (a class of nothing else has size 0). Otherwise everything counts rows.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import closeness, database, diversity, risk
from .database import Column, Tables
from .risk import Risk

_SMALLEST_SIZES = 5
_BANDS = (1, 2, 3, 5, 10, 20, 50, 100, 1000)  # where the bands of class sizes begin


@dataclass(frozen=True)
class Measures:
    """What the classes come to; `class_sizes` are the smallest sizes, each with its number of classes.

    `size_bands` are all classes by size: {from, to (None: open), classes, members}. `subjects` is the number of
    distinct subjects (rows where there is no subject column), `unique` how many of them are alone in some class,
    `rows_without_subject` 0 where there is no subject column. `l_entropy` and `l_recursive` (l and the c that has to
    be exceeded) as in `diversity`; `t` by the distance of the column's type, `t_equal` with every value equally far.
    """

    k: int
    l_distinct: dict[str, int]
    t: dict[str, float]
    subjects: int
    unique: int
    classes: int
    class_sizes: list[dict[str, int]]
    rows_without_subject: int
    l_entropy: dict[str, float] = field(default_factory=dict)
    l_recursive: dict[str, dict[str, Any]] = field(default_factory=dict)
    t_equal: dict[str, float] = field(default_factory=dict)
    size_bands: list[dict[str, Any]] = field(default_factory=list)
    risk: Risk | None = None

    @property
    def unique_share(self) -> float:
        return round(self.unique / self.subjects, 6) if self.subjects else 0.0


def measure(
    connection: Tables,
    relation: str,
    *,
    quasi_identifiers: list[str],
    sensitive: list[Column],
    subject: str | None = None,
    at_risk_below: int = 5,
    population: str | None = None,
    parquet: Path | None = None,
) -> Measures:
    """Measure `relation` (SQL): the classes, then by each sensitive attribute alone. Rows are counted in one grouping
    pass, people in a pass each: what tells them apart would all together take several times the room on disk.

    Where `parquet` is the file that holds nothing else, and rows count, it is counted in arrays if it can be.

    Members of classes smaller than `at_risk_below` count as at risk. `population` (SQL) has the quasi-identifiers
    under the same names and a row for everybody of whom the file may be a part.
    """
    if parquet is not None and subject is None and population is None:
        found = _counted(parquet, quasi_identifiers, sensitive, at_risk_below)
        if found is not None:
            return found
    keys = [f"q{number}" for number in range(len(quasi_identifiers))]
    marked = _marked(relation, quasi_identifiers, [column.name for column in sensitive], subject)
    _group(connection, marked, keys, 0 if subject else len(sensitive), subject is not None)
    sizes = connection.execute("SELECT size, count(*) FROM classes GROUP BY size ORDER BY size").fetchall()
    subjects, missing = database.one(connection, _count_subjects(marked, subject is not None))
    known = risk.population_sizes(connection, population, quasi_identifiers) if population else False
    return _measures(
        sizes,
        {
            column.name: _spread(connection, keys, column, *_values(marked, keys, number, subject is not None))
            for number, column in enumerate(sensitive)
        },
        subjects=subjects,
        unique=_count_unique(connection, subject is not None),
        rows_without_subject=missing,
        risk=risk.measure(sizes, at_risk_below=at_risk_below, connection=connection if known else None),
    )


def _counted(parquet: Path, keys: list[str], sensitive: list[Column], at_risk_below: int) -> Measures | None:
    """The same from arrays of counts; None where the file has too many values for them."""
    from . import counting, spread  # numpy and pyarrow take a while to load

    counted = counting.count(parquet, keys, [column.name for column in sensitive])
    if counted is None or not len(counted[0][0]):
        return None
    arrays, values = counted
    sizes = [(int(size), int(count)) for size, count in zip(*spread.sizes(arrays[0]), strict=True)]
    found = {
        column.name: spread.measure(array, seen, ordered=column.type in _ORDERED)
        for column, array, seen in zip(sensitive, arrays, values, strict=False)
    }
    return _measures(
        sizes,
        found,
        subjects=sum(size * count for size, count in sizes),
        unique=sum(count for size, count in sizes if size == 1),
        rows_without_subject=0,
        risk=risk.measure(sizes, at_risk_below=at_risk_below),
    )


_ORDERED = ("integer", "decimal", "date")


def _measures(sizes: list[Any], found: dict[str, dict[str, Any]], **others: Any) -> Measures:
    spread: dict[str, Any] = {name: {column: each[name] for column, each in found.items()} for name in _SPREAD}
    return Measures(
        k=sizes[0][0],
        classes=sum(count for _, count in sizes),
        class_sizes=[{"size": size, "classes": count} for size, count in sizes[:_SMALLEST_SIZES]],
        size_bands=_bands(sizes),
        **spread,
        **others,
    )


_SPREAD = ("l_distinct", "l_entropy", "l_recursive", "t", "t_equal")


def _marked(relation: str, quasi_identifiers: list[str], sensitive: list[str], subject: str | None) -> str:
    """The columns that matter under safe names: q0…, s0…, u."""
    chosen = [f"{database.name(column)} AS q{number}" for number, column in enumerate(quasi_identifiers)]
    chosen += [f"{database.name(column)} AS s{number}" for number, column in enumerate(sensitive)]
    chosen += [f"{database.name(subject)} AS u"] if subject else []
    return f"SELECT {', '.join(['true AS here', *chosen])} FROM {relation}"


def _group(connection: Tables, marked: str, keys: list[str], sensitive: int, has_subject: bool) -> None:
    """Tables `grouped` (all grouping sets; level −1 the classes) and `classes` (numbered, with size)."""
    classes = ", ".join(["here", *keys])
    sets = [f"({classes})"]
    for number in range(sensitive):
        sets += [f"({classes}, s{number})", f"(s{number})"]
    level = " ".join(f"WHEN GROUPING(s{number}) = 0 THEN {number}" for number in range(sensitive))
    columns = [
        f"CASE {level} ELSE -1 END AS level" if sensitive else "-1 AS level",
        "GROUPING(here) = 0 AS in_class",
    ]
    columns += keys + [f"s{number}" for number in range(sensitive)]
    columns += ["count(DISTINCT u) AS weight, min(u) AS witness" if has_subject else "count(*) AS weight"]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE grouped AS SELECT {', '.join(columns)} FROM ({marked}) "
        f"GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    kept = ", ".join([*keys, "weight AS size", *(["witness"] if has_subject else [])])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE classes AS "
        f"SELECT row_number() OVER () AS class, {kept} FROM grouped WHERE level = -1"
    )


def _count_subjects(marked: str, has_subject: bool) -> str:
    if not has_subject:
        return f"SELECT count(*), 0 FROM ({marked})"
    return f"SELECT count(DISTINCT u), count(*) FILTER (u IS NULL) FROM ({marked})"


def _count_unique(connection: Tables, has_subject: bool) -> int:
    counted = "DISTINCT witness" if has_subject else "*"
    return database.one(connection, f"SELECT count({counted}) FROM classes WHERE size = 1")[0]


def _bands(sizes: list[tuple[int, int]]) -> list[dict[str, Any]]:
    bands = []
    for begin, after in zip(_BANDS, (*_BANDS[1:], None), strict=True):
        inside = [(size, count) for size, count in sizes if size >= begin and (after is None or size < after)]
        if inside:
            members = sum(size * count for size, count in inside)
            classes = sum(count for _, count in inside)
            bands.append({"from": begin, "to": after and after - 1, "classes": classes, "members": members})
    return bands


def _values(marked: str, keys: list[str], number: int, has_subject: bool) -> tuple[str, str]:
    """SQL of the values of sensitive attribute `number` with their weight: in each class, and in the whole file."""
    if has_subject:
        counted = f"s{number} AS value, count(DISTINCT u) AS weight FROM ({marked})"
        inside = f"SELECT {', '.join([*keys, counted])} GROUP BY {', '.join([*keys, f's{number}'])}"
        return inside, f"SELECT {counted} GROUP BY s{number}"
    counted = f"s{number} AS value, weight FROM grouped WHERE level = {number}"
    return f"SELECT {', '.join([*keys, counted])} AND in_class", f"SELECT {counted} AND NOT in_class"


def _spread(connection: Tables, keys: list[str], column: Column, inside: str, whole: str) -> dict[str, Any]:
    """How a sensitive attribute is spread over the classes: the five measures of _SPREAD."""
    same = " AND ".join(f"c.{key} IS NOT DISTINCT FROM g.{key}" for key in keys) or "true"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE pairs AS SELECT c.class, g.value, g.weight FROM ({inside}) g "
        f"JOIN classes c ON {same}"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE overall AS SELECT value, weight FROM ({whole}) WHERE weight > 0")
    pairs, overall = "SELECT class, value, weight FROM pairs WHERE weight > 0", "SELECT value, weight FROM overall"
    equal = closeness.largest_distance(connection, pairs, overall, ordered=False)
    t = equal
    if column.type in _ORDERED:
        t = closeness.largest_distance(connection, pairs, overall, ordered=True)
    return {**diversity.measure(connection, "pairs"), "t": t, "t_equal": equal}
