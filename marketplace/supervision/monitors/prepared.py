"""Units without an emergency plan, and exercises that are due or overdue (Art. 34)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import Capability, CapabilityKind, Party, standing, valid_on
from accounts.queries import People, authority_for
from listings.models import Version, VersionSource
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import last_day, local_date
from marketplace.supervision.monitors.base import Case, Scope, Told, within
from marketplace.supervision.preparedness import EmergencyPlan, ExerciseKind, PlanState

DAYS_BEFORE = 30  # an exercise is announced


def without_plan(at: datetime, scope: Scope) -> Iterator[Case]:
    """Units whose data is on offer and that have no plan in force: once a year each."""
    units = Capability.objects.filter(valid_on(local_date(at)), party=OuterRef("pk"), kind=CapabilityKind.UNIT)
    offered = VersionSource.objects.filter(unit=OuterRef("pk"), version__in=Version.objects.on_offer().values("pk"))
    planned = EmergencyPlan.objects.filter(unit=OuterRef("pk"), state=PlanState.IN_FORCE)
    found = Party.objects.filter(standing(at), Exists(units), Exists(offered), ~Exists(planned))
    parties = found if scope is None else found.filter(pk__in=[party.pk for party in scope if party])
    for unit in parties.select_related("region").order_by("pk"):
        authority = authority_for(unit.region, at)
        yield Case(
            f"plan_missing:{unit.pk}:{local_date(at).year}", unit, unit, authority and authority.pk, {"unit": unit}
        )


def missing_told(case: Case, people: People) -> Told:
    above = authority_for(case.about.region, people.at)
    link = reverse("supervision:emergency-plan-list")
    return [(people(party), "plan_missing", link) for party in (case.about, above) if party is not None]


def _exercises(at: datetime, scope: Scope, is_over: bool) -> Iterator[Case]:
    """The exercises that are due within `DAYS_BEFORE`, or overdue, by their clocks."""
    when = {"due_at__lte": at} if is_over else {"due_at__gt": at, "due_at__lte": at + timedelta(days=DAYS_BEFORE)}
    kind = EmergencyPlan._meta.label_lower
    clocks = Clock.objects.running().filter(object_type=kind, kind__in=ExerciseKind.values, **when).order_by("pk")
    keys = {clock.object_id for clock in clocks}
    in_force = EmergencyPlan.objects.filter(pk__in=keys, state=PlanState.IN_FORCE)
    plans = {str(plan.pk): plan for plan in within(in_force, scope, "unit").select_related("unit", "authority")}
    for clock in clocks:
        if plan := plans.get(clock.object_id):
            day, name = last_day(clock.due_at), "exercise_overdue" if is_over else "exercise_due"
            words = {"unit": plan.unit, "title": plan.title, "what": Kind(clock.kind).label, "due": day}
            yield Case(f"{name}:{plan.pk}:{clock.kind}:{day}", plan, plan.unit, plan.authority_id, words)


def due(at: datetime, scope: Scope) -> Iterator[Case]:
    return _exercises(at, scope, is_over=False)


def overdue(at: datetime, scope: Scope) -> Iterator[Case]:
    return _exercises(at, scope, is_over=True)


def due_told(case: Case, people: People) -> Told:
    return [(people(case.party), "exercise_due", case.about.get_absolute_url())]


def overdue_told(case: Case, people: People) -> Told:
    """The authority; the unit learns it from its clock."""
    above = case.about.authority
    return [(people(above), "exercise_overdue", case.about.get_absolute_url())] if above else []
