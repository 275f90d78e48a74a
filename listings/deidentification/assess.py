"""The test of Art. 17 on one canonical file: identifiers in any cell, and whom the rest singles out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from . import database, progress, roles, verdict
from .attacks import stage
from .classes import measure
from .database import Column, Connection
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
) -> Report:
    """Assess the canonical file `parquet`; the same file and day give the same report.

    Measured over the marked quasi-identifiers, and again with those that `roles` suggests; both have to be under the
    thresholds. A file about somebody in which no column is marked nor suggested does not pass. `mode` is how the
    data is to be delivered: the report passes only if k allows that. A file about nobody ("none") is only scanned, for
    identifiers and for keys of persons. `identifiers` name persons, as the owner says, and must not be in the file.
    `population` is the canonical file of everybody of whom this may be a part. Raises UnknownColumn and BadCommand
    (bad_command, role_conflict, population_lacks).
    """
    task = Task(about, subject, quasi_identifiers, sensitive, identifiers or [], rules, mode)
    with _open(parquet, population) as (connection, columns):
        _check(columns, task)
        progress.report("identifiers", 5)
        hits = scan(connection, "data", columns, today=today, parquet=parquet)
        labels = _labels(columns, hits)
        for view in ("data", "people") if population else ("data",):
            _relabel(connection, view, labels)
        columns = [Column(labels[column.name], column.type) for column in columns]
        hits = [replace(hit, column=labels[hit.column]) for hit in hits]
        plain = parquet if all(name == label for name, label in labels.items()) else None
        findings = _find(connection, columns, _relabelled(task, labels), hits, plain)
        report = verdict.report(findings, rules=rules, mode=mode)
        progress.report("classes", 70)
        return stage.heed(report, _attack(connection, columns, report))


@contextmanager
def _open(parquet: Path, population: Path | None) -> Iterator[tuple[Connection, list[Column]]]:
    """The file as the view `data`, the population as `people`, and the file's columns."""
    files = {"data": parquet, **({"people": population} if population else {})}
    with database.open_database(reads=files.values()) as connection:
        for view, file in files.items():
            database.attach(connection, view, file)
        described = connection.execute("DESCRIBE data").fetchall()
        yield connection, [Column(row[0], database.type_of(row[1])) for row in described]


def _attack(connection: Connection, columns: list[Column], report: Report) -> stage.Attacked:
    """Whoever attacks knows the suggested quasi-identifiers as well as the marked ones."""
    known = report.with_suggested or report
    quasi = known.quasi_identifiers
    return stage.run(
        connection, "data_as", columns, about=report.about, quasi_identifiers=quasi, subject=known.subject,
        sensitive=[name for name in report.sensitive if name not in quasi],
    )  # fmt: skip


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


def _relabel(connection: Connection, view: str, labels: dict[str, str]) -> None:
    """The view `<view>_as`: `view` under the labels."""
    names = [row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall()]
    chosen = ", ".join(f"{database.name(name)} AS {database.name(labels.get(name, name))}" for name in names)
    connection.execute(f"CREATE TEMP VIEW {view}_as AS SELECT {chosen} FROM {view}")


def _relabelled(task: Task, labels: dict[str, str]) -> Task:
    """The task over labels, in the file's order; declared identifiers that the file lacks fall away."""
    order = list(labels)
    quasi, sensitive, declared = (
        [labels[name] for name in sorted(set(names) & set(order), key=order.index)]
        for names in (task.quasi_identifiers, task.sensitive, task.identifiers)
    )
    subject = labels[task.subject] if task.subject else None
    return replace(task, subject=subject, quasi_identifiers=quasi, sensitive=sensitive, identifiers=declared)


def _find(
    connection: Connection, columns: list[Column], task: Task, hits: list[IdentifierHit], parquet: Path | None
) -> Findings:
    """`parquet` is the file where its columns have their own names."""
    progress.report("classes", 40)
    rows = database.one(connection, "SELECT count(*) FROM data")[0]
    left = [column for column in columns if column.name not in task.identifiers]
    facts = roles.describe(connection, "data_as", left)
    found = Findings(
        rows=rows, about=task.about, subject=task.subject, sensitive=task.sensitive, hits=hits,
        declared=task.identifiers, suggestions=[], suggested_subject=None, marked=None, together=None,
        keys=[each.name for each in facts if roles.is_key(each)],
    )  # fmt: skip
    if task.about == "none":
        return found
    suggested = roles.suggest(
        connection, "data_as", facts, marked=task.quasi_identifiers, sensitive=task.sensitive, subject=task.subject,
        least_share=task.rules.suggest_share,
    )  # fmt: skip
    progress.report("classes", 60)
    marked = _measure(connection, columns, task, task.quasi_identifiers, task.subject, parquet)
    names = {*task.quasi_identifiers, *(suggestion.column for suggestion in suggested.columns)}
    together = [column.name for column in columns if column.name in names]
    subject = task.subject or suggested.subject
    both = marked
    if (together, subject) != (marked.quasi_identifiers, marked.subject):
        both = _measure(connection, columns, task, together, subject, parquet)
    return replace(
        found, suggestions=suggested.columns, suggested_subject=suggested.subject, marked=marked, together=both
    )


def _measure(
    connection: Connection, columns: list[Column], task: Task, names: list[str], subject: str | None,
    parquet: Path | None,
) -> Measured:  # fmt: skip
    """Over these quasi-identifiers. A population that lacks one of those that nobody marked says nothing about them."""
    sensitive = [column for column in columns if column.name in task.sensitive and column.name not in names]
    measures = measure(
        connection, "data_as", quasi_identifiers=names, sensitive=sensitive, subject=subject,
        at_risk_below=task.rules.required_k(task.mode), population=_population(connection, task, names),
        parquet=parquet,
    )  # fmt: skip
    return Measured(names, subject, measures)


def _population(connection: Connection, task: Task, names: list[str]) -> str | None:
    views = {row[0] for row in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    if "people_as" not in views:
        return None
    described = connection.execute("DESCRIBE people_as").fetchall()
    known = [Column(row[0], database.type_of(row[1])) for row in described]
    database.check_known(known, task.quasi_identifiers)
    lacks = set(names) - {column.name for column in known}
    return None if lacks else "SELECT * FROM people_as"
