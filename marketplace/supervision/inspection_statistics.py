"""Inspections of an authority within a period, in figures (Art. 33): drawn, inspected, found, put right, compared.

Counted are the plans made, and the inspections drawn or opened, within the period; their states are those of today.
What is on public data is counted as it is; of deals on non-public data there is one count, and only from five on.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import PartyKind
from listings.models import Nature
from marketplace.supervision.checklists import EDITIONS
from marketplace.supervision.evaluation import Figure, Scope, Section
from marketplace.supervision.inspections import (
    DEFECTS,
    RULE,
    Inspection,
    InspectionPlan,
    InspectionPlanState,
    InspectionPoint,
    InspectionState,
    Method,
    Outcome,
    Strata,
    Verdict,
)
from marketplace.supervision.models import Finding
from marketplace.supervision.register import SMALLEST_COUNT
from marketplace.supervision.states import FindingState, MeasureState

QUESTIONS = {question.code: question.text for edition in EDITIONS.values() for question in edition}


def statistics(scope: Scope) -> list[Section]:
    """All sections, in the order in which inspections go."""
    return [make(scope) for make in SECTIONS]


def inspections(scope: Scope) -> QuerySet[Inspection]:
    """Those on public data that were drawn or opened within the period."""
    rows = Inspection.objects.filter(scope.of("authority"), scope.within("created_at"))
    return rows.exclude(grant__product__nature=Nature.NON_PUBLIC)


def plans(scope: Scope) -> Section:
    rows = InspectionPlan.objects.filter(scope.of("authority"), scope.within("created_at"))
    drawn = rows.filter(state=InspectionPlanState.DRAWN)
    figures = [
        Figure("made", _("plans made"), rows.count()),
        Figure("drawn_random", _("sample drawn at random"), drawn.filter(method=Method.RANDOM).count()),
        Figure("drawn_risk", _("sample drawn weighted by risk"), drawn.filter(method=Method.RISK).count()),
        Figure("dropped", _("plans dropped"), rows.filter(state=InspectionPlanState.DROPPED).count()),
    ]
    return Section("plans", _("Inspection plans"), figures)


def drawn_grants(scope: Scope) -> Section:
    """By stratum, as the plans divided them."""
    rows = inspections(scope).filter(plan__isnull=False)
    found = rows.order_by().values_list("plan__strata", "stratum").annotate(n=Count("pk")).order_by("-n", "stratum")
    strata = [Figure(f"{by or 'undivided'}_{name}", stratum_label(by, name), n) for by, name, n in found]
    return Section("drawn", _("Grants drawn, by part"), [Figure("drawn", _("grants drawn"), rows.count()), *strata])


def stratum_label(by: str, name: str) -> Any:
    """As in the plan: not divided, a kind of buyer, a region or a purpose."""
    if by == Strata.NONE:
        return Strata.NONE.label
    return dict(PartyKind.choices).get(name, name) if by == Strata.BUYER else name or _("not stated")


def inspected(scope: Scope) -> Section:
    rows = inspections(scope)
    over = {word: Count("pk", filter=Q(outcome=word)) for word in Outcome.values}
    n = rows.aggregate(
        for_cause=Count("pk", filter=Q(plan=None)), begun=Count("pk", filter=Q(begun_at__isnull=False)),
        unannounced=Count("pk", filter=~Q(unannounced="")), reported=Count("pk", filter=Q(reported_at__isnull=False)),
        cancelled=Count("pk", filter=Q(state=InspectionState.CANCELLED)), **over,
    )  # fmt: skip
    figures = [
        Figure("for_cause", _("opened for cause"), n["for_cause"]),
        Figure("inspected", _("inspected"), n["begun"]),
        Figure("unannounced", _("of them without notice"), n["unannounced"]),
        Figure("reported", _("reported"), n["reported"]),
        Figure("cancelled", _("cancelled"), n["cancelled"]),
        *(Figure(word, Outcome(word).label, n[word]) for word in Outcome.values),
    ]
    return Section("inspected", _("Inspections and outcomes"), figures)


def defects(scope: Scope) -> QuerySet[InspectionPoint]:
    """What reports within the period's inspections say is not in order."""
    rows = inspections(scope).filter(reported_at__isnull=False)
    return InspectionPoint.objects.filter(inspection__in=rows, verdict__in=DEFECTS)


def found(scope: Scope) -> Section:
    """By question, and of each how many are serious."""
    rows = defects(scope)
    serious = Count("pk", filter=Q(verdict=Verdict.SERIOUS))
    total = rows.aggregate(n=Count("pk"), serious=serious)
    figures = [
        Figure("not_in_order", _("points not in order"), total["n"]),
        Figure("serious", _("of them serious"), total["serious"]),
    ]
    counts = rows.order_by().values_list("code").annotate(n=Count("pk"), serious=serious).order_by("-n", "code")
    for code, n, grave in counts:
        figures.append(Figure(f"kind_{code}", QUESTIONS[code], n))
        figures.append(Figure(f"kind_{code}_serious", _("of them serious"), grave))
    return Section("found", _("Points not in order"), figures)


def corrected(scope: Scope) -> Section:
    """Put right before the end of the inspection, or by a finding that was remedied or whose order was lifted."""
    key = Concat(Value(f"{RULE}:"), Cast("inspection_id", CharField()), Value(":"), "code")
    of_point = Finding.objects.filter(rule=RULE, occasion_key=OuterRef("key"))
    remedied = Q(state=FindingState.REMEDIED) | Q(state=FindingState.MEASURE, measures__state=MeasureState.LIFTED)
    rows = defects(scope).annotate(key=key)
    n = rows.annotate(is_followed=Exists(of_point), is_remedied=Exists(of_point.filter(remedied))).aggregate(
        all=Count("pk"),
        followed=Count("pk", filter=Q(is_followed=True)),
        corrected=Count("pk", filter=Q(inspection__outcome=Outcome.PUT_RIGHT) | Q(is_remedied=True)),
    )
    figures = [
        Figure("followed_up", _("followed up as findings"), n["followed"]),
        Figure("corrected", pgettext_lazy("inspection point", "corrected"), n["corrected"]),
        Figure("share_corrected", _("corrected, in per cent"), share(n["corrected"], n["all"])),
    ]
    return Section("corrected", _("Corrected"), figures)


def compared(scope: Scope) -> Section:
    """How often something was not in order: of grants drawn by risk, drawn at random, and inspected for cause."""
    hit = Exists(InspectionPoint.objects.filter(inspection=OuterRef("pk"), verdict__in=DEFECTS))
    rows = inspections(scope).filter(reported_at__isnull=False).annotate(hit=hit)
    figures, plot = [], []
    for code, label, which in WAYS:
        n = rows.filter(which).aggregate(all=Count("pk"), hits=Count("pk", filter=Q(hit=True)))
        rate = share(n["hits"], n["all"])
        figures += [
            Figure(f"{code}_reported", _said(_("%(way)s: reported"), label), n["all"]),
            Figure(f"{code}_hits", _said(_("%(way)s: something not in order"), label), n["hits"]),
            Figure(f"{code}_rate", _said(_("%(way)s: in per cent"), label), rate),
        ]
        plot += [(label, rate)] if rate is not None else []
    return Section("compared", _("Drawn by risk and at random"), figures, plot)


def non_public(scope: Scope) -> Section:
    """One count, without anything that would tell of a single deal."""
    rows = Inspection.objects.filter(
        scope.of("authority"), scope.within("created_at"), grant__product__nature=Nature.NON_PUBLIC
    )
    count = rows.count()
    shown = None if 0 < count < SMALLEST_COUNT else count
    return Section(
        "non_public", _("On non-public data"), [Figure("inspections", _("inspections, from five on"), shown)]
    )


WAYS = (
    ("risk", _("weighted by risk"), Q(plan__method=Method.RISK)),
    ("random", _("at random"), Q(plan__method=Method.RANDOM)),
    ("cause", _("for cause"), Q(plan=None)),
)
SECTIONS: tuple[Callable[[Scope], Section], ...] = (
    plans, drawn_grants, inspected, found, corrected, compared, non_public,
)  # fmt: skip


def share(part: int, whole: int) -> float | None:
    """In per cent, to one place; None where there is nothing to measure."""
    return round(100 * part / whole, 1) if whole else None


def _said(sentence: Any, way: Any) -> str:
    return str(sentence) % {"way": way}
