"""Which columns act as quasi-identifiers or as the key of a person, whatever the seller marked, and why.

Suggested is a column with a known name (年龄, zip), and a column that belongs to a combination of at most four which
singles out more than one subject in a hundred. An adversary has to be able to know a value: text, dates, truth values
and whole numbers of at most 100 different values count as knowable. Amounts, counts and measured figures do not (by
name, or by being fractions or of more values), unless nearly every subject has a number of its own. A row number says
nothing, a pseudonym nothing that anybody knows: it names the subject instead.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import combinations, database, names, narrow
from .database import Column, Tables
from .reasons import sentence

_CODES = 100  # whole numbers of more different values measure something
_OWN_NUMBER = 0.9  # share of the rows from which different whole numbers name persons
_OPAQUE_LENGTH = 16  # bytes of the shortest pseudonym
_OPAQUE_SHARE = 0.9
_DIGEST = "[0-9A-Fa-f]{16,128}"
_UUID = "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_TOKEN = "[A-Za-z0-9+/_=-]{20,128}"


@dataclass(frozen=True)
class Facts:
    """What a column is like; `distinct` counts values without null, `long` cells as long as a pseudonym."""

    column: Column
    filled: int
    distinct: int
    long: int
    is_row_number: bool
    opaque: str = ""  # "digest", "uuid" or "token" where the cells are pseudonyms

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Suggestion:
    """A column that acts as a quasi-identifier, and a reason: code and parameters of a sentence in `reasons`."""

    column: str
    code: str
    params: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "column": self.column, "code": self.code, "params": self.params, "text": sentence(self.code, self.params)
        }  # fmt: skip


@dataclass(frozen=True)
class Suggested:
    """`subject` is the key of a person that nobody marked; `keys` are all columns that are like one."""

    columns: list[Suggestion]
    subject: str | None
    keys: list[str]


def describe(connection: Tables, relation: str, columns: Iterable[Column]) -> list[Facts]:
    """The facts of each column of `relation` (SQL), every cell counted."""
    rows = database.one(connection, f"SELECT count(*) FROM {relation}")[0]
    return [
        facts
        for part, group in narrow.in_groups(connection, relation, list(columns))
        for facts in _describe(connection, part, group, rows)
    ]


def _describe(connection: Tables, relation: str, columns: list[Column], rows: int) -> Iterator[Facts]:
    figures = database.each(connection, (_figures(column, relation) for column in columns))
    for column, (filled, distinct, long, span) in zip(columns, figures, strict=True):
        numbered = span is not None and span + 1 == rows == distinct
        facts = Facts(column, filled, distinct, long, numbered)
        yield replace(facts, opaque=_opaque(connection, relation, facts))


def suggest(
    connection: Tables,
    relation: str,
    facts: list[Facts],
    *,
    marked: list[str],
    sensitive: list[str],
    subject: str | None,
    least_share: float,
) -> Suggested:
    """Suggest for a file about persons; `least_share` is the share of singled-out subjects that counts."""
    keys = [each.name for each in facts if is_key(each)]
    free = [name for name in keys if name not in marked and name not in sensitive]
    who = subject or next(iter(free), None)
    known = list(_known(facts, [*marked, *([who] if who else [])], sensitive))
    settled = [*marked, *(suggestion.column for suggestion in known)]
    taken = {*settled, *sensitive, *free, who}
    open_ = [each for each in facts if each.name not in taken and _is_knowable(each)]
    usable = [each for each in facts if each.name in settled] + open_
    weights = {each.name: each.distinct for each in usable}
    found = combinations.search(
        connection, relation, weights, undecided=[each.name for each in open_], subject=who, least_share=least_share,
        width=len(facts),
    )  # fmt: skip
    suggestions = known + [
        Suggestion(name, "singles_out", {"column": name, "columns": ", ".join(together), "percent": _percent(share)})
        for name, (together, share) in found.items()
    ]  # fmt: skip
    order = [each.name for each in facts]
    suggestions.sort(key=lambda suggestion: order.index(suggestion.column))
    return Suggested(suggestions, None if subject else who, keys)


def is_key(facts: Facts) -> bool:
    """Does the column act as a key of persons: by its name, or by pseudonyms in it?

    A digest counts always, a UUID where it repeats: one that never does may number readings.
    """
    if facts.distinct < 2:
        return False
    repeats = facts.distinct < facts.filled
    by_cells = facts.opaque == "digest" or (facts.opaque in ("uuid", "token") and repeats)
    return by_cells or names.is_person_key(facts.name)


def _known(facts: list[Facts], settled: list[str], sensitive: list[str]) -> Iterator[Suggestion]:
    for each in facts:
        kind = names.known_as(each.name)
        if kind is None or each.distinct < 2 or each.name in settled or each.opaque:
            continue
        if each.name not in sensitive:
            yield Suggestion(each.name, f"known_{kind}", {"column": each.name})
        elif kind in names.OBVIOUS:
            yield Suggestion(each.name, "not_sensitive", {"column": each.name})


def _is_knowable(facts: Facts) -> bool:
    if facts.distinct == 0 or facts.is_row_number or facts.opaque:
        return False
    if facts.column.type == "decimal" or names.is_measure(facts.name):
        return False
    return facts.column.type != "integer" or facts.distinct <= _CODES or facts.distinct >= _OWN_NUMBER * facts.filled


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _figures(column: Column, relation: str) -> str:
    """One row of a query over the different values: cells, different values, long texts, span of whole numbers."""
    long = f"coalesce(sum(cells) FILTER (strlen(value) >= {_OPAQUE_LENGTH}), 0)" if column.type == "text" else "0"
    span = "CAST(max(value) AS HUGEINT) - min(value)" if column.type == "integer" else "NULL"
    values = f"SELECT {database.name(column.name)} AS value, count(*) AS cells FROM {relation} GROUP BY 1"
    return (
        f"SELECT CAST(coalesce(sum(cells), 0) AS BIGINT), count(*), CAST({long} AS BIGINT), {span} FROM ({values}) "
        "WHERE value IS NOT NULL"
    )


def _opaque(connection: Tables, relation: str, facts: Facts) -> str:
    """digest, uuid or token where at least nine in ten cells are one; most columns have too few long cells for that."""
    if facts.column.type != "text" or facts.distinct < 2 or facts.long / facts.filled < _OPAQUE_SHARE:
        return ""
    name = database.name(facts.name)
    mixed = f"regexp_matches({name}, '[0-9]') AND regexp_matches({name}, '[A-Za-z]')"
    shares = database.one(
        connection,
        f"SELECT avg(CAST(regexp_full_match({name}, '{_DIGEST}') AND {mixed} AS INT)), "
        f"avg(CAST(regexp_full_match({name}, '{_UUID}') AS INT)), "
        f"avg(CAST(regexp_full_match({name}, '{_TOKEN}') AND {mixed} AS INT)) "
        f"FROM {relation} WHERE {name} IS NOT NULL",
    )
    kinds = zip(("digest", "uuid", "token"), shares, strict=True)
    return next((kind for kind, share in kinds if share >= _OPAQUE_SHARE), "")
