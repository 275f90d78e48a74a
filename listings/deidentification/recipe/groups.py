"""Steps that take records out or together: suppress and aggregate."""

from .. import closeness, database
from ..database import Column, Connection
from .steps import Step

_ORDERED = ("integer", "decimal", "date")


def keep_classes(connection: Connection, source: str, step: Step, columns: list[Column]) -> str:
    """SQL of `source` (SQL) without the records of classes that suppress takes out.

    First those under k and l; then, as long as there are any, those farther than t from what is left.
    """
    given, types = step.given, {column.name: column.type for column in columns}
    keys = {f"q{number}": database.name(name) for number, name in enumerate(given["columns"])}
    subject = database.name(given["subject"]) if "subject" in given else None
    weight = f"count(DISTINCT {subject})" if subject else "count(*)"
    chosen = ", ".join(f"{column} AS {key}" for key, column in keys.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE kept AS SELECT row_number() OVER () AS class, * FROM ("
        f"SELECT {chosen}, {weight} AS size FROM ({source}) GROUP BY ALL) WHERE size >= {given['k']}"
    )
    sensitive = list(enumerate(given.get("sensitive", [])))
    for number, name in sensitive:
        _pair(connection, source, f"pairs{number}", keys, name, weight)
        connection.execute(
            f"DELETE FROM kept WHERE class NOT IN (SELECT class FROM pairs{number} GROUP BY class "
            f"HAVING count(*) FILTER (weight > 0) >= {given.get('l', 1)})"
        )
    removed = 1
    while "t" in given and removed:
        removed = 0
        for number, name in sensitive:
            ordered = types[name] in _ORDERED
            removed += _take_out(connection, source, f"pairs{number}", keys, name, weight, ordered, given["t"])
    return f"SELECT x.* FROM ({source}) AS x SEMI JOIN kept ON {_same(keys)}"


def _same(keys: dict[str, str]) -> str:
    return " AND ".join(f"x.{column} IS NOT DISTINCT FROM kept.{key}" for key, column in keys.items())


def _pair(connection: Connection, source: str, table: str, keys: dict[str, str], name: str, weight: str) -> None:
    """Table class, value, weight of one sensitive column."""
    grouped = ", ".join([*keys.values(), database.name(name)])
    named = ", ".join([f"{column} AS {key}" for key, column in keys.items()])
    same = " AND ".join(f"g.{key} IS NOT DISTINCT FROM kept.{key}" for key in keys)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT class, value, weight FROM (SELECT {named}, "
        f"{database.name(name)} AS value, {weight} AS weight FROM ({source}) GROUP BY {grouped}) AS g "
        f"JOIN kept ON {same}"
    )


def _take_out(
    connection: Connection,
    source: str,
    table: str,
    keys: dict[str, str],
    name: str,
    weight: str,
    ordered: bool,
    t: float,
) -> int:
    """How many classes were taken out of `kept` because they are farther than `t` from what is left."""
    column = database.name(name)
    pairs = f"SELECT class, value, weight FROM {table} WHERE weight > 0 AND class IN (SELECT class FROM kept)"
    overall = (
        f"SELECT * FROM (SELECT x.{column} AS value, {weight} AS weight FROM ({source}) AS x "
        f"SEMI JOIN kept ON {_same(keys)} GROUP BY x.{column}) WHERE weight > 0"
    )
    far = f"SELECT class FROM ({closeness.distances(pairs, overall, ordered=ordered)}) WHERE distance > {t}"
    return database.one(connection, f"DELETE FROM kept WHERE class IN ({far})")[0]


def aggregated(source: str, step: Step) -> str:
    """SQL of the groups of `source` (SQL) that are large enough, in order."""
    given = step.given
    by = [database.name(name) for name in given["by"]]
    weight = f"count(DISTINCT {database.name(given['subject'])})" if "subject" in given else "count(*)"
    measures = [
        f"{_measure(each)} AS {database.name(name)}"
        for each, name in zip(given["measures"], measure_names(step), strict=True)
    ]
    return (
        f"SELECT {', '.join([*by, *measures])} FROM ({source}) GROUP BY {', '.join(by)} "
        f"HAVING {weight} >= {given['minimum']} ORDER BY {', '.join(by)}"
    )


def _measure(measure: dict[str, str]) -> str:
    if measure["function"] == "count":
        return "count(*)"
    column = database.name(measure["column"])
    return f"CAST(sum({column}) AS DOUBLE)" if measure["function"] == "sum" else f"round(avg({column}), 9)"


def measure_names(step: Step) -> list[str]:
    """What the measures are called in the result: count, sum of …, mean of …"""
    return [
        each["function"] if each["function"] == "count" else f"{each['function']} of {each['column']}"
        for each in step.given["measures"]
    ]
