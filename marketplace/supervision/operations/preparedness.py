"""A unit adopts an emergency plan, and records what it drills, evaluates and assesses (Art. 34)."""

from datetime import date, datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.evidence import process
from accounts.models import EvidenceFile, Party, User
from accounts.operations.evidence import attach, withdraw
from accounts.queries import authority_for, recipients
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.working_days import add_months, local_date, start_of_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.preparedness import EARLIEST, EmergencyPlan, Exercise, ExerciseKind, PlanState

ARTICLE = "Art. 34"
KEPT = (PlanState.DRAFT, PlanState.IN_FORCE)
AFTER_ITS_UNIT: dict[str, str] = {PlanState.DRAFT: PlanState.DISCARDED, PlanState.IN_FORCE: PlanState.SUPERSEDED}


@transaction.atomic
def draft_plan(*, unit: Party, actor: User, at: datetime, title: str, contact: str, covers: str) -> EmergencyPlan:
    """A plan that nobody but the unit reads until it is adopted. Raises InvalidState while there is another draft."""
    permissions.check_can_prepare(actor, unit, at)
    require(title=title, contact=contact, covers=covers)
    Party.objects.select_for_update(no_key=True).get(pk=unit.pk)  # one draft at a time
    if EmergencyPlan.objects.filter(unit=unit, state=PlanState.DRAFT).exists():
        raise InvalidState(_("There is a draft already: adopt or discard it first."))
    plan = EmergencyPlan(
        unit=unit, authority=authority_for(unit.region, at), title=title, contact=contact, covers=covers, created_at=at
    )
    plan.full_clean()
    plan.save()
    ledger.record(ledger.begin("draft_plan", actor, at, ARTICLE), plan, new=plan.state, detail={"title": title})
    return plan


def add_plan_evidence(*, plan: EmergencyPlan, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """The document itself, and what proves a drill; as `accounts.add_party_evidence` otherwise."""
    permissions.check_can_keep_plan(actor, plan, at)
    workflow.check_in(plan, *KEPT)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = _lock(plan)
        workflow.check_in(locked, *KEPT)
        act = ledger.begin("add_evidence", actor, at, ARTICLE)
        return attach(act, locked, locked.unit, path, kind, subject="plan", note=note)


@transaction.atomic
def withdraw_plan_evidence(*, plan: EmergencyPlan, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back before the plan is adopted."""
    permissions.check_can_withdraw_plan_evidence(actor, plan, at)
    workflow.check_in(_lock(plan), PlanState.DRAFT)
    withdraw(ledger.begin("withdraw_evidence", actor, at, ARTICLE), plan, evidence)


@transaction.atomic
def adopt_plan(*, plan: EmergencyPlan, actor: User, at: datetime, adopted_on: date) -> None:
    """draft → in force, and what was in force is superseded. From the day of its adoption the clocks of drill,
    evaluation and assessment run; what was due earlier under the plan before stays due then. The authority is told.
    Raises InvalidState without the document itself."""
    permissions.check_can_keep_plan(actor, plan, at)
    if adopted_on > local_date(at):
        raise ValidationError({"adopted_on": _("This lies in the future.")})
    if adopted_on < EARLIEST:
        raise ValidationError({"adopted_on": _("This lies too far in the past.")})
    locked = _lock(plan)
    workflow.check_in(locked, PlanState.DRAFT)
    files = EvidenceFile.objects.of(locked)
    if not files.exists():
        raise InvalidState(_("Add the document itself first."))
    act = ledger.begin("adopt_plan", actor, at, ARTICLE)
    terms = {kind: [(start_of_day(adopted_on), clock.days(kind))] for kind in ExerciseKind.values}
    for earlier in EmergencyPlan.objects.filter(unit=locked.unit, state=PlanState.IN_FORCE):
        for running in clock.of(earlier).open():
            terms[running.kind].append((running.started_at, running.working_days))
        workflow.move(act, earlier, PlanState.SUPERSEDED)
        clock.stop(earlier, at)
    detail = {"adopted_on": str(adopted_on), "files": files.hashes()}
    workflow.move(act, plan, PlanState.IN_FORCE, detail=detail, adopted_on=adopted_on)
    for kind, owed in terms.items():
        began, months = min(owed, key=lambda term: add_months(local_date(term[0]), term[1]))
        clock.start(plan, kind, began, length=months)
    if plan.authority is not None:
        tell(
            act, recipients(plan.authority, at), "plan_adopted", link=plan.get_absolute_url(), title=plan.title,
            unit=plan.unit,
        )  # fmt: skip


@transaction.atomic
def discard_plan(*, plan: EmergencyPlan, actor: User, at: datetime) -> None:
    """draft → discarded."""
    permissions.check_can_keep_plan(actor, plan, at)
    workflow.move(ledger.begin("discard_plan", actor, at, ARTICLE), plan, PlanState.DISCARDED)


@transaction.atomic
def record_exercise(
    *, plan: EmergencyPlan, actor: User, at: datetime, kind: str, day: date, people: int, scenario: str, lessons: str
) -> Exercise:
    """What was done under the plan in force, and what it taught. Its clock begins anew with the latest day."""
    permissions.check_can_keep_plan(actor, plan, at)
    require(scenario=scenario, lessons=lessons)
    locked = _lock(plan)
    workflow.check_in(locked, PlanState.IN_FORCE)
    if day > local_date(at):
        raise ValidationError({"day": _("This lies in the future.")})
    if locked.adopted_on and day < locked.adopted_on:
        raise ValidationError({"day": _("This was before the plan was adopted.")})
    made = Exercise(plan=locked, kind=kind, day=day, people=people, scenario=scenario, lessons=lessons, by=actor, at=at)
    made.full_clean()
    made.save()
    act = ledger.begin("record_exercise", actor, at, ARTICLE)
    ledger.record(act, made, detail={"plan": locked, "kind": kind, "day": str(day), "text": lessons})
    if not locked.exercises.filter(kind=kind, day__gt=day).exists():
        clock.stop(locked, at, kind)
        clock.start(locked, kind, start_of_day(day))
    return made


def end_plans(act: ledger.Act, unit: Party, reason: str) -> None:
    """A unit that is no more drills nothing; whoever follows it has a plan of its own."""
    for plan in EmergencyPlan.objects.filter(unit=unit, state__in=AFTER_ITS_UNIT).order_by("pk"):
        workflow.move(act, plan, AFTER_ITS_UNIT[plan.state], detail={"reason": reason})
        clock.stop(plan, act.at)


def _lock(plan: EmergencyPlan) -> EmergencyPlan:
    return EmergencyPlan.objects.select_for_update(of=("self",)).select_related("unit").get(pk=plan.pk)
