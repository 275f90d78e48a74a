"""Emergency plans, and what a unit drills, evaluates and assesses (Art. 34)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock, ClockSetting
from marketplace.clock.working_days import SHANGHAI, add_months, last_day, local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.preparedness import EmergencyPlan, Exercise
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.workflow import matrix, stages


@pytest.fixture
def plan(world: World) -> EmergencyPlan:
    return stages.emergency_plan(world, "in_force")[0]


def drilled(world: World, plan: EmergencyPlan, at: datetime, **changes: Any) -> Exercise:
    said = {**stages.DRILLED, "day": local_date(at), **changes}
    return operations.record_exercise(plan=plan, actor=world["provider"], at=at, **said)


def due(plan: EmergencyPlan) -> dict[str, date]:
    return {row.kind: last_day(row.due_at) for row in clock.of(plan).open()}


def told(kind: str, link: str = "") -> set[str]:
    rows = Outbox.objects.filter(kind=kind, channel="page")
    return set((rows.filter(link=link) if link else rows).values_list("recipient_ref", flat=True))


def test_without_its_document_nothing_is_adopted(world: World) -> None:
    who = {"actor": world["provider"], "at": world.at}
    plan = operations.draft_plan(unit=world.parties["unit"], **stages.PLAN, **who)
    before = matrix.rows()
    with pytest.raises(InvalidState):
        operations.adopt_plan(plan=plan, adopted_on=local_date(world.at), **who)
    assert matrix.rows() == before
    operations.add_plan_evidence(plan=plan, path=stages.paper("plan"), **who)
    with pytest.raises(ValidationError) as refused:
        operations.adopt_plan(plan=plan, adopted_on=local_date(world.at) + timedelta(days=1), **who)
    assert set(refused.value.message_dict) == {"adopted_on"}
    with pytest.raises(ValidationError):
        operations.adopt_plan(plan=plan, adopted_on=date(1, 1, 1), **who)
    operations.adopt_plan(plan=plan, adopted_on=date(2026, 1, 31), **who)
    assert due(plan) == {"drill": date(2027, 1, 31), "evaluation": date(2027, 1, 31), "risk": date(2027, 1, 31)}
    assert '"files":["' in Entry.objects.filter(verb="adopt_plan").get().detail.json
    assert world["officer"].ledger_ref in told("plan_adopted", plan.get_absolute_url())


def test_next_plan_replaces_the_one_in_force_and_its_clocks(world: World, plan: EmergencyPlan) -> None:
    who = {"actor": world["provider"], "at": world.at}
    following = operations.draft_plan(unit=plan.unit, **stages.PLAN, **who)
    with pytest.raises(InvalidState):
        operations.draft_plan(unit=plan.unit, **stages.PLAN, **who)
    operations.add_plan_evidence(plan=following, path=stages.paper("next plan"), **who)
    operations.adopt_plan(plan=following, adopted_on=local_date(world.at), **who)
    plan.refresh_from_db()
    assert (plan.state, following.state) == ("superseded", "in_force")
    assert due(plan) == {} and len(due(following)) == 3


def test_next_plan_takes_over_what_is_due_and_overdue_until_it_was_done(world: World, plan: EmergencyPlan) -> None:
    """A new plan is no drill: what fell due before its own term stays due, and overdue, under the new plan."""
    drilled(world, plan, world.at + timedelta(days=300))
    known = due(plan)
    at = world.at + timedelta(days=400)
    who = {"actor": world["provider"], "at": at}
    following = operations.draft_plan(unit=plan.unit, **stages.PLAN, **who)
    operations.add_plan_evidence(plan=following, path=stages.paper("next plan"), **who)
    operations.adopt_plan(plan=following, adopted_on=local_date(at), **who)
    assert due(plan) == {} and due(following) == known
    overdue = Clock.objects.overdue(at).filter(object_type="supervision.emergencyplan")
    assert set(overdue.values_list("kind", flat=True)) == {"evaluation", "risk"}
    clock.recompute(at)  # of a changed calendar
    assert due(following) == known
    drilled(world, following, at, kind="risk")
    assert due(following) == {**known, "risk": add_months(local_date(at), 12)}


def test_next_plan_never_puts_off_its_own_term(world: World, plan: EmergencyPlan) -> None:
    """Twelve months from the day of its adoption, also where the earlier plan would have left more time."""
    Clock.objects.filter(kind=Kind.DRILL, ended_at=None).update(working_days=30)
    row = Clock.objects.get(kind=Kind.DRILL, ended_at=None)
    Clock.objects.filter(pk=row.pk).update(due_at=clock.due(row, 0))
    who: dict[str, Any] = {"actor": world["provider"], "at": world.at + timedelta(days=40)}
    following = operations.draft_plan(unit=plan.unit, **stages.PLAN, **who)
    operations.add_plan_evidence(plan=following, path=stages.paper("next plan"), **who)
    operations.adopt_plan(plan=following, adopted_on=local_date(who["at"]), **who)
    assert due(following)["drill"] == add_months(local_date(who["at"]), 12)
    assert due(following)["risk"] == add_months(local_date(world.at), 12)


def test_a_drill_begins_its_own_term_anew_and_an_earlier_one_does_not(world: World, plan: EmergencyPlan) -> None:
    later = world.at + timedelta(days=100)
    drilled(world, plan, later)
    adopted = local_date(world.at)
    assert due(plan) == {
        "drill": local_date(later).replace(year=local_date(later).year + 1),
        "evaluation": adopted.replace(year=adopted.year + 1), "risk": adopted.replace(year=adopted.year + 1),
    }  # fmt: skip
    known = due(plan)
    drilled(world, plan, later, day=adopted + timedelta(days=50))
    assert due(plan) == known and plan.exercises.count() == 2


@pytest.mark.parametrize("days", [-1, 1])
def test_a_drill_lies_neither_ahead_nor_before_its_plan(world: World, plan: EmergencyPlan, days: int) -> None:
    before = matrix.rows()
    with pytest.raises(ValidationError) as refused:
        drilled(world, plan, world.at, day=local_date(world.at) + timedelta(days=days))
    assert set(refused.value.message_dict) == {"day"} and matrix.rows() == before


def test_operator_sets_the_term_in_months(world: World) -> None:
    ClockSetting.objects.create(kind=Kind.DRILL, days=6, source="省规定")
    plan, at = stages.emergency_plan(world, "in_force")
    assert due(plan)["drill"] == local_date(at).replace(month=local_date(at).month + 6)


def test_only_the_unit_reads_a_draft_and_nobody_else_keeps_its_plan(world: World) -> None:
    draft, at = stages.emergency_plan(world, "draft")
    with time_machine.travel(at, tick=False):
        for who, sees in (("provider", 1), ("officer", 0), ("province_officer", 0), ("other_provider", 0)):
            assert EmergencyPlan.objects.visible_to(world[who]).count() == sees, who
    for who in ("officer", "other_provider", "buyer"):
        with pytest.raises(NotAllowed):
            operations.discard_plan(plan=draft, actor=world[who], at=at)
    with pytest.raises(NotAllowed):
        operations.draft_plan(unit=draft.unit, actor=world["other_provider"], at=at, **stages.PLAN)


def test_a_unit_that_provides_without_a_plan_is_reminded_once_a_year_and_the_authority_told(world: World) -> None:
    for _twice in range(2):
        sweep(at=world.at)
    assert {world["provider"].ledger_ref, world["officer"].ledger_ref} <= told("plan_missing", "/emergency-plans/")
    assert world["other_provider"].ledger_ref not in told("plan_missing")
    before = Outbox.objects.filter(kind="plan_missing").count()
    sweep(at=world.at + timedelta(days=40))
    assert Outbox.objects.filter(kind="plan_missing").count() == before
    stages.emergency_plan(world, "in_force")
    sweep(at=datetime(2027, 1, 5, 9, tzinfo=SHANGHAI))
    assert Outbox.objects.filter(kind="plan_missing").count() == before


def test_a_drill_is_announced_and_when_overdue_the_authority_is_told(world: World, plan: EmergencyPlan) -> None:
    over = Clock.objects.get(object_type="supervision.emergencyplan", kind=Kind.DRILL).due_at
    sweep(at=over - timedelta(days=31))
    assert not told("exercise_due")
    for day in (20, 5):
        sweep(at=over - timedelta(days=day))
    assert told("exercise_due") == {world["provider"].ledger_ref}
    assert Outbox.objects.filter(kind="exercise_due", channel="page").count() == 3  # each of the three, once
    sweep(at=over)
    link = plan.get_absolute_url()
    assert world["officer"].ledger_ref in told("exercise_overdue", link)
    assert world["provider"].ledger_ref in told("clock_overdue", link)
    drilled(world, plan, over, day=local_date(over))
    count = Outbox.objects.filter(kind__in=["exercise_due", "exercise_overdue"]).count()
    sweep(at=over + timedelta(days=3))
    assert Outbox.objects.filter(kind__in=["exercise_due", "exercise_overdue"]).count() == count


def test_before_its_sweep_a_drill_that_was_done_is_not_called_overdue(world: World, plan: EmergencyPlan) -> None:
    over = Clock.objects.get(object_type="supervision.emergencyplan", kind=Kind.DRILL).due_at
    drilled(world, plan, over - timedelta(hours=1), day=local_date(over - timedelta(hours=1)))
    sweep(at=over)
    keys = Outbox.objects.filter(kind="exercise_overdue").values_list("dedup_key", flat=True)
    assert not [key for key in keys if ":drill:" in key]
