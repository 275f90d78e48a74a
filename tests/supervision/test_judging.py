"""Evidence that is filed, and a refusal that was found, wait for who signs the measure only so many working days."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from marketplace.api.serializers import MeasureRow
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import add_working_days, end_of_day, last_day
from marketplace.console.site import address
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.deadlines import decide_by, duties_of
from marketplace.supervision.models import Measure
from marketplace.supervision.queries import with_deadline
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages

WAITING = ["evidence_filed", "refused_to_correct"]


def judged(order: Measure) -> Clock:
    found: Clock = clock.of(order).open().get(kind=Kind.JUDGEMENT)
    return found


def told(who: Any, kind: str) -> int:
    return Outbox.objects.filter(recipient_ref=who.ledger_ref, kind=kind, channel="page").count()


@pytest.mark.parametrize("state", WAITING)
@pytest.mark.parametrize(("made", "who"), [("measure", "officer"), ("notice", "vendor"), ("take_down", "reviewer")])
def test_who_signs_is_asked_by_a_day_and_told_once_it_is_over(world: World, made: str, who: str, state: str) -> None:
    order, _over = getattr(stages, made)(world, state)
    running = judged(order)
    assert running.due_at == later(running.started_at, Kind.JUDGEMENT)
    assert list(clock.of(order).running()) == [running]
    assert (order, running.due_at) in [(task.obj, task.due_at) for task in todo(world[who], running.started_at)]
    assert running in Clock.objects.filter(duties_of([order.signatory.pk]))
    before = told(world[who], "clock_overdue")
    sweep(at=running.due_at - timedelta(hours=1))
    assert told(world[who], "clock_overdue") == before
    sweep(at=running.due_at)
    assert told(world[who], "clock_overdue") == before + 1


@pytest.mark.parametrize("state", WAITING)
def test_what_an_office_does_not_judge_in_time_goes_up(world: World, state: str) -> None:
    order, _over = stages.measure(world, state)
    late = end_of_day(add_working_days(last_day(judged(order).due_at), 3)) + timedelta(days=1)
    sweep(at=judged(order).due_at)
    assert told(world["province_officer"], "officer_overdue") == 0
    sweep(at=late)
    assert told(world["province_officer"], "officer_overdue") == 1


@pytest.mark.parametrize("state", WAITING)
def test_page_console_and_api_say_by_when_it_is_decided(world: World, state: str) -> None:
    order, _over = stages.measure(world, state)
    day = judged(order).due_at
    row = MeasureRow(with_deadline(Measure.objects.all()).get()).data
    assert datetime.fromisoformat(row["decide_by"]) == day
    own = order.get_absolute_url()
    with time_machine.travel(world.at, tick=False):
        for who, url in (("buyer", own), ("officer", own), ("officer", address(order))):
            assert f"{last_day(day):%F}" in log_in(world[who], "zh-hans").get(url).content.decode(), url


def test_each_step_ends_the_time_to_judge_or_begins_it_anew(world: World) -> None:
    order, _over = stages.measure(world, "evidence_filed")
    officer: dict[str, Any] = {"measure": order, "actor": world["officer"], "at": world.at, "reason": "理由"}
    operations.ask_for_more(**officer)
    assert not clock.of(order).open().filter(kind=Kind.JUDGEMENT).exists()
    at = later(world.at, Kind.CORRECTION)
    operations.open_hearing(**officer | {"at": at})
    operations.file_evidence(measure=order, actor=world["buyer"], at=at, text="已改正")  # too late
    assert not clock.of(order).open().filter(kind=Kind.CORRECTION).exists()
    first, at = judged(order), later(at, Kind.HEARING)
    stages.read(order, at, world["officer"])
    operations.find_refusal(**officer | {"at": at})
    second = judged(order)
    assert (second.pk == first.pk, second.started_at) == (False, at)
    operations.file_evidence(measure=order, actor=world["buyer"], at=at, text="再补充")  # begins no new time
    assert judged(order) == second
    operations.lift_order(**officer | {"at": at})
    assert not clock.of(order).open().exists()


@pytest.mark.parametrize("is_filed", [True, False], ids=["filed before", "filed meanwhile"])
def test_a_stay_stops_the_time_to_judge(world: World, grant: Grant, is_filed: bool) -> None:
    """Also of what is filed while it lasts."""
    order = stages.order(world, grant)
    if is_filed:
        operations.file_evidence(measure=order, actor=world["buyer"], at=world.at, text="已停用")
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    operations.stay_review(review=review, actor=world["second_officer"], at=world.at, reason="先停")
    if not is_filed:
        operations.file_evidence(measure=order, actor=world["buyer"], at=world.at, text="已停用")
    assert judged(order).paused_at == world.at
    assert decide_by(with_deadline(Measure.objects.all()).get()) is None
    at = world.at + timedelta(days=7)
    operations.end_stay(review=review, actor=world["second_officer"], at=at, reason="不再停")
    assert (judged(order).paused_at, judged(order).due_at) == (None, later(at, Kind.JUDGEMENT))
