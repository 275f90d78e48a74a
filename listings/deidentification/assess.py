"""The test of Art. 17 on one canonical file: identifiers in any cell, and whom the rest singles out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from . import apart, database, engines, progress, roles, verdict
from .attacks import stage
from .attacks.simulation import Attack
from .classes import measure
from .database import Column, Connection, Tables
from .identifiers import IdentifierHit, scan
from .reasons import BadCommand, shown
from .report import Report
from .rules import Rules
from .verdict import Findings, Measured

MODES = ("platform", "download")
ABOUT = ("persons", "households", "organisations", "none")


@dataclass(frozen=True)
class Task:
    """What is asked of the file: whom the rows are about, the roles of the columns, the rules, the delivery mode."""

    about: str
    subject: str | None
    quasi_identifiers: list[str]
    sensitive: list[str]
    identifiers: list[str]
    rules: Rules
    mode: str


def assess(
    parquet: Path,
    *,
    about: str,
    subject: str | None,
    quasi_identifiers: list[str],
    sensitive: list[str],
    rules: Rules,
    today: date,
    mode: str = "platform",
    identifiers: list[str] | None = None,
    population: Path | None = None,
    engine: str = engines.DUCKDB,
) -> Report:
    """Assess the canonical file `parquet`; the same file and day give the same report.

    Measured over the marked quasi-identifiers, and again with those that `roles` suggests; both have to be under the
    thresholds. A file about somebody in which no column is marked nor suggested does not pass. `mode` is how the
    data is to be delivered: the report passes only if k allows that. A file about nobody ("none") is only scanned, for
    identifiers and for keys of persons. `identifiers` name persons, as the owner says, and must not be in the file.
    `population` is the canonical file of everybody of whom this may be a part. `engine` is where it is counted:
    "duckdb", "ibis" or the master of a Spark (`engines`). Raises UnknownColumn, Unavailable and BadCommand
    (bad_command, role_conflict, population_lacks).
    """
    task = Task(about, subject, quasi_identifiers, sensitive, identifiers or [], rules, mode)
    with _open(parquet, population, engine) as file:
        _check(file.columns, task)
        progress.report("identifiers", 5)
        apart_ = apart.scan if apart.is_worth(parquet) else None
        elsewhere = getattr(file.tables, "scan", apart_)
        hits = scan(file.connection, "data", file.columns, today=today, parquet=parquet, elsewhere=elsewhere)
        labels = _labels(file.columns, hits)
        file = _relabel(file, labels)
        hits = [replace(hit, column=labels[hit.column]) for hit in hits]
        # arrays count a file whose columns have their own names, in this process
        plain = parquet if file.tables is file.connection and all(map(str.__eq__, labels, labels.values())) else None
        findings = _find(file, _relabelled(task, labels), hits, plain)
        report = verdict.report(findings, rules=rules, mode=mode)
        progress.report("classes", 70)
    with _anew(parquet, labels) as file:
        attacks = _attack(file.connection, file.columns, report)
    with _anew(parquet, labels) as file:
        restorable = stage.restore(file.connection, "data_as", file.columns)
    return stage.heed(report, stage.Attacked(attacks, restorable))


@dataclass(frozen=True)
class _File:
    """An open file: the view `data`, its population `people`; under the names of the report `data_as`, `people_as`.

    `tables` answers what grows with the file; it is the connection itself unless a Spark does.
    """

    connection: Connection
    tables: Tables
    columns: list[Column]
    people: list[Column] | None


@contextmanager
def _open(parquet: Path, population: Path | None, engine: str) -> Iterator[_File]:
    files = {"data": parquet, **({"people": population} if population else {})}
    with database.open_database(reads=files.values(), memory=database.ASSESSING) as connection:
        for view, file in files.items():
            database.attach(connection, view, file)
        people = database.columns_of(connection, "people") if population else None
        with engines.open_tables(engine, connection, files) as tables:
            yield _File(connection, tables, database.columns_of(connection, "data"), people)


def _attack(connection: Connection, columns: list[Column], report: Report) -> list[Attack]:
    """Whoever attacks knows the suggested quasi-identifiers as well as the marked ones."""
    known = report.with_suggested or report
    quasi = known.quasi_identifiers
    return stage.simulate(
        connection, "data_as", columns, about=report.about, quasi_identifiers=quasi, subject=known.subject,
        sensitive=[name for name in report.sensitive if name not in quasi],
    )  # fmt: skip


@contextmanager
def _anew(parquet: Path, labels: dict[str, str]) -> Iterator[_File]:
    """By a connection of its own: what counting took of memory comes back only when the one before is closed."""
    with _open(parquet, None, engines.DUCKDB) as file:
        yield _relabel(file, labels)


def _check(columns: list[Column], task: Task) -> None:
    for value, known, field in ((task.about, ABOUT, "about"), (task.mode, MODES, "mode")):
        if value not in known:
            raise BadCommand("bad_command", field=field)
    marked = [*dict.fromkeys(task.quasi_identifiers), *dict.fromkeys(task.sensitive)]
    marked += [task.subject] if task.subject else []
    database.check_known(columns, marked)
    given = [*marked, *dict.fromkeys(task.identifiers)]
    for name in given:
        if given.count(name) > 1:
            raise BadCommand("role_conflict", column=shown(name))


def _labels(columns: list[Column], hits: list[IdentifierHit]) -> dict[str, str]:
    """What the report calls each column: its name, unless the name is itself an identifier."""
    named = {hit.column for hit in hits if hit.in_name}
    return {
        column.name: f"#{position} {shown(column.name)}" if column.name in named else column.name
        for position, column in enumerate(columns, start=1)
    }


def _relabel(file: _File, labels: dict[str, str]) -> _File:
    """The file with `data_as` and `people_as`: its views under the labels."""
    for view, columns in (("data", file.columns), ("people", file.people)):
        if columns is not None:
            chosen = ", ".join(
                f"{database.name(column.name)} AS {database.name(labels.get(column.name, column.name))}"
                for column in columns
            )
            for tables in (file.connection, file.tables):
                tables.execute(f"CREATE OR REPLACE TEMP VIEW {view}_as AS SELECT {chosen} FROM {view}")
    columns, people = (
        each and [Column(labels.get(column.name, column.name), column.type) for column in each]
        for each in (file.columns, file.people)
    )
    return replace(file, columns=columns or [], people=people)


def _relabelled(task: Task, labels: dict[str, str]) -> Task:
    """The task over labels, in the file's order; declared identifiers that the file lacks fall away."""
    order = list(labels)
    quasi, sensitive, declared = (
        [labels[name] for name in sorted(set(names) & set(order), key=order.index)]
        for names in (task.quasi_identifiers, task.sensitive, task.identifiers)
    )
    subject = labels[task.subject] if task.subject else None
    return replace(task, subject=subject, quasi_identifiers=quasi, sensitive=sensitive, identifiers=declared)


def _find(file: _File, task: Task, hits: list[IdentifierHit], parquet: Path | None) -> Findings:
    """`parquet` is the file if arrays may count it."""
    progress.report("classes", 40)
    rows = database.one(file.connection, "SELECT count(*) FROM data")[0]
    left = [column for column in file.columns if column.name not in task.identifiers]
    facts = roles.describe(file.tables, "data_as", left)
    found = Findings(
        rows=rows, about=task.about, subject=task.subject, sensitive=task.sensitive, hits=hits,
        declared=task.identifiers, suggestions=[], suggested_subject=None, marked=None, together=None,
        keys=[each.name for each in facts if roles.is_key(each)],
    )  # fmt: skip
    if task.about == "none":
        return found
    suggested = roles.suggest(
        file.tables, "data_as", facts, marked=task.quasi_identifiers, sensitive=task.sensitive, subject=task.subject,
        least_share=task.rules.suggest_share,
    )  # fmt: skip
    progress.report("classes", 60)
    marked = _measure(file, task, task.quasi_identifiers, task.subject, parquet)
    names = {*task.quasi_identifiers, *(suggestion.column for suggestion in suggested.columns)}
    together = [column.name for column in file.columns if column.name in names]
    subject = task.subject or suggested.subject
    both = marked
    if (together, subject) != (marked.quasi_identifiers, marked.subject):
        both = _measure(file, task, together, subject, parquet)
    return replace(
        found, suggestions=suggested.columns, suggested_subject=suggested.subject, marked=marked, together=both
    )


def _measure(
    file: _File, task: Task, names: list[str], subject: str | None, parquet: Path | None
) -> Measured:  # fmt: skip
    """Over these quasi-identifiers. A population that lacks one of those that nobody marked says nothing about them."""
    sensitive = [column for column in file.columns if column.name in task.sensitive and column.name not in names]
    measures = measure(
        file.tables, "data_as", quasi_identifiers=names, sensitive=sensitive, subject=subject,
        at_risk_below=task.rules.required_k(task.mode), population=_population(file, task, names),
        parquet=parquet,
    )  # fmt: skip
    return Measured(names, subject, measures)


def _population(file: _File, task: Task, names: list[str]) -> str | None:
    if file.people is None:
        return None
    database.check_known(file.people, task.quasi_identifiers)
    lacks = set(names) - {column.name for column in file.people}
    return None if lacks else "SELECT * FROM people_as"
