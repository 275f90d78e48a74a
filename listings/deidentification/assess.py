"""The test of Art. 17 on one canonical file: identifiers in any cell, and whom the rest singles out."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from . import database, identifiers, progress, verdict
from .classes import Measures, measure
from .database import Column
from .identifiers import IdentifierHit
from .reasons import BadCommand, shown
from .report import Report
from .rules import Rules

MODES = ("platform", "download")
ABOUT = ("persons", "households", "organisations", "none")


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
) -> Report:
    """Assess the canonical file `parquet`; the same file and day give the same report.

    Where no quasi-identifier is marked, every column that is neither sensitive nor the subject counts as one.
    `mode` is how the data is to be delivered: the report passes only if k allows that.
    A file about nobody ("none") is only scanned. Raises UnknownColumn and BadCommand (bad_command,
    role_conflict).
    """
    if about not in ABOUT:
        raise BadCommand("bad_command", field="about")
    if mode not in MODES:
        raise BadCommand("bad_command", field="mode")
    with database.open_parquet(parquet) as (connection, columns):
        _check_roles(columns, subject, quasi_identifiers, sensitive)
        assumed = about != "none" and not quasi_identifiers
        marked = _others(columns, subject, sensitive) if assumed else _in_file_order(columns, quasi_identifiers)
        private = [column for column in columns if column.name in sensitive]
        rows = database.one(connection, "SELECT count(*) FROM data")[0]
        progress.report("identifiers", 5)
        hits = identifiers.scan(connection, "data", columns, today=today, parquet=parquet)
        measures = None
        progress.report("classes", 50)
        if about != "none":
            measures = measure(connection, "data", quasi_identifiers=marked, sensitive=private, subject=subject)
    labels = _labels(columns, hits)
    return verdict.report(
        rows=rows,
        about=about,
        subject=labels[subject] if subject else None,
        quasi_identifiers=[labels[name] for name in marked],
        assumed=assumed,
        sensitive=[labels[column.name] for column in private],
        hits=[replace(hit, column=labels[hit.column]) for hit in hits],
        measures=_relabelled(measures, labels),
        rules=rules,
        mode=mode,
    )


def _check_roles(
    columns: list[Column], subject: str | None, quasi_identifiers: list[str], sensitive: list[str]
) -> None:
    roles = [*dict.fromkeys(quasi_identifiers), *dict.fromkeys(sensitive), *([subject] if subject else [])]
    database.check_known(columns, roles)
    for name in roles:
        if roles.count(name) > 1:
            raise BadCommand("role_conflict", column=shown(name))


def _others(columns: list[Column], subject: str | None, sensitive: list[str]) -> list[str]:
    return [column.name for column in columns if column.name != subject and column.name not in sensitive]


def _in_file_order(columns: list[Column], names: list[str]) -> list[str]:
    return [column.name for column in columns if column.name in names]


def _labels(columns: list[Column], hits: list[IdentifierHit]) -> dict[str, str]:
    """What the report calls each column: its name, unless the name is itself an identifier."""
    named = {hit.column for hit in hits if hit.in_name}
    return {
        column.name: f"#{position} {shown(column.name)}" if column.name in named else column.name
        for position, column in enumerate(columns, start=1)
    }


def _relabelled(measures: Measures | None, labels: dict[str, str]) -> Measures | None:
    if measures is None:
        return None
    l_distinct = {labels[name]: value for name, value in measures.l_distinct.items()}
    return replace(measures, l_distinct=l_distinct, t={labels[name]: value for name, value in measures.t.items()})
