"""Small files for the engine's tests."""

import csv
import io
from datetime import date
from pathlib import Path

from stdnum.cn import ric

from listings.deidentification.assess import assess
from listings.deidentification.ingest import ingest
from listings.deidentification.report import Report
from listings.deidentification.rules import Rules

TODAY = date(2025, 6, 30)


def resident_id(number: int = 0, *, region: str = "350102", born: str = "19900307") -> str:
    """A well-formed resident ID; python-stdnum is the judge of its check digit."""
    body = f"{region}{born}{number % 1000:03d}"
    return body + ric.calc_check_digit(body + "0")


def canonical(folder: Path, header: list[str], rows: list[tuple]) -> Path:
    """The rows (None: an empty cell) through CSV into a canonical file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return canonical_text(folder, out.getvalue())


def canonical_text(folder: Path, content: str) -> Path:
    source, target = folder / "source.csv", folder / "canonical.parquet"
    source.write_bytes(content.encode())
    ingest(source, "source.csv", target)
    return target


def report_on(parquet: Path, **given) -> Report:
    roles = {"about": "persons", "subject": None, "quasi_identifiers": [], "sensitive": [], **given}
    return assess(parquet, **{"rules": Rules(), "today": TODAY, **roles})


def codes(report: Report) -> list[tuple[str | None, str]]:
    return [(reason.column, reason.code) for reason in report.reasons]
