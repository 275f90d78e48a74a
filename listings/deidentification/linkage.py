"""What two files reveal together to one who holds both, and neither reveals alone (modelled on Art. 35).

Ways from a row of one file to a row of the other: the same subject key (a pseudonym that both files use); a column
declared to be a pseudonym in each, whatever its name; columns of the same name with values in common; and these
together with columns of other names that hold the same (`_other_names`). Each way is followed; the one that singles
out the largest share counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import database
from .database import Connection
from .reasons import BadCommand

_NUMBERS = ("integer", "decimal")
_LIKE = ("text", "date", "integer")  # types of which columns of different names may hold the same
_SHARED = 0.5  # of the different values of the column with fewer
_MOST_OTHERS = 50  # columns of each file: every one of them is compared with every one of the others
_LEAST, _LEAST_NUMBERS = 2, 100  # values shared; small numbers count something in every file


@dataclass(frozen=True)
class Side:
    """One file, and what of it the holder has: `fields`, and the roles that its seller marked.

    Where the file has no quasi-identifier marked, every field that is neither sensitive nor the subject counts as one.
    The subject always counts whom a row is about; it links only where it is among the fields, and so do `pseudonyms`,
    the columns that the seller declared to be some.
    """

    parquet: Path
    fields: list[str]
    quasi_identifiers: list[str]
    sensitive: list[str]
    subject: str | None
    pseudonyms: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """The fields that stand for persons: declared pseudonyms and the subject."""
        return [name for name in self.fields if name in self.pseudonyms or name == self.subject]

    @property
    def marked(self) -> list[str]:
        if self.quasi_identifiers:
            return [name for name in self.fields if name in self.quasi_identifiers]
        return [name for name in self.fields if name not in self.sensitive and name != self.subject]


@dataclass(frozen=True)
class Linkage:
    """What the pair comes to.

    `method` is `subject`, `pseudonym`, `columns` or `nothing`; `shared` names what links, as the first file calls it,
    and `this = that` where the second calls it otherwise. `subjects` and `k` are those of the two files alone, by their
    own quasi-identifiers among the fields. `linked` are the subjects of the first file that meet one of the second. A
    class of the join agrees in the quasi-identifiers of both files; `k_together` is the smallest, in subjects (by
    columns: in meetings of two subjects). `singled_out` are the subjects of the first file that are alone with their
    one partner in a class of the join, while neither is alone in a class of its own file; `share` is their share of the
    linked (0 to 1). A column that either file marks as quasi-identifier counts as one in the join. Null agrees with
    null within a class, but links nobody.
    """

    method: str
    shared: list[str]
    subjects: list[int]
    k: list[int]
    k_together: int | None
    linked: int
    singled_out: int
    share: float


def measure_linkage(first: Side, second: Side) -> Linkage:
    """Measure the pair. Raises UnknownColumn for a field or role that a file does not have, BadCommand (no_fields)."""
    if not first.fields or not second.fields:
        raise BadCommand("no_fields")
    with database.open_database(reads=[first.parquet, second.parquet]) as connection:
        types = [_open(connection, table, side) for table, side in (("a", first), ("b", second))]
        by_name = _common(first, second)
        known = (first.subject, second.subject)  # this pair is a way of its own
        keys = [(one, other) for one in first.keys for other in second.keys if (one, other) != known]
        others = _other_names(connection, first, second, types, by_name)
        common = [*by_name, *others, *keys]
        for table, side, names in (
            ("a", first, [pair[0] for pair in common]), ("b", second, [pair[1] for pair in common]),
        ):  # fmt: skip
            _prepare(connection, table, side, names, [_link_type(types, pair) for pair in common])
        alone = [_alone(connection, table, len(side.marked)) for table, side in (("a", first), ("b", second))]
        subjects, k = [one[0] for one in alone], [one[1] for one in alone]
        found = [
            Linkage(method, shared, subjects, k, together, linked, singled_out, round(singled_out / linked, 6))
            for method, shared, (together, linked, singled_out) in _ways(
                connection, first, second, by_name, others, keys
            )
            if linked
        ]
    nothing = Linkage("nothing", [], subjects, k, None, 0, 0, 0.0)
    return max(found, key=lambda one: (one.share, one.singled_out), default=nothing)


def _open(connection: Connection, table: str, side: Side) -> dict[str, str]:
    """The file as view `file_a` or `file_b`; its columns with their types."""
    connection.execute(f"CREATE TEMP VIEW file_{table} AS SELECT * FROM read_parquet({database.path(side.parquet)})")
    columns = database.columns_of(connection, f"file_{table}")
    roles = [*side.quasi_identifiers, *side.sensitive, *([side.subject] if side.subject else [])]
    database.check_known(columns, [*side.fields, *roles])
    return {column.name: column.type for column in columns}


def _common(first: Side, second: Side) -> list[tuple[str, str]]:
    """Fields that bear the same name in both files; capital and small letters count as the same.

    Two subject columns are the other way's affair: nobody is known by a pseudonym.
    """
    others = {name.strip().casefold(): name for name in second.fields}
    pairs = [(name, others.get(name.strip().casefold())) for name in first.fields]
    return [(one, other) for one, other in pairs if other and (one, other) != (first.subject, second.subject)]


def _other_names(
    connection: Connection, first: Side, second: Side, types: list[dict[str, str]], by_name: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Fields of different names that hold the same: of one type, and at least half of the different values of the
    column with fewer are in the other too. Each is paired once, what has most in common first. Of wide files fifty
    columns each are compared, quasi-identifiers first."""
    taken = [{pair[side] for pair in by_name} for side in (0, 1)]
    open_: list[list[tuple[str, str]]] = []
    for table, side, number in (("a", first, 0), ("b", second, 1)):
        names = [
            name for name in _marked_first(side)
            if name not in taken[number] and name not in side.keys and types[number][name] in _LIKE
        ][:_MOST_OTHERS]  # fmt: skip
        open_.append([(name, f"values_{table}{place}") for place, name in enumerate(names)])
    kinds = {types[0][name] for name, _table in open_[0]} & {types[1][name] for name, _table in open_[1]}
    for table, number in (("a", 0), ("b", 1)):
        for name, values in open_[number]:
            if types[number][name] in kinds:
                column = database.name(name)
                connection.execute(f"CREATE TEMP TABLE {values} AS SELECT DISTINCT {column} AS value FROM file_{table} "
                                   f"WHERE {column} IS NOT NULL")  # fmt: skip
    likeness = [
        (share, one, other)
        for one, values in open_[0]
        for other, others in open_[1]
        if types[0][one] == types[1][other]
        and (share := _likeness(connection, values, others, types[0][one] in _NUMBERS)) >= _SHARED
    ]
    return _best_pairs(likeness)


def _marked_first(side: Side) -> list[str]:
    return sorted(side.fields, key=lambda name: name not in side.quasi_identifiers)


def _likeness(connection: Connection, one: str, other: str, are_numbers: bool) -> float:
    """Share of the smaller set of values that is in the other as well; 0 where too few are to mean anything."""
    shared, fewer = database.one(
        connection,
        f"SELECT (SELECT count(*) FROM {one} SEMI JOIN {other} USING (value)), "
        f"least((SELECT count(*) FROM {one}), (SELECT count(*) FROM {other}))",
    )
    return shared / fewer if shared >= (_LEAST_NUMBERS if are_numbers else _LEAST) else 0.0


def _best_pairs(likeness: list[tuple[float, str, str]]) -> list[tuple[str, str]]:
    """Each column with one other, the most alike first; of equal ones the first by name, so that the order of the
    fields changes nothing."""
    pairs: list[tuple[str, str]] = []
    for _share, one, other in sorted(likeness, key=lambda row: (-row[0], row[1], row[2])):
        if all(one != taken and other != its for taken, its in pairs):
            pairs.append((one, other))
    return pairs


def _link_type(types: list[dict[str, str]], pair: tuple[str, str]) -> str:
    """In which type values of the two columns are compared: numbers as numbers, everything else as it is written."""
    both = (types[0][pair[0]], types[1][pair[1]])
    return "DOUBLE" if all(kind in _NUMBERS for kind in both) else "VARCHAR"


def _prepare(connection: Connection, table: str, side: Side, links: list[str], kinds: list[str]) -> None:
    """Table `a` or `b`: u (whom the row is about), q0… (quasi-identifiers), l0… (columns of the same name)."""
    subject = (
        f"CAST({database.name(side.subject)} AS VARCHAR)" if side.subject else "CAST(row_number() OVER () AS VARCHAR)"
    )
    chosen = [f"{subject} AS u", "true AS here"]
    chosen += [f"{database.name(name)} AS q{number}" for number, name in enumerate(side.marked)]
    chosen += [
        f"CAST({database.name(name)} AS {kind}) AS l{number}"
        for number, (name, kind) in enumerate(zip(links, kinds, strict=True))
    ]
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {', '.join(chosen)} FROM file_{table}")


def _alone(connection: Connection, table: str, marked: int) -> tuple[int, int]:
    """Subjects and k of one file; table `alone_a` or `alone_b` holds who is alone in a class."""
    connection.execute(
        f"CREATE TEMP TABLE classes_{table} AS SELECT count(DISTINCT u) AS n, min(u) AS w FROM {table} "
        f"GROUP BY {_list('here', _names('q', marked))}"
    )
    connection.execute(f"CREATE TEMP TABLE alone_{table} AS SELECT w FROM classes_{table} WHERE n = 1")
    subjects = database.one(connection, f"SELECT count(DISTINCT u) FROM {table}")[0]
    return subjects, database.one(connection, f"SELECT coalesce(min(n), 0) FROM classes_{table}")[0]


def _ways(
    connection: Connection, first: Side, second: Side, by_name: list[tuple[str, str]], others: list[tuple[str, str]],
    keys: list[tuple[str, str]],
) -> Iterator[tuple[str, list[str], tuple[Any, ...]]]:  # fmt: skip
    """(method, shared, (k together, linked, singled out)) of each way from one file to the other."""
    sizes = len(first.marked), len(second.marked)
    if first.subject in first.fields and second.subject in second.fields:
        yield "subject", [str(first.subject)], _by_subject(connection, *sizes)
    common, named = [*by_name, *others, *keys], len(by_name)
    overlapping = [number for number in range(len(common)) if _overlaps(connection, number)]
    known = [
        number for number in overlapping if common[number][0] in first.marked or common[number][1] in second.marked
    ]
    same_name = [number for number in overlapping if number < named]
    by_columns = [number for number in overlapping if number < named + len(others)]
    ways = [[number for number in same_name if number in known], same_name]
    ways += [[number for number in by_columns if number in known], by_columns]
    chosen = {tuple(links): "columns" for links in ways if links}
    chosen |= {(number,): "pseudonym" for number in overlapping if number >= named + len(others)}
    for links, method in chosen.items():
        yield method, [_said(common[number]) for number in links], _by_columns(connection, links, *sizes)


def _said(pair: tuple[str, str]) -> str:
    same = pair[0].strip().casefold() == pair[1].strip().casefold()
    return pair[0] if same else f"{pair[0]} = {pair[1]}"


def _overlaps(connection: Connection, number: int) -> bool:
    shared = f"SELECT l{number} AS value FROM a INTERSECT SELECT l{number} FROM b"
    return bool(database.one(connection, f"SELECT count(value) FROM ({shared})")[0])


def _by_subject(connection: Connection, first: int, second: int) -> tuple[Any, ...]:
    qa, qb = _names("q", first), _names("q", second)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE met AS SELECT count(*) AS n, min(x.u) AS w "
        f"FROM (SELECT DISTINCT {_list('here', 'u', qa)} FROM a) AS x "
        f"JOIN (SELECT DISTINCT {_list('here', 'u', qb)} FROM b) AS y ON x.u = y.u "
        f"GROUP BY {_list('x.here', [f'x.{name}' for name in qa], [f'y.{name}' for name in qb])}"
    )
    linked = "SELECT count(*) FROM (SELECT u FROM a WHERE u IS NOT NULL INTERSECT SELECT u FROM b)"
    singled = (
        "SELECT count(DISTINCT w) FROM met WHERE n = 1 "
        "AND w NOT IN (SELECT w FROM alone_a) AND w NOT IN (SELECT w FROM alone_b)"
    )
    together = database.one(connection, "SELECT min(n) FROM met")[0]
    return together, database.one(connection, linked)[0], database.one(connection, singled)[0]


def _by_columns(connection: Connection, links: tuple[int, ...], first: int, second: int) -> tuple[Any, ...]:
    """Classes of each file by links and quasi-identifiers meet where the links agree, then lose the links: those that
    anybody knows are quasi-identifiers of either file."""
    names, qa, qb = [f"l{number}" for number in links], _names("q", first), _names("q", second)
    for table, marked in (("a", qa), ("b", qb)):
        columns = _list("here", names, marked)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE by_{table} AS SELECT {columns}, count(DISTINCT u) AS n, min(u) AS w "
            f"FROM {table} WHERE u IS NOT NULL GROUP BY {columns}"
        )
    classes = _list("x.here", [f"x.{q}" for q in qa], [f"y.{q}" for q in qb])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE met AS SELECT sum(x.n * y.n) AS n, min(x.w) AS w, min(y.w) AS v, "
        "max(x.n * y.n) = 1 AND min(x.w) = max(x.w) AND min(y.w) = max(y.w) AS one "
        f"FROM by_a AS x JOIN by_b AS y USING ({_list(names)}) GROUP BY {classes}"
    )
    linked = f"SELECT count(DISTINCT u) FROM a SEMI JOIN by_b USING ({_list(names)})"
    singled = (
        "SELECT count(DISTINCT w) FROM met WHERE one "
        "AND w NOT IN (SELECT w FROM alone_a) AND v NOT IN (SELECT w FROM alone_b)"
    )
    together = database.one(connection, "SELECT min(CASE WHEN one THEN 1 ELSE n END)::BIGINT FROM met")[0]
    return together, database.one(connection, linked)[0], database.one(connection, singled)[0]


def _names(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def _list(*parts: str | list[str]) -> str:
    return ", ".join(name for part in parts for name in ([part] if isinstance(part, str) else part))
