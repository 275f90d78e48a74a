"""Simulated attacks on the people in a file: singling out, linkage, inference, homogeneity.

After the three risks of the Article 29 Working Party (opinion 5/2014) and the way Anonymeter puts them into figures:
a rate of success, a baseline, and an interval (Wilson, 95 %). Whoever is not sampled is counted in full. Everything
counts distinct subjects where there is a subject column, rows otherwise; rows without a subject count as nobody.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from typing import Any

from .. import database, narrow
from ..database import Column, Connection
from ..reasons import shown
from .wording import SENTENCES

MOST_COLUMNS = 4
CANDIDATES = 6  # columns that the greedy attacker considers
RANDOM_SHAPES = 12
PEOPLE = 2_000
NOISE = 10  # one known fact in so many is wrong
BANDS = 10
LINKAGE_FAILS, LINKAGE_WARNS = 1 / 5, 1 / 20  # as k of 5 (on the platform) and 20 (for download)
INFERENCE_FAILS, INFERENCE_WARNS = 0.5, 0.1  # share of what the baseline leaves open
_KEY_LIKE = 0.9  # columns with so many different values a row are keys or measurements nobody knows
_NUMBERS = ("integer", "decimal", "date")
_Z = 1.959964


@dataclass(frozen=True)
class Attack:
    """One attack. `rate` of `trials` succeeded, `low` to `high` is its interval; `baseline` is luck alone.

    `method`: singling_out, singling_out_any, linkage, linkage_noise, inference or homogeneity. `columns` are what the
    adversary knows, `sensitive` what is guessed. `level`: passes, warns or fails. All rates lie between 0 and 1.
    """

    method: str
    columns: list[str]
    sensitive: str | None
    trials: int
    successes: int
    rate: float
    low: float
    high: float
    baseline: float
    level: str
    code: str
    params: dict[str, Any]

    @property
    def text(self) -> str:
        return SENTENCES[self.code] % self.params


@dataclass(frozen=True)
class _Shape:
    """A combination of columns: how many classes it makes, how many hold one subject, and how many subjects that is."""

    columns: tuple[str, ...]
    classes: int
    alone: int
    isolated: int


def simulate(
    connection: Connection,
    relation: str,
    *,
    columns: Sequence[Column],
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    subject: str | None,
    seed: int,
) -> list[Attack]:
    """Attack `relation` (SQL), knowing the `quasi_identifiers` (all other columns where there are none)."""
    file = _File(connection, relation, subject)
    kinds = {column.name: column.type for column in columns}
    others = [c.name for c in columns if c.name != subject and c.name not in sensitive]
    known = list(quasi_identifiers) or others
    subjects = file.subjects()
    if not known or not subjects:
        return []
    chance = random.Random(seed)
    candidates = _distinctive(file, columns, others, keys=False) if len(others) > len(known) else []
    file = file.narrowed(len(columns), [*known, *candidates, *sensitive])
    found = _single_out(file, columns, known, subjects, chance)
    best = found.pop()
    found += _single_out_any(file, candidates, subjects)
    found += _link(file, best.columns, subjects, seed)
    for name in sensitive:
        found += _infer(file, known, name, kinds[name])
    return found


class _File:
    """The rows as the queries see them: `u` is the subject (or the row), `k` the class by some columns."""

    def __init__(self, connection: Connection, relation: str, subject: str | None) -> None:
        self.connection, self.relation, self.subject = connection, relation, subject
        who = f"hash({database.name(subject)})" if subject else "row_number() OVER ()"
        kept = f" WHERE {database.name(subject)} IS NOT NULL" if subject else ""
        self.rows = f"(SELECT *, {who} AS minshu_u FROM {relation}{kept})"

    def narrowed(self, width: int, names: Sequence[str]) -> "_File":
        """With these columns of its `width` only, where that makes the queries shorter."""
        part = narrow.of(self.connection, self.relation, width, "narrow_attacked", names, self.subject)
        return _File(self.connection, part, self.subject)

    def one(self, query: str) -> tuple[Any, ...]:
        return database.one(self.connection, query)

    def subjects(self) -> int:
        counted = "count(DISTINCT minshu_u)" if self.subject else "count(*)"
        return self.one(f"SELECT {counted} FROM {self.rows}")[0]

    def shape(self, names: Sequence[str]) -> _Shape:
        row = self.one(
            "SELECT count(*), count(*) FILTER (lo = hi), count(DISTINCT lo) FILTER (lo = hi) FROM "
            f"(SELECT min(minshu_u) AS lo, max(minshu_u) AS hi FROM {self.rows} GROUP BY {key(names)})"
        )
        return _Shape(tuple(names), *row)


def key(names: Sequence[str]) -> str:
    """One 64-bit key for the values of several columns; null is a value of its own."""
    return f"hash({', '.join(map(database.name, names))})"


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """The 95 % interval of a rate."""
    if not trials:
        return 0.0, 1.0
    rate, square = successes / trials, _Z * _Z
    middle = rate + square / (2 * trials)
    spread = _Z * sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    low, high = (middle - spread) / whole, (middle + spread) / whole
    return (low if successes else 0.0), (high if successes < trials else 1.0)


def _single_out(
    file: _File, columns: Sequence[Column], known: list[str], subjects: int, chance: random.Random
) -> list[Any]:
    """The attack on what is known, and behind it the best combination (for the next attacks)."""
    best, shapes = _greedy(file, _distinctive(file, columns, known, keys=True))
    shapes += [file.shape(names) for names in _random_shapes(known, chance)]
    best = max([best, *shapes], key=lambda shape: shape.isolated)
    asked, hit = sum(shape.classes for shape in shapes), sum(shape.alone for shape in shapes)
    params = {
        "columns": _listed(best.columns),
        "isolated": best.isolated,
        "subjects": subjects,
        "successes": hit,
        "queries": asked,
    }
    level = "fails" if best.isolated else "passes"
    return [_attack("singling_out", best.columns, None, subjects, best.isolated, 1 / subjects, level, params), best]


def _single_out_any(file: _File, candidates: list[str], subjects: int) -> list[Attack]:
    if not candidates:
        return []
    best, _ = _greedy(file, candidates)
    level = "warns" if best.isolated else "passes"
    params = {"columns": _listed(best.columns), "isolated": best.isolated, "subjects": subjects}
    return [_attack("singling_out_any", best.columns, None, subjects, best.isolated, 1 / subjects, level, params)]


def _distinctive(file: _File, columns: Sequence[Column], names: list[str], *, keys: bool) -> list[str]:
    """The columns with most different values, without those that have nearly one a row unless `keys`."""
    rows = 0
    distinct: dict[str, int] = {}
    chosen = [column for column in columns if column.name in names]
    for part, group in narrow.in_groups(file.connection, file.relation, chosen, file.subject):
        counts = ", ".join(f"approx_count_distinct({database.name(each.name)})" for each in group)
        rows, *found = file.one(f"SELECT count(*), {counts} FROM {_File(file.connection, part, file.subject).rows}")
        distinct |= {each.name: count for each, count in zip(group, found, strict=True)}
    ranked = sorted(((distinct[name], name) for name in names), reverse=True)
    return [name for count, name in ranked if keys or count < _KEY_LIKE * rows][:CANDIDATES]


def _greedy(file: _File, candidates: list[str]) -> tuple[_Shape, list[_Shape]]:
    """Column by column what isolates most; also everything that was asked on the way."""
    best, asked = _Shape((), 0, 0, -1), []
    while len(best.columns) < min(MOST_COLUMNS, len(candidates)):
        tried = [file.shape([*best.columns, name]) for name in candidates if name not in best.columns]
        asked += tried
        best = max(tried, key=lambda shape: (shape.isolated, shape.classes))
    return best, asked


def _random_shapes(known: list[str], chance: random.Random) -> list[tuple[str, ...]]:
    size = min(MOST_COLUMNS, len(known))
    if comb(len(known), size) <= RANDOM_SHAPES:
        return list(combinations(known, size))
    return [tuple(chance.sample(known, chance.randint(1, size))) for _ in range(RANDOM_SHAPES)]


def _link(file: _File, names: tuple[str, ...], subjects: int, seed: int) -> list[Attack]:
    """People of whom the best combination is known, exactly and with one fact in ten wrong, matched with the file."""
    connection, columns = file.connection, _listed(names)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT {key(names)} AS k, min(minshu_u) AS lo, max(minshu_u) AS hi, "
        f"{'count(DISTINCT minshu_u)' if file.subject else 'count(*)'} AS n FROM {file.rows} GROUP BY 1"
    )
    classes, pairs = file.one("SELECT count(*), sum(n) FROM met")
    _sample_people(file, names, subjects, seed)
    sample, exact = file.one(_matched("own"))[:2]
    _, found, wrong = file.one(_matched("noisy"))
    connection.execute("DROP TABLE met; DROP TABLE sample")
    expected = classes / pairs
    level = "fails" if expected > LINKAGE_FAILS else "warns" if expected > LINKAGE_WARNS else "passes"
    params = {"sample": sample, "columns": columns, "found": exact, "percent": f"{100 * expected:.2f}"}
    noisy = {"sample": sample, "found": found, "wrong": wrong}
    return [
        _attack("linkage", names, None, sample, exact, 1 / subjects, level, params),
        _attack("linkage_noise", names, None, sample, found, 1 / subjects, "warns" if found else "passes", noisy),
    ]


def _sample_people(file: _File, names: Sequence[str], subjects: int, seed: int) -> None:
    """Table `sample`: a row each of a sample of them, their key (`own`) and one with wrong facts (`noisy`)."""
    share = max(1, subjects // (2 * PEOPLE))
    chosen = ", ".join(f"{database.name(name)} AS c{number}" for number, name in enumerate(names))
    picked = f"SELECT {chosen}, minshu_u AS u, hash(minshu_u, {seed}) AS h FROM {file.rows}"
    known = [f"c{number}" for number in range(len(names))]
    wrong = ", ".join(
        f"CASE WHEN hash(h, {number}) % {NOISE} = 0 THEN lead({name}, {number + 1}) OVER (ORDER BY h) ELSE {name} END"
        for number, name in enumerate(known)
    )
    file.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sample AS SELECT u, hash({', '.join(known)}) AS own, hash({wrong}) AS noisy "
        f"FROM (SELECT * FROM ({picked}) WHERE h % {share} = 0 "
        f"QUALIFY row_number() OVER (PARTITION BY u ORDER BY {', '.join(known)}) = 1 "
        f"ORDER BY h LIMIT {PEOPLE})"
    )


def _matched(which: str) -> str:
    """People; those matched with one subject rightly; those matched with one wrongly."""
    return (
        "SELECT count(*), count(*) FILTER (lo = hi AND lo = u), count(*) FILTER (lo = hi AND lo <> u) "
        f"FROM sample LEFT JOIN met ON met.k = sample.{which}"
    )


def _infer(file: _File, known: Sequence[str], sensitive: str, kind: str) -> list[Attack]:
    """The best guess in each class, made without the person guessed, against the file's commonest value.

    A guess about a number or date counts as right within the same tenth of the file.
    """
    found, total, alike, guessed, base = _guesses(file, known, sensitive, kind)
    if not total:
        return []
    low, _ = wilson(guessed, total)
    gain = (low - base) / (1 - base) if base < 1 else 0.0
    level = "fails" if gain > INFERENCE_FAILS else "warns" if gain > INFERENCE_WARNS else "passes"
    columns = _listed(known)
    inferred = {
        "columns": columns,
        "column": shown(sensitive),
        "percent": f"{100 * guessed / total:.2f}",
        "base": f"{100 * base:.2f}",
    }
    same = {"columns": columns, "column": shown(sensitive), "found": alike, "subjects": found}
    return [
        _attack("inference", known, sensitive, total, round(guessed), base, level, inferred),
        _attack("homogeneity", known, sensitive, found, alike, 0.0, "fails" if alike else "passes", same),
    ]


def _guesses(file: _File, known: Sequence[str], sensitive: str, kind: str) -> tuple[int, int, int, float, float]:
    """Subjects and those in classes of one value; subjects in bands, how many guesses are right, and the baseline."""
    value = f"hash({database.name(sensitive)})"
    alike, subjects = _alike(file, known, value)
    counted = "count(DISTINCT minshu_u)" if file.subject else "count(*)"
    file.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT {key(known)} AS k, {_banded(file, sensitive, kind)} AS v, "
        f"{counted} AS n FROM {file.rows} GROUP BY 1, 2"  # a column of the file may be called k or v
    )
    total = file.one("SELECT coalesce(sum(n), 0) FROM held")[0]
    if not total:
        return subjects, 0, alike, 0.0, 0.0
    commonest, most = file.one("SELECT v, sum(n) AS m FROM held GROUP BY v ORDER BY m DESC, v LIMIT 1")
    # counted twice, as lists of the largest n of millions of classes do not spill
    guessed = file.one(
        "SELECT coalesce(sum(CASE WHEN many = 1 AND most = 1 THEN (one IS NOT DISTINCT FROM w)::INT "
        "WHEN firsts = 1 THEN most / least(16, 1 + seconds) ELSE 0 END), 0) "
        f"FROM (SELECT most, many, one, {_literal(commonest)} AS w, count(*) FILTER (n = most) AS firsts, "
        "count(*) FILTER (n = most - 1) AS seconds "
        "FROM held JOIN (SELECT k, max(n) AS most, count(*) AS many, min(v) AS one FROM held GROUP BY k) USING (k) "
        "GROUP BY k, most, many, one)"
    )[0]
    file.connection.execute("DROP TABLE held")
    # to six digits: in which order threads add thirds up must not decide how a half is rounded
    return subjects, int(total), alike, round(float(guessed), 6), float(most / total)


def _alike(file: _File, known: Sequence[str], value: str) -> tuple[int, int]:
    """Subjects (in each of their classes) whose class holds one value, and all of them."""
    counted = "count(DISTINCT minshu_u)" if file.subject else "count(*)"
    alike, total = file.one(
        f"SELECT sum(n) FILTER (lo = hi), sum(n) FROM (SELECT {counted} AS n, min({value}) AS lo, max({value}) AS hi "
        f"FROM {file.rows} GROUP BY {key(known)})"
    )
    return int(alike or 0), int(total or 0)


def _banded(file: _File, sensitive: str, kind: str) -> str:
    """Numbers and dates of many values as the tenth of the file they lie in, everything else as a hash."""
    name = database.name(sensitive)
    value = f"hash({name})"
    if kind not in _NUMBERS or file.one(f"SELECT approx_count_distinct({name}) FROM {file.rows}")[0] <= 2 * BANDS:
        return value
    number = f"epoch({name})" if kind == "date" else f"CAST({name} AS DOUBLE)"
    ends = ", ".join(f"min(v) FILTER (upto * {BANDS} >= total * {place})" for place in range(1, BANDS))
    # as quantile_disc, which would hold every cell in memory
    bounds = sorted(set(file.one(
        f"WITH counted AS (SELECT v, count(*) AS n FROM (SELECT {number} AS v FROM {file.rows}) "
        "WHERE v IS NOT NULL GROUP BY v), "
        "placed AS (SELECT v, sum(n) OVER (ORDER BY v) AS upto, sum(n) OVER () AS total FROM counted) "
        f"SELECT {ends} FROM placed"
    )))  # fmt: skip
    steps = " + ".join(f"({number} > {bound!r})::UBIGINT" for bound in bounds)
    return f"coalesce({steps}, 99::UBIGINT)"


def _literal(value: Any) -> str:
    return "NULL" if value is None else f"{value}::UBIGINT"


def _listed(names: Sequence[str]) -> str:
    """The columns for a sentence: at most six are named."""
    return ", ".join(map(shown, names[:6])) + (" …" if len(names) > 6 else "")


def _attack(
    method: str, columns: Sequence[str], sensitive: str | None, trials: int, successes: int, baseline: float,
    level: str, params: dict[str, Any],
) -> Attack:  # fmt: skip
    code = {"singling_out": "singled_out", "singling_out_any": "singled_out_any"}.get(method, method)
    low, high = wilson(successes, trials)
    rate = successes / trials if trials else 0.0
    return Attack(
        method=method,
        columns=list(columns),
        sensitive=sensitive,
        trials=trials,
        successes=successes,
        rate=round(rate, 6),
        low=round(low, 6),
        high=round(high, 6),
        baseline=round(baseline, 6),
        level=level,
        code=code,
        params=params,
    )
