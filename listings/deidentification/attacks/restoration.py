"""Columns that can be turned back into what they were made of.

A sample of at most 32,768 different values of each column, chosen by their hash, is enough: a method that was used on
a column was used on all of it. Values stay in this process; what is reported is the method and how many were met.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from .. import database, narrow
from ..database import Column, Connection
from ..reasons import shown
from . import encodings, enumeration, guesses, masks
from .digests import Digests, recognise
from .guesses import Plan
from .wording import SENTENCES

SAMPLE = 32_768
_LONGEST = 200  # bytes: no digest and no identifier is longer
_COLUMNS_PER_QUERY = 20
_BORN_DAYS = 5
_ENOUGH = 3


@dataclass(frozen=True)
class Restorable:
    """One column and what is wrong with it. `level`: fails or warns; `params` fill the sentence of `code`.

    `tried` says for digests which guesses were made: kind, algorithm, salt (none, before, after), messages, and the
    chance (0 to 1) to have met one if the guess had been right.
    """

    column: str
    method: str
    level: str
    code: str
    params: dict[str, Any]
    tried: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return SENTENCES[self.code] % self.params


def find(
    connection: Connection, relation: str, columns: Sequence[Column], *, seed: int = 0, work: float | None = None
) -> list[Restorable]:
    """What of `relation` (SQL) can be restored.

    `work` is how many hashes (of MD5) all columns may take together, `guesses.WORK` unless it is given.
    """
    work = guesses.WORK if work is None else work
    found: dict[str, Restorable] = {}
    hashed: dict[Column, int] = {}
    looks: dict[str, masks.Looks] = {}
    for column, count, values in _samples(connection, relation, columns, seed):
        looks[column.name] = masks.look(values)
        written = encodings.find(values)
        if not (written and written.kind) and _digests(column, values):
            hashed[column] = count
        elif written:
            found[column.name] = _encoded(column.name, written)
    for part in masks.find(connection, relation, looks):
        found.setdefault(part.column, _masked(part))
    days = _birth_dates(connection, relation, columns) if hashed else {}
    if hashed and enumeration.search_of("md5") is None:
        work /= guesses.SLOWER
    for column, count in hashed.items():  # sampled anew: those of 2,000 columns are more than fit in memory
        digests = _digests(column, _sample(connection, relation, column, count, seed))
        near = _near_birth_dates(connection, relation, column.name, days)
        if digests:
            found[column.name] = _restored(column.name, digests, near, seed, work / len(hashed))
    return [found[column.name] for column in columns if column.name in found]


def _samples(
    connection: Connection, relation: str, columns: Sequence[Column], seed: int
) -> Iterator[tuple[Column, int, list[str]]]:
    """The columns of different values, about how many each has, and a sample of them; one sample at a time."""
    wanted = [column for column in columns if column.type in ("text", "integer")]
    for part, group in narrow.in_groups(connection, relation, wanted):
        for column, count in _count_plausible(connection, part, group):
            if count > 1 and (values := _sample(connection, part, column, count, seed)):
                yield column, count, values


def _digests(column: Column, values: list[str]) -> Digests | None:
    return recognise(values) if column.type == "text" else None


def _plausible(column: Column) -> str:
    name = database.name(column.name)
    return f"{name} IS NOT NULL AND strlen(CAST({name} AS VARCHAR)) BETWEEN 1 AND {_LONGEST}"


def _count_plausible(connection: Connection, relation: str, columns: Sequence[Column]) -> Iterator[tuple[Column, int]]:
    """About how many different values of a plausible length each column of text or whole numbers has."""
    for start in range(0, len(columns), _COLUMNS_PER_QUERY):
        batch = columns[start : start + _COLUMNS_PER_QUERY]
        counts = (
            f"approx_count_distinct(CASE WHEN {_plausible(column)} THEN {database.name(column.name)} END)"
            for column in batch
        )
        yield from zip(batch, database.one(connection, f"SELECT {', '.join(counts)} FROM {relation}"), strict=True)


def _sample(connection: Connection, relation: str, column: Column, count: int, seed: int) -> list[str]:
    name, share = database.name(column.name), max(1, count // (SAMPLE // 2))
    rows = connection.execute(
        f"SELECT DISTINCT CAST({name} AS VARCHAR) AS v FROM {relation} WHERE {_plausible(column)} "
        f"AND hash({name}) % {share} = {seed % share} ORDER BY v LIMIT {SAMPLE}"
    ).fetchall()
    return [row[0] for row in rows]


def _birth_dates(connection: Connection, relation: str, columns: Sequence[Column]) -> dict[str, list[date]]:
    """The commonest days of each column of dates that people may have been born on."""
    days = {}
    dates = [column for column in columns if column.type == "date"]
    for part, group in narrow.in_groups(connection, relation, dates):
        for column in group:
            name = database.name(column.name)
            rows = connection.execute(
                f"SELECT CAST({name} AS DATE) AS d FROM {part} WHERE {name} BETWEEN DATE '1900-01-01' "
                f"AND DATE '2099-12-31' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {_BORN_DAYS}"
            ).fetchall()
            if rows:
                days[column.name] = [row[0] for row in rows]
    return days


def _near_birth_dates(
    connection: Connection, relation: str, column: str, days: dict[str, list[date]]
) -> Iterator[tuple[list[date], Digests]]:
    """For each column of dates its commonest days, and the digests that stand beside them."""
    name = database.name(column)
    for other, dates in days.items():
        listed = ", ".join(f"DATE '{day.isoformat()}'" for day in dates)
        rows = connection.execute(
            f"SELECT DISTINCT {name} AS v FROM {relation} WHERE CAST({database.name(other)} AS DATE) IN ({listed}) "
            f"AND {name} IS NOT NULL ORDER BY v LIMIT 2000"
        ).fetchall()
        near = recognise([row[0] for row in rows])
        if near:
            yield dates, near


def _restored(
    column: str, digests: Digests, near: Iterator[tuple[list[date], Digests]], seed: int, work: float
) -> Restorable:
    tried: list[dict[str, Any]] = []
    for planned, wanted in _plans(column, digests, near, work):
        outcome = enumeration.enumerate_keys(
            planned.guess, wanted.values, planned.messages, enough=_enough(wanted), seed=seed
        )
        tried.append(_attempt(planned))
        if guesses.convincing(
            targets=outcome.targets, digests=len(wanted.values), messages=outcome.messages, width=wanted.bytes
        ):
            return _inverted(column, wanted, planned, outcome.targets, tried)
    params = {"column": shown(column), "tried": len(tried)}
    return Restorable(column, "keyed_or_unknown", "warns", "keyed_or_unknown", params, tried)


def _plans(
    column: str, digests: Digests, near: Iterator[tuple[list[date], Digests]], work: float
) -> Iterator[tuple[Plan, Digests]]:
    left = work
    for dates, beside in near:
        for planned in _plan(guesses.with_birth_dates(beside, dates), 0, beside, left):
            left -= planned.work
            yield planned, beside
    for planned in _plan(guesses.guesses(digests, column), len(guesses.foremost(digests)), digests, left):
        yield planned, digests


def _plan(candidates: Iterator[guesses.Guess], likely: int, digests: Digests, work: float) -> Iterator[Plan]:
    return guesses.plan(candidates, likely, len(digests.values), digests.bytes, work)


def _enough(digests: Digests) -> int:
    return _ENOUGH if digests.bytes >= 8 else len(digests.values) + 1


def _attempt(planned: Plan) -> dict[str, Any]:
    guess = planned.guess
    return {
        "kind": guess.space.kind,
        "shape": guess.space.shape,
        "algorithm": guess.algorithm,
        "salt": guess.salt,
        "messages": planned.messages,
        "chance": round(planned.chance, 6),
    }


_ALGORITHM_NAMES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sm3": "SM3"}


def _inverted(column: str, digests: Digests, planned: Plan, found: int, tried: list[dict[str, Any]]) -> Restorable:
    guess = planned.guess
    params = {
        "column": shown(column),
        "algorithm": _ALGORITHM_NAMES[guess.algorithm],
        "kind": guess.space.kind,
        "found": found,
        "values": len(np.unique(digests.values, axis=0)),
    }
    code = "hash_restored" if guess.salt == "none" else "salted_hash_restored"
    return Restorable(column, f"{guess.algorithm}_{guess.space.kind}", "fails", code, params, tried)


def _encoded(column: str, found: encodings.Written) -> Restorable:
    params = {"column": shown(column), "kind": found.kind, "method": found.method}
    if not found.kind:
        return Restorable(column, found.method, "warns", "encoded_text", params)
    code = "offset_restored" if found.method == "offset" else "encoding_restored"
    return Restorable(column, found.method, "fails", code, params)


def _masked(part: masks.Part) -> Restorable:
    params = {
        "column": shown(part.column),
        "other": shown(part.other),
        "kind": part.kind,
        "possible": part.possible,
    }
    return Restorable(part.column, part.code, part.level, part.code, params)
