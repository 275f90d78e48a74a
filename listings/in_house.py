"""A report made in house beside what the site itself found of the same file: each figure, and where they differ."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings.models import Assessment, FileKind, InHouseReport, Version
from listings.operations.assessment import MODE
from listings.queries import smallest_k

Report = Mapping[str, Any]
MOST_NAMED = 40


@dataclass(frozen=True)
class Line:
    """One figure, as it was found in house and here; `here` is empty until the site has assessed the file."""

    label: Any
    in_house: str
    here: str
    differs: bool


@dataclass(frozen=True)
class Told:
    """A report, whether the newest file of the version is the one it is about (None: no file yet), and the figures."""

    report: InHouseReport
    is_same_file: bool | None
    assessment: Assessment | None
    lines: list[Line]

    @property
    def differs(self) -> bool:
        return any(line.differs for line in self.lines)


def told_of(version: Version) -> Told | None:
    """The newest report handed in for a version; None where there is none."""
    report = version.in_house_reports.select_related("by").order_by("-at", "-pk").first()
    if report is None:
        return None
    uploaded = version.files.filter(kind=FileKind.ORIGINAL).order_by("-pk").values_list("sha256", flat=True).first()
    measured = assessment_of(report)
    same = None if uploaded is None else uploaded == report.sha256
    return Told(report, same, measured, [_line(*row, report, measured) for row in _ROWS])


def assessment_of(report: InHouseReport) -> Assessment | None:
    """What the site found of the very file: its steps tie the original's hash to that of the form it measures."""
    read = report.version.steps.filter(is_measured=True, hash_in=report.sha256).values("hash_out")
    return report.version.assessments.filter(file_sha256__in=read).order_by("-at", "-pk").first()


def _line(label: Any, show: Callable[[Report, str], str], report: InHouseReport, measured: Assessment | None) -> Line:
    theirs = show(report.report, report.mode)
    ours = show(measured.report, MODE) if measured else ""
    return Line(label, theirs, ours, measured is not None and theirs != ours)


def _verdict(report: Report, mode: str) -> str:
    return gettext("passed") if report["passes"] else gettext("not passed")


def _mode(report: Report, mode: str) -> str:
    return gettext("download") if mode == "download" else gettext("use on the platform")


def _k(report: Report, mode: str) -> str:
    found = smallest_k(dict(report))
    return "–" if found is None else str(found)


def _share(report: Report, mode: str) -> str:
    both = (report, report.get("with_suggested") or report)
    found = [figures.get("unique_share") for figures in both]
    return f"{100 * max(found):.4g} %" if all(share is not None for share in found) else "–"


def _by_column(name: str) -> Callable[[Report, str], str]:
    """Of each sensitive column the figure with the suggested columns, to six digits."""

    def show(report: Report, mode: str) -> str:
        figures = (report.get("with_suggested") or report).get(name) or {}
        return _listed(f"{column} {value:.6g}" for column, value in figures.items())

    return show


def _columns(name: str) -> Callable[[Report, str], str]:
    def show(report: Report, mode: str) -> str:
        return _listed(report.get(name) or [])

    return show


def _found(report: Report, mode: str) -> str:
    return _listed(f"{hit.get('column')}: {hit.get('kind')}" for hit in report.get("identifiers") or [])


def _listed(items: Iterable[str]) -> str:
    found = sorted(items)
    return (", ".join(found[:MOST_NAMED]) + (" …" if len(found) > MOST_NAMED else "")) or "–"


_ROWS: tuple[tuple[Any, Callable[[Report, str], str]], ...] = (
    (_("Result"), _verdict),
    (_("Assessed for"), _mode),
    (_("Rule set"), lambda report, mode: str(report["rule_set"])),
    (_("Grade"), lambda report, mode: str(report.get("grade", "–"))),
    (_("Rows"), lambda report, mode: str(report.get("rows", "–"))),
    (_("Smallest group (k)"), _k),
    (_("Alone in their group"), _share),
    (_("Different sensitive values in a group (l)"), _by_column("l_distinct")),
    (_("Distance from the whole (t)"), _by_column("t")),
    (_("Quasi-identifiers"), _columns("quasi_identifiers")),
    (_("Sensitive attributes"), _columns("sensitive")),
    (_("Subject column"), lambda report, mode: str(report.get("subject") or "–")),
    (_("Identifiers found"), _found),
)
