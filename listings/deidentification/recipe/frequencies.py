"""What the search works on: every combination of quasi-identifiers once, as codes, with its number of rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import database
from ..database import Column, Connection
from . import columns as column_steps
from . import kernels
from .hierarchies import Tree
from .ladders import Ladder

Ints = NDArray[np.int32]
_ORDERED = ("integer", "decimal", "date")


@dataclass(frozen=True)
class Climb:
    """One column's way up: `maps[level]` turns a code into that of the value above it (the last level: all one),
    `sizes[level]` are the numbers of codes there, `losses[level]` the share of the column's information lost there,
    `left[level][code]` what one more cell of a code would lose if it were taken out."""

    maps: list[Ints]
    sizes: list[int]
    losses: list[float]
    left: list[NDArray[np.float64]]


@dataclass(frozen=True)
class Entries:
    """Combinations with a subject (or none: −1) and a sensitive value (or none: 0), ordered by value and subject."""

    combination: Ints
    value: Ints
    subject: Ints
    weight: NDArray[np.int64]
    values: int
    ordered: bool = False


_NONE = np.zeros(0, np.int32)
_NOBODY = Entries(_NONE, _NONE, _NONE, np.zeros(0, np.int64), 1)


@dataclass(frozen=True)
class Frequencies:
    """`codes[column][combination]`; `rows` of each combination; `sizes` whom k counts where there is a subject (else
    rows), `sensitive` one for each attribute."""

    codes: list[Ints]
    rows: NDArray[np.int64]
    sizes: Entries
    sensitive: list[Entries]
    climbs: list[Climb]
    total: int
    has_subject: bool

    @property
    def bulk(self) -> int:
        """How much there is to look at."""
        return self.rows.size + sum(each.combination.size for each in (self.sizes, *self.sensitive))


def read(
    connection: Connection,
    source: str,
    ladders: list[Ladder],
    *,
    sensitive: list[Column],
    subject: str | None,
    trees: dict[str, Tree],
) -> Frequencies:
    """Count `source` (SQL) once by all quasi-identifiers, as codes. A null is a value like any other."""
    names = [ladder.column.name for ladder in ladders]
    chosen = [f"{database.name(name)} AS v{number}" for number, name in enumerate(names)]
    chosen += [f"{database.name(column.name)} AS s{number}" for number, column in enumerate(sensitive)]
    chosen += [f"{database.name(subject)} AS u"] if subject else []
    marked = f"SELECT {', '.join(['1 AS here', *chosen])} FROM ({source})"
    keys = [f"v{number}" for number in range(len(names))]
    values = [f"s{number}" for number in range(len(sensitive))]
    climbs = []
    for key, ladder in zip(keys, ladders, strict=True):
        _dictionary(connection, marked, key)
        climbs.append(_climb(connection, key, ladder, trees))
    for key in [*values, *(["u"] if subject else [])]:
        _dictionary(connection, marked, key)
    _code(connection, marked, keys, values, bool(subject))
    codes, rows = _combine(connection, keys)
    additive = not subject or _is_additive(connection)
    everybody = _entries(connection, None, True, additive, None) if subject else _NOBODY
    entries = [
        _entries(connection, value, bool(subject), additive, column)
        for value, column in zip(values, sensitive, strict=True)
    ]
    return Frequencies(codes, rows, everybody, entries, climbs, int(rows.sum()), bool(subject))


def _dictionary(connection: Connection, marked: str, key: str) -> None:
    """Table `d_<key>`: every value, its code in the order of the values (null last), its number of rows."""
    code = "CAST(row_number() OVER (ORDER BY value NULLS LAST) - 1 AS INTEGER)"
    connection.execute(
        f"CREATE TEMP TABLE d_{key} AS SELECT value, {code} AS code, n FROM ("
        f"SELECT {key} AS value, count(*) AS n FROM ({marked}) GROUP BY {key})"
    )


def _climb(connection: Connection, key: str, ladder: Ladder, trees: dict[str, Tree]) -> Climb:
    maps, counts = [], _numpy(connection, f"SELECT n FROM d_{key} ORDER BY code")[0].astype(np.float64)
    for rung in ladder.rungs[:-1]:
        source = f"SELECT code, value FROM d_{key}"
        for step in rung:
            source = column_steps.relation(
                connection, source, replace(step, given={**step.given, "column": "value"}), trees
            )
        coded = (
            f"SELECT CAST(dense_rank() OVER (ORDER BY value NULLS LAST) - 1 AS INTEGER) AS above, code FROM ({source})"
        )
        maps.append(_numpy(connection, f"SELECT above FROM ({coded}) ORDER BY code")[0].astype(np.int32))
    maps.append(np.zeros(len(counts), dtype=np.int32))
    return _with_losses(maps, counts)


def _with_losses(maps: list[Ints], counts: NDArray[np.float64]) -> Climb:
    """Non-uniform entropy (de Waal and Willenborg 1999): −log₂ of the chance of the value, knowing what is above it.

    As shares of what is lost when the column goes: 0 at the bottom, 1 at the top. A column of one value has nothing
    to lose.
    """
    total = counts.sum()
    most = float((counts * np.log2(total / counts)).sum()) or 1.0
    groups = [np.bincount(above, weights=counts) for above in maps]
    left = [np.log2(total / each) / most for each in groups]
    losses = [float((each * np.log2(each)).sum() - (counts * np.log2(counts)).sum()) / most for each in groups]
    return Climb(maps, [each.size for each in groups], losses, left)


def _code(connection: Connection, marked: str, keys: list[str], values: list[str], has_subject: bool) -> None:
    """Table `coded`: the rows as codes."""
    coded = [*keys, *values, *(["u"] if has_subject else [])]
    joins = " ".join(f"JOIN d_{key} ON m.{key} IS NOT DISTINCT FROM d_{key}.value" for key in coded)
    chosen = ", ".join(f"d_{key}.code AS {key}" for key in [*keys, *values])
    subject = ", CASE WHEN m.u IS NOT NULL THEN d_u.code END AS u" if has_subject else ""
    connection.execute(f"CREATE TEMP TABLE coded AS SELECT {chosen}{subject} FROM ({marked}) AS m {joins}")


def _combine(connection: Connection, keys: list[str]) -> tuple[list[Ints], NDArray[np.int64]]:
    """Table `combinations`, numbered."""
    columns = ", ".join(keys)
    connection.execute(
        f"CREATE TEMP TABLE combinations AS SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS id, * "
        f"FROM (SELECT {columns}, count(*) AS n FROM coded GROUP BY {columns})"
    )
    *codes, rows = _numpy(connection, f"SELECT {columns}, n FROM combinations ORDER BY id")
    return [code.astype(np.int32) for code in codes], rows.astype(np.int64)


def _is_additive(connection: Connection) -> bool:
    """Whether no subject appears in two combinations: then the subjects of combinations add up."""
    columns = "SELECT DISTINCT * EXCLUDE (id, n) FROM combinations"
    keys = [row[0] for row in connection.execute(f"DESCRIBE {columns}").fetchall()]
    pairs = f"SELECT DISTINCT {', '.join(keys)}, u FROM coded WHERE u IS NOT NULL"
    count, distinct = database.one(connection, f"SELECT count(*), count(DISTINCT u) FROM ({pairs})")
    return count == distinct


def _entries(
    connection: Connection, value: str | None, has_subject: bool, additive: bool, column: Column | None
) -> Entries:
    """Whom a class counts: rows or subjects, for each sensitive value apart where there is one."""
    keys = [row[0] for row in connection.execute("DESCRIBE combinations").fetchall() if row[0] not in ("id", "n")]
    chosen = ["id", f"{value or 0} AS s"]
    joined = f"coded JOIN combinations USING ({', '.join(keys)})"
    if not has_subject:
        query = f"SELECT {', '.join(chosen)}, -1 AS u, count(*) AS w FROM {joined} GROUP BY id, s"
    elif additive:
        query = (
            f"SELECT id, s, -1 AS u, count(*) AS w FROM (SELECT DISTINCT {', '.join(chosen)}, u FROM {joined} "
            "WHERE u IS NOT NULL) GROUP BY id, s"
        )
    else:
        query = f"SELECT DISTINCT {', '.join(chosen)}, u, 1 AS w FROM {joined} WHERE u IS NOT NULL"
    arrays = _numpy(connection, f"SELECT id, s, u, w FROM ({query}) ORDER BY s, u, id")
    combination, values, subject = (array.astype(np.int32) for array in arrays[:3])
    count = database.one(connection, f"SELECT count(*) FROM d_{value}")[0] if value else 1
    return Entries(
        combination, values, subject, arrays[3].astype(np.int64), count, column is not None and column.type in _ORDERED
    )


def _numpy(connection: Connection, query: str) -> list[NDArray[Any]]:
    return [np.asarray(array) for array in connection.execute(query).fetchnumpy().values()]


def above(frequencies: Frequencies, levels: tuple[int, ...]) -> tuple[list[Ints], Ints, int]:
    """Of every combination the codes at `levels` and the number of its class there; and how many classes there are."""
    climbs = frequencies.climbs
    codes = [climb.maps[level][code] for climb, level, code in zip(climbs, levels, frequencies.codes, strict=True)]
    return codes, *_number(codes, [climb.sizes[level] for climb, level in zip(climbs, levels, strict=True)])


def raised(frequencies: Frequencies, levels: tuple[int, ...], codes: list[Ints], ids: Ints, count: int) -> Frequencies:
    """The same counts at `levels` (codes, ids and count as of `above`): from there on up nothing differs, and there is
    less to look at."""
    first = np.zeros(count, np.int64)
    first[ids[::-1]] = np.arange(ids.size)[::-1]
    return Frequencies(
        [code[first] for code in codes],
        np.bincount(ids, weights=frequencies.rows, minlength=count).astype(np.int64),
        _together(frequencies.sizes, ids, count),
        [_together(entries, ids, count) for entries in frequencies.sensitive],
        [_raised_climb(climb, level) for climb, level in zip(frequencies.climbs, levels, strict=True)],
        frequencies.total,
        frequencies.has_subject,
    )


def _raised_climb(climb: Climb, base: int) -> Climb:
    """Levels keep their numbers; what is under the base is not to be asked for any more."""
    maps = list(climb.maps)
    for level in range(base, len(maps)):
        above = np.zeros(climb.sizes[base], np.int32)
        above[climb.maps[base]] = climb.maps[level]
        maps[level] = above
    return Climb(maps, climb.sizes, climb.losses, climb.left)


def _together(entries: Entries, ids: Ints, count: int) -> Entries:
    combination = ids[entries.combination]
    if entries.subject.size and entries.subject[0] >= 0:
        return replace(entries, combination=combination)
    keys = entries.value.astype(np.int64) * count + combination
    numbers, many = kernels.number_keys(keys, count * entries.values)
    first = np.zeros(many, np.int64)
    first[numbers[::-1]] = np.arange(numbers.size)[::-1]
    weight = np.bincount(numbers, weights=entries.weight, minlength=many).astype(np.int64)
    return replace(
        entries,
        combination=combination[first],
        value=entries.value[first],
        subject=entries.subject[first],
        weight=weight,
    )


def _number(codes: list[Ints], sizes: list[int]) -> tuple[Ints, int]:
    """A number for each different row of codes; exact, however many values the columns have."""
    keys, space = np.zeros(codes[0].size if codes else 0, np.int64), 1
    for code, size in zip(codes, sizes, strict=True):
        if space * size >= 2**62:
            ids, space = kernels.number_keys(keys, space)
            keys = ids.astype(np.int64)
        if size > 1:
            keys *= size
            keys += code
            space *= size
    ids, count = kernels.number_keys(keys, space)
    return ids, count
