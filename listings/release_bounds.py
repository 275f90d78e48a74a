"""What a release rule compares: a new version with the one that was reviewed. An unknown figure holds nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.queries import authority_over
from listings.models import About, Assessment, Column, ColumnRole, ReleaseRule, Version
from listings.queries import faulty_sources, pseudonym_columns, regions_of, smallest_k
from listings.states import VersionState

LABELS = {
    "basis": _("the version reviewed is still on offer or retired, neither held nor recalled"),
    "reassessed": _("no version on offer failed its last assessment"),
    "authority": _("the same competent authority"),
    "sources": _("the same sources"),
    "source_file": _("the lawful-source file as it was reviewed"),
    "columns": _("the same columns, types and marks"),
    "about": _("a row is about the same"),
    "recipe": _("the same processing steps and de-identification"),
    "rule_set": _("the same rule set of the assessment"),
    "rows": _("number of rows"),
    "k": _("smallest group (k)"),
    "drift": _("greatest shift of any distribution, in per cent"),
}

VALUES = dict([*VersionState.choices, *About.choices])  # codes among what was wanted or found


class Bound(NamedTuple):
    """One bound: its name, what the rule wants, what was found (both as text), and whether it holds."""

    name: str
    limit: str
    found: str
    holds: bool

    @property
    def label(self) -> Any:
        return LABELS[self.name]


def bounds(rule: ReleaseRule, version: Version, at: datetime) -> list[Bound]:
    """Every bound of the rule, checked."""
    return [*_same(rule, version, at), *_measured(rule, version)]


def _same(rule: ReleaseRule, version: Version, at: datetime) -> Iterator[Bound]:
    """What must be as it was when an officer looked at it."""
    basis = rule.basis
    stands = basis.state in (VersionState.PUBLISHED, VersionState.RETIRED)
    yield Bound("basis", f"v{basis.number}", basis.state, stands)
    failing = version.product.versions.on_offer().failing().count()
    yield Bound("reassessed", "0", str(failing), failing == 0)
    authority = authority_over(regions_of(version), at)
    yield Bound("authority", rule.authority.name, authority.name if authority else "–", authority == rule.authority)
    assert rule.decided_at is not None  # a rule in force was approved
    later = set(version.product.source_files.filter(created_at__gt=rule.decided_at))
    unlike = len(later | set(faulty_sources(version, at)))
    yield Bound("source_file", "+0", f"+{unlike}", unlike == 0)
    for name, look in (("sources", _sources), ("columns", _columns), ("recipe", _recipe)):
        was, now = look(basis), look(version)
        changed = len(set(was) ^ set(now))
        may_lack = name == "sources" and not version.product.is_public_data  # it has none in the catalogue
        yield Bound(name, "±0", f"±{changed}", (bool(was) or may_lack) and was == now)
    yield Bound("about", basis.about, version.about, basis.about == version.about)
    was_set, now_set = _assessed(basis).get("rule_set"), _assessed(version).get("rule_set")
    yield Bound("rule_set", str(was_set), str(now_set), was_set is not None and was_set == now_set)


def _measured(rule: ReleaseRule, version: Version) -> Iterator[Bound]:
    """The figures. About nobody there is no group; that the rows are about nobody in both is a bound of its own."""
    rows = version.rows
    inside = rows is not None and rule.min_rows <= rows <= rule.max_rows
    yield Bound("rows", f"{rule.min_rows}–{rule.max_rows}", str(rows), inside)
    if version.about != About.NONE:
        k = smallest_k(_assessed(version))
        enough = isinstance(k, int) and rule.min_k is not None and k >= rule.min_k
        yield Bound("k", f"≥ {rule.min_k}", str(k), enough)
    shift = drift(rule.basis, version)
    yield Bound("drift", f"≤ {rule.max_drift}", str(shift), shift is not None and shift <= rule.max_drift)


def drift(basis: Version, version: Version) -> int | None:
    """The greatest shift of any column's distribution, in per cent of the rows; None where it is not known.

    Half the sum of the differences of the shares, as the public profiles have them (to 1 %, what is suppressed in one
    class). Every quasi-identifier counts; where none is marked, every column that has a profile.
    """
    was, now = _profiles(basis), _profiles(version)
    marked = [name for name, (role, _shares) in was.items() if role == ColumnRole.QUASI_IDENTIFIER]
    counted = marked or [name for name, (_role, shares) in was.items() if shares]
    shifts = []
    for name in counted:
        before, after = was[name][1], now.get(name, ("", None))[1]
        if not before or not after:
            return None
        values = set(before) | set(after)
        shifts.append(sum(abs(before.get(value, 0) - after.get(value, 0)) for value in values) / 2)
    return round(100 * max(shifts)) if shifts else None


def _profiles(version: Version) -> dict[str, tuple[str, dict[str | None, float] | None]]:
    """Column → its role and the shares of its values; None where the profile names none."""
    found = {}
    for column in version.columns.all():
        values = column.profile.get("values")
        shares = {one["value"]: one["share"] for one in values} if values else None
        found[column.name] = (column.role, shares)
    return found


def _assessed(version: Version) -> dict[str, Any]:
    """The report of the assessment that passed, if there is one of the file as it is."""
    passed = Assessment.objects.filter(version=version, passes=True).order_by("-at", "-pk").first()
    return dict(passed.report) if passed else {}


def _sources(version: Version) -> list[Any]:
    return sorted(set(version.sources.values_list("unit", "entry")))


def _columns(version: Version) -> list[Any]:
    rows: list[Column] = list(version.columns.order_by("position"))
    return [(row.name, row.type, row.role) for row in rows]


def _recipe(version: Version) -> list[Any]:
    declared = version.steps.filter(is_measured=False).order_by("number").values_list("step", flat=True)
    tool = [version.deidentification_tool, version.tool_version]
    return [*tool, version.key_is_kept, version.pseudonyms, tuple(pseudonym_columns(version)), *declared]
