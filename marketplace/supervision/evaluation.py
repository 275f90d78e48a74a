"""What an authority did within a period, in figures: for the regular evaluation of the use of data (Art. 5).

Each figure is one query over a set, whatever the number of cases; days are working days. What is counted is what began
or was decided within the period; its state is the one of today.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from django.db.models import CharField, Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, ExtractMonth, ExtractYear
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from listings.models import Grade, Nature, Version
from marketplace.applications.models import Application, Decision, Grant
from marketplace.applications.states import ApplicationState, GrantState
from marketplace.clock.defaults import OF_THE_PARTY, Kind
from marketplace.clock.models import Clock
from marketplace.clock.operations import days_used
from marketplace.clock.working_days import SHANGHAI, end_of_day
from marketplace.delivery.models import Delivery
from marketplace.ledger.models import Entry
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.deadlines import clocks_of, counting_for, done_late, explainable, lapsed
from marketplace.supervision.models import RULES, DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.occasions import Explanation
from marketplace.supervision.states import DerivedState, FindingState, MeasureState, ReportState


@dataclass(frozen=True)
class Scope:
    """Whose cases, from the first to the last day; `authorities` None: everybody's. `at` is now."""

    authorities: Collection[int] | None
    first: date
    last: date
    at: datetime

    @property
    def began(self) -> datetime:
        return end_of_day(self.first - timedelta(days=1))

    @property
    def over(self) -> datetime:
        return end_of_day(self.last)

    def of(self, path: str) -> Q:
        """Rows of these authorities."""
        if self.authorities is None:
            return Q(**{f"{path}__isnull": False})
        return Q(**{f"{path}__in": list(self.authorities)})

    def within(self, name: str) -> Q:
        """Rows whose moment lies in the period."""
        return Q(**{f"{name}__gte": self.began, f"{name}__lt": self.over})


class Figure(NamedTuple):
    """One figure; `value` None where there is nothing to measure."""

    code: str
    label: Any
    value: float | None


class Row(NamedTuple):
    """One figure in each column of a table."""

    label: Any
    figures: list[Figure]


@dataclass
class Section:
    """Figures on one subject, what is drawn of them: (label, value), and, where they fill one, their table."""

    code: str
    title: Any
    figures: list[Figure]
    plot: list[tuple[Any, float]] = field(default_factory=list)
    columns: tuple[Any, ...] = ()
    rows: list[Row] = field(default_factory=list)


def evaluation(scope: Scope) -> list[Section]:
    """All sections, in the order in which a case goes."""
    return [make(scope) for make in SECTIONS]


def applications(scope: Scope) -> Section:
    """Each once, when it was first submitted: what goes on in an application of its own is part of the one before."""
    entries = Entry.objects.filter(
        object_type="applications.application", new=ApplicationState.SUBMITTED,
        object_id=Cast(OuterRef("pk"), CharField()),
    )  # fmt: skip
    first = Coalesce(Subquery(entries.order_by("pk").values("at")[:1]), "submitted_at")
    rows = Application.objects.filter(scope.of("authority"), seller=None, split_from=None)
    rows = rows.alias(first_at=first).filter(scope.within("first_at"))
    figures = [Figure("submitted", _("submitted"), rows.count()), *_by_state(rows, ApplicationState)]
    return Section("applications", _("Applications"), figures, _months(rows, "first_at", scope))


def decisions(scope: Scope) -> Section:
    """Items, and applications refused before any item was decided on."""
    rows = Decision.objects.filter(scope.of("item__application__authority"), scope.within("at"))
    rows = rows.filter(item__application__seller=None)
    approved, refused = rows.filter(is_approval=True), rows.filter(is_approval=False)
    cases = Application.objects.filter(scope.of("authority"), seller=None)
    outright = Entry.objects.filter(
        scope.within("at"), object_type="applications.application", new=ApplicationState.REFUSED,
        object_id__in=cases.values(key=Cast("pk", CharField())),
    )  # fmt: skip
    figures = [
        Figure("approved", _("items approved"), approved.count()),
        Figure("refused", _("items refused"), refused.count()),
        *_by(refused, "article", prefix="refused_"),
        Figure("refused_outright", _("applications refused when they came in"), outright.count()),
    ]
    return Section("decisions", _("Decisions"), figures, _months(rows, "at", scope))


TIMES = {
    "ended": pgettext_lazy("deadlines", "ended"), "in_time": _("in time"), "net": _("net days, median"),
    "gross": _("gross days, median"),
}  # fmt: skip


def times(scope: Scope) -> Section:
    """Deadlines of the authority that ended within the period: net and gross days, and how many were kept."""
    ended = _officers_clocks(scope).filter(scope.within("ended_at")).order_by("kind", "pk")
    late = set(done_late(ended).values_list("pk", flat=True))
    by_kind: dict[str, list[Any]] = {}
    for used in days_used(ended, scope.at):
        by_kind.setdefault(used.clock.kind, []).append(used)
    rows, plot = [], []
    for kind, used_up in by_kind.items():
        values = {
            "ended": len(used_up), "in_time": sum(one.clock.pk not in late for one in used_up),
            "net": median(one.net for one in used_up), "gross": median(one.gross for one in used_up),
        }  # fmt: skip
        label = Kind(kind).label
        cells = [Figure(f"{kind}_{code}", _said(label, TIMES[code]), value) for code, value in values.items()]
        rows.append(Row(label, cells))
        plot.append((label, values["gross"]))
    figures = [figure for row in rows for figure in row.figures]
    title = _("Times against deadlines (working days)")
    return Section("times", title, figures, plot, tuple(TIMES.values()), rows)


def duties(scope: Scope) -> Section:
    """Deadlines that ran out within the period, in force still or kept too late, and what was said about them."""
    moment = timedelta(microseconds=1)
    due = _officers_clocks(scope).filter(lapsed(scope.over - moment) & ~lapsed(scope.began - moment))
    overdue = explainable(due, scope.at)
    told = Explanation.objects.filter(clock__in=overdue, due_at=F("clock__due_at"))
    faults = told.filter(is_at_fault=True).count()
    figures = [
        Figure("overdue", _("overdue"), overdue.count()),
        Figure("open", _("overdue and open"), overdue.filter(ended_at=None).count()),
        Figure("at_fault", _("explained: at fault"), faults),
        Figure("not_at_fault", _("explained: not at fault"), told.count() - faults),
    ]
    return Section("duties", _("Overdue duties of officers"), figures, [(one.label, one.value or 0) for one in figures])


def grants(scope: Scope) -> Section:
    mine = Grant.objects.filter(scope.of("authority")).exclude(product__nature=Nature.NON_PUBLIC)
    began, ended = mine.filter(scope.within("activated_at")), mine.filter(scope.within("ended_at"))
    running = mine.filter(Q(ended_at=None) | Q(ended_at__gte=scope.over), activated_at__lt=scope.over)
    figures = [
        Figure("began", _("began"), began.count()),
        *_by(began, "product__nature", Nature, prefix="began_"),
        *_by(ended, "state", GrantState, prefix="ended_"),
        Figure("running", _("running on the last day"), running.filter(ends__gte=scope.last).count()),
    ]
    return Section("grants", _("Grants"), figures, _months(began, "activated_at", scope))


def deliveries(scope: Scope) -> Section:
    rows = Delivery.objects.filter(scope.of("grant__authority"), scope.within("obtained_at"))
    rows = rows.exclude(grant__product__nature=Nature.NON_PUBLIC)
    found = rows.aggregate(n=Count("pk"), rows=Sum("rows"), bytes=Sum("bytes"), grants=Count("grant", distinct=True))
    figures = [
        Figure("deliveries", _("deliveries"), found["n"]),
        Figure("rows", _("rows"), found["rows"] or 0),
        Figure("bytes", _("bytes"), found["bytes"] or 0),
        Figure("grants", _("grants used"), found["grants"]),
    ]
    return Section("deliveries", _("Deliveries"), figures, _months(rows, "obtained_at", scope))


def reports(scope: Scope) -> Section:
    """Usage reports that fell due, also those that were returned since: on time by their first filing. Without what
    nobody owes any more and nobody has filed."""
    fallen = UsageReport.objects.alias(due=Coalesce("first_due_at", "due_at"), first=Min("filings__at"))
    rows = fallen.filter(scope.of("grant__authority"), scope.within("due"), due__lte=scope.at)
    rows = rows.exclude(state=ReportState.CEASED, first=None)
    on_time = rows.filter(first__lte=F("due")).count()
    late = rows.filter(first__gt=F("due")).count()
    missing = rows.filter(first=None).count()
    figures = [
        Figure("due", _("due"), rows.count()),
        Figure("on_time", _("filed on time"), on_time),
        Figure("late", _("filed late"), late),
        Figure("missing", _("not filed"), missing),
    ]
    return Section("reports", _("Usage reports"), figures, [(one.label, one.value or 0) for one in figures[1:]])


def findings(scope: Scope) -> Section:
    rows = Finding.objects.filter(scope.of("authority"), scope.within("created_at"), reviewer=None)
    by_rule = _by(rows, "rule", RULES, prefix="rule_")
    figures = [Figure("opened", _("opened"), rows.count()), *by_rule, *_by_state(rows, FindingState)]
    return Section("findings", _("Findings"), figures, _plot(by_rule))


def concerns(scope: Scope) -> Section:
    rows = Concern.objects.filter(scope.of("authority"), scope.within("created_at"), reviewer=None)
    figures = [Figure("received", _("received"), rows.count()), *_by(rows, "kind", ConcernKind)]
    return Section("concerns", _("Reports by anybody"), figures, _plot(figures[1:]))


def measures(scope: Scope) -> Section:
    rows = Measure.objects.filter(scope.of("authority"), scope.within("issued_at"), issuer=None)
    by_state = _by_state(rows, MeasureState)
    figures = [Figure("issued", _("issued"), rows.count()), *by_state]
    return Section("measures", _("Measures"), figures, _plot(by_state))


def derived_products(scope: Scope) -> Section:
    rows = DerivedProduct.objects.filter(scope.within("created_at"))
    rows = rows.filter(pk__in=DerivedProduct.objects.filter(scope.of("built_from__grant__authority")).values("pk"))
    by_state = _by_state(rows, DerivedState)
    again = rows.filter(listed_as__isnull=False).count()
    figures = [
        Figure("registered", _("registered"), rows.count()), *by_state,
        Figure("listed_again", _("listed again"), again),
    ]  # fmt: skip
    return Section("derived_products", _("Derived products"), figures, _plot(by_state))


def listings(scope: Scope) -> Section:
    """Versions published by the authority's review, by nature and grade of their products."""
    rows = Version.objects.filter(scope.of("authority"), scope.within("published_at"), reviewer=None)
    by_nature = _by(rows, "product__nature", Nature, prefix="nature_")
    figures = [
        Figure("published", _("versions published"), rows.count()), *by_nature,
        *_by(rows, "product__grade", Grade, prefix="grade_"),
        Figure("products", _("data products"), rows.values("product").distinct().count()),
    ]  # fmt: skip
    return Section("listings", _("Listings"), figures, _plot(by_nature))


SECTIONS: tuple[Callable[[Scope], Section], ...] = (
    listings, applications, decisions, times, grants, deliveries, reports, derived_products, findings, concerns,
    measures, duties,
)  # fmt: skip


def _officers_clocks(scope: Scope) -> QuerySet[Clock]:
    """What bound the authorities, without the time that was the other side's own; what had run out when its case was
    taken over counts for whoever let it."""
    bound = clocks_of(scope.authorities)
    if scope.authorities is not None:
        bound = counting_for(bound, scope.authorities)
    return Clock.objects.filter(bound).exclude(kind__in=list(OF_THE_PARTY))


def _by(rows: QuerySet[Any], name: str, labels: Any = None, prefix: str = "") -> list[Figure]:
    """How many of each value of a column, the most frequent first."""
    words: Mapping[str, Any] = labels if isinstance(labels, Mapping) else dict(labels.choices) if labels else {}
    found = rows.order_by().values_list(name).annotate(n=Count("pk", distinct=True)).order_by("-n", name)
    return [Figure(f"{prefix}{value}", words.get(value, value), n) for value, n in found]


def _plot(figures: list[Figure]) -> list[tuple[Any, float]]:
    return [(one.label, one.value or 0) for one in figures]


def _months(rows: QuerySet[Any], name: str, scope: Scope) -> list[tuple[Any, float]]:
    """How many in each month of the period, also where there were none; at most the last twelve."""
    month = {"y": ExtractYear(name, tzinfo=SHANGHAI), "m": ExtractMonth(name, tzinfo=SHANGHAI)}
    found = rows.order_by().annotate(**month).values_list("y", "m").annotate(n=Count("pk", distinct=True))
    counts = {(year, number): n for year, number, n in found}
    start, end = scope.first.year * 12 + scope.first.month - 1, scope.last.year * 12 + scope.last.month - 1
    months = [(one // 12, one % 12 + 1) for one in range(max(start, end - 11), end + 1)]
    return [(f"{year}-{number:02}", counts.get((year, number), 0)) for year, number in months]


def _by_state(rows: QuerySet[Any], states: Any) -> list[Figure]:
    """How many are in each state today."""
    return [one._replace(label=_said(_("state today"), one.label)) for one in _by(rows, "state", states)]


def _said(what: Any, figure: Any) -> str:
    return _("%(what)s: %(figure)s") % {"what": what, "figure": figure}
