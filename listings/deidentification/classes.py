"""Equivalence classes: k, distinct l and t over distinct subjects.

A class is the rows that agree in every quasi-identifier (Sweeney 2002); null agrees with null only. Where
there is a subject column, everything counts distinct subjects: a subject in several classes counts in each,
rows without a subject count as nobody (a class of nothing else has size 0). Otherwise everything counts rows.
"""

from dataclasses import dataclass

from . import closeness, database
from .database import Column, Connection

_SMALLEST_SIZES = 5


@dataclass(frozen=True)
class Measures:
    """What the classes come to; `class_sizes` are the smallest sizes, each with its number of classes.

    `subjects` is the number of distinct subjects (rows where there is no subject column), `unique` how many
    of them are alone in some class, `rows_without_subject` 0 where there is no subject column.
    """

    k: int
    l_distinct: dict[str, int]
    t: dict[str, float]
    subjects: int
    unique: int
    classes: int
    class_sizes: list[dict[str, int]]
    rows_without_subject: int


def measure(
    connection: Connection,
    relation: str,
    *,
    quasi_identifiers: list[str],
    sensitive: list[Column],
    subject: str | None = None,
) -> Measures:
    """Measure `relation` (SQL) in one grouping pass: the classes, then by each sensitive attribute alone."""
    keys = [f"q{number}" for number in range(len(quasi_identifiers))]
    marked = _marked(relation, quasi_identifiers, [column.name for column in sensitive], subject)
    _group(connection, marked, keys, len(sensitive), subject is not None)
    sizes = connection.execute("SELECT size, count(*) FROM classes GROUP BY size ORDER BY size").fetchall()
    subjects, missing = database.one(connection, _count_subjects(marked, subject is not None))
    l_distinct, t = {}, {}
    for number, column in enumerate(sensitive):
        l_distinct[column.name], t[column.name] = _diversity(connection, keys, number, column.type)
    return Measures(
        k=sizes[0][0],
        l_distinct=l_distinct,
        t=t,
        subjects=subjects,
        unique=_count_unique(connection, subject is not None),
        classes=sum(count for _, count in sizes),
        class_sizes=[{"size": size, "classes": count} for size, count in sizes[:_SMALLEST_SIZES]],
        rows_without_subject=missing,
    )


def _marked(relation: str, quasi_identifiers: list[str], sensitive: list[str], subject: str | None) -> str:
    """The columns that matter under safe names: q0…, s0…, u."""
    chosen = [f"{database.name(column)} AS q{number}" for number, column in enumerate(quasi_identifiers)]
    chosen += [f"{database.name(column)} AS s{number}" for number, column in enumerate(sensitive)]
    chosen += [f"{database.name(subject)} AS u"] if subject else []
    return f"SELECT {', '.join(['true AS here', *chosen])} FROM {relation}"


def _group(connection: Connection, marked: str, keys: list[str], sensitive: int, has_subject: bool) -> None:
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
        f"CREATE TEMP TABLE grouped AS SELECT {', '.join(columns)} FROM ({marked}) "
        f"GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    kept = ", ".join([*keys, "weight AS size", *(["witness"] if has_subject else [])])
    connection.execute(
        f"CREATE TEMP TABLE classes AS SELECT row_number() OVER () AS class, {kept} FROM grouped WHERE level = -1"
    )


def _count_subjects(marked: str, has_subject: bool) -> str:
    if not has_subject:
        return f"SELECT count(*), 0 FROM ({marked})"
    return f"SELECT count(DISTINCT u), count(*) FILTER (u IS NULL) FROM ({marked})"


def _count_unique(connection: Connection, has_subject: bool) -> int:
    counted = "DISTINCT witness" if has_subject else "*"
    return database.one(connection, f"SELECT count({counted}) FROM classes WHERE size = 1")[0]


def _diversity(connection: Connection, keys: list[str], number: int, kind: str) -> tuple[int, float]:
    """Distinct l and t of sensitive attribute `number`."""
    same = " AND ".join(f"c.{key} IS NOT DISTINCT FROM g.{key}" for key in keys) or "true"
    table = f"pairs{number}"
    connection.execute(
        f"CREATE TEMP TABLE {table} AS SELECT c.class, g.s{number} AS value, g.weight FROM grouped g "
        f"JOIN classes c ON {same} WHERE g.level = {number} AND g.in_class"
    )
    counted = f"SELECT count(*) FILTER (weight > 0) AS l FROM {table} GROUP BY class"
    smallest = database.one(connection, f"SELECT min(l) FROM ({counted})")[0]
    t = closeness.largest_distance(
        connection,
        f"SELECT class, value, weight FROM {table} WHERE weight > 0",
        f"SELECT s{number} AS value, weight FROM grouped WHERE level = {number} AND NOT in_class AND weight > 0",
        ordered=kind in ("integer", "decimal", "date"),
    )
    connection.execute(f"DROP TABLE {table}")
    return smallest, t
