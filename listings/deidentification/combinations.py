"""Combinations of at most four columns that single subjects out, searched greedily: most different together first."""

from collections.abc import Iterator

from . import database, narrow
from .database import Tables

MOST_COLUMNS = 4
_MOST_CANDIDATES = 16
_ROUNDS = 5
Found = dict[str, tuple[list[str], float]]


def search(
    connection: Tables,
    relation: str,
    distinct: dict[str, int],
    *,
    undecided: list[str],
    subject: str | None,
    least_share: float,
    width: int = 0,
) -> Found:
    """Undecided columns that belong to such a combination, each with the combination and its share of subjects.

    `distinct` are the columns to combine with the number of their values. A combination counts where more than
    `least_share` of all subjects (rows where there is no `subject`) are alone in it, and fewer of its columns would not
    do. Every share is exact; which combinations are looked at is a heuristic: of the sixteen columns with most values.
    `width` is how many columns the relation has.
    """
    everybody = _everybody(connection, relation, subject)
    pool = sorted(distinct, key=lambda name: -distinct[name])[:_MOST_CANDIDATES]
    if pool:
        relation = narrow.of(connection, relation, width, "narrow_pool", pool, subject)
    found: Found = {}
    for _round in range(_ROUNDS):
        left = [name for name in undecided if name in pool and name not in found]
        if not left or not _can_single_out(pool, distinct, least_share * everybody):
            break
        together = _greedy(connection, relation, pool)
        share = _alone(connection, relation, together, subject) / max(everybody, 1)
        if share <= least_share:
            break
        together, share = _fewer(connection, relation, together, subject, everybody, least_share, left)
        new = [name for name in together if name in left]
        found |= {name: (together, round(share, 6)) for name in new}
        if not new:
            break
        pool = [name for name in pool if name not in new]
    return found


def _everybody(connection: Tables, relation: str, subject: str | None) -> int:
    counted = f"DISTINCT {database.name(subject)}" if subject else "*"
    return database.one(connection, f"SELECT count({counted}) FROM {relation}")[0]


def _can_single_out(pool: list[str], distinct: dict[str, int], least: float) -> bool:
    """No more subjects can be alone than there are classes; null is a value as well."""
    classes = 1
    for name in sorted(pool, key=lambda name: -distinct[name])[:MOST_COLUMNS]:
        classes *= distinct[name] + 1
    return classes > least


def _greedy(connection: Tables, relation: str, pool: list[str]) -> list[str]:
    """Up to four columns, each the one with which the combination has most classes."""
    chosen = pool[:1]
    while len(chosen) < min(MOST_COLUMNS, len(pool)):
        left = [name for name in pool if name not in chosen]
        classes = database.each(connection, (_classes(relation, [*chosen, name]) for name in left))
        chosen.append(max(zip(left, classes, strict=True), key=lambda found: found[1])[0])
    return chosen


def _classes(relation: str, names: list[str]) -> str:
    keys = ", ".join(map(database.name, names))
    return f"SELECT count(*) FROM (SELECT 1 FROM {relation} GROUP BY {keys})"


def _fewer(
    connection: Tables, relation: str, together: list[str], subject: str | None, everybody: int, least: float,
    left: list[str],
) -> tuple[list[str], float]:  # fmt: skip
    """The combination without what it can do without, undecided columns first; with its share."""
    share = _alone(connection, relation, together, subject) / everybody
    for name in _decided_last(together, left):
        rest = [each for each in together if each != name]
        without = _alone(connection, relation, rest, subject) / everybody
        if rest and without > least:
            together, share = rest, without
    return together, share


def _decided_last(together: list[str], left: list[str]) -> Iterator[str]:
    yield from (name for name in reversed(together) if name in left)
    yield from (name for name in reversed(together) if name not in left)


def _alone(connection: Tables, relation: str, names: list[str], subject: str | None) -> int:
    """How many subjects have some class to themselves."""
    if not names:
        return 0
    keys = ", ".join(map(database.name, names))
    if subject is None:
        query = f"SELECT 1 FROM {relation} GROUP BY {keys} HAVING count(*) = 1"
        return database.one(connection, f"SELECT count(*) FROM ({query})")[0]
    who = database.name(subject)
    query = f"SELECT min({who}) AS who FROM {relation} GROUP BY {keys} HAVING min({who}) = max({who})"
    return database.one(connection, f"SELECT count(DISTINCT who) FROM ({query})")[0]
