"""No refusal without a hearing on it: opened when the time to correct is over or the party refuses, not before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from marketplace.api.serializers import MeasureRow
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import add_working_days, end_of_day, last_day
from marketplace.console.site import address
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.errors import InvalidState
from marketplace.supervision import operations, verbs
from marketplace.supervision.deadlines import decide_by, went_up
from marketplace.supervision.models import Measure
from marketplace.supervision.queries import with_deadline
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import rows

SAID = {"reason": "理由充分", "remedy": stages.REMEDY}


@pytest.fixture
def order(world: World, grant: Grant) -> Measure:
    return stages.order(world, grant)


def open_hearing(world: World, at: datetime) -> None:
    operations.open_hearing(measure=now(), actor=world["officer"], at=at, reason="拟终止")


def say(world: World, at: datetime, *, refuses: bool) -> None:
    operations.file_statement(measure=now(), actor=world["buyer"], at=at, text="陈述", refuses=refuses)


def file_evidence(world: World, at: datetime) -> None:
    operations.file_evidence(measure=now(), actor=world["buyer"], at=at, text="已停用")


def find(world: World, at: datetime) -> None:
    """By an officer who has read everything."""
    operations.note_seen(measure=now(), actor=world["officer"], at=at)
    operations.find_refusal(measure=now(), actor=world["officer"], at=at, reason="逾期未改正")


def now() -> Measure:
    return Measure.objects.get()


def refused(act: Any, world: World, at: datetime, verb: str) -> None:
    operations.note_seen(measure=now(), actor=world["officer"], at=at)
    before = rows()
    with pytest.raises(InvalidState):
        act(world, at)
    assert rows() == before
    with time_machine.travel(at, tick=False):
        assert verb not in {one.name for one in verbs.MEASURE.available(now(), world["officer"], at)}


def test_no_notice_of_intent_while_the_party_has_time_to_correct(world: World, order: Measure) -> None:
    over = later(world.at, Kind.CORRECTION)
    for at in (world.at, over - timedelta(seconds=1)):
        refused(open_hearing, world, at, "open_hearing")
    say(world, world.at, refuses=False)  # it may say something all the time
    refused(open_hearing, world, world.at, "open_hearing")
    open_hearing(world, over)
    refused(open_hearing, world, over, "open_hearing")  # once
    assert clock.of(order).open().filter(kind=Kind.HEARING).count() == 1
    find(world, later(over, Kind.HEARING))


def test_no_notice_of_intent_over_evidence_filed_in_time(world: World, order: Measure) -> None:
    file_evidence(world, world.at)
    refused(open_hearing, world, later(world.at, Kind.CORRECTION), "open_hearing")
    say(world, world.at, refuses=True)  # unless it says so itself
    open_hearing(world, world.at)


@pytest.mark.parametrize("refuses", [True, False])
def test_what_was_said_before_the_notice_is_no_hearing(world: World, order: Measure, refuses: bool) -> None:
    at = world.at if refuses else later(world.at, Kind.CORRECTION)
    say(world, world.at, refuses=refuses)
    open_hearing(world, at)
    heard = later(at, Kind.HEARING)
    for early in (at, heard - timedelta(seconds=1)):
        with pytest.raises(InvalidState):
            find(world, early)
    if refuses:
        find(world, heard)
    else:
        say(world, at, refuses=False)
        find(world, at)
    assert now().state == "refused_to_correct"


def test_after_more_was_asked_for_the_party_is_heard_anew(world: World, order: Measure) -> None:
    over = later(world.at, Kind.CORRECTION)
    open_hearing(world, over)
    say(world, over, refuses=False)
    file_evidence(world, over)
    operations.note_seen(measure=now(), actor=world["officer"], at=over)
    operations.ask_for_more(measure=now(), actor=world["officer"], at=over, reason="附日志", days=5)
    heard = later(over, Kind.HEARING)
    refused(find, world, heard, "find_refusal")
    open_hearing(world, heard)
    refused_until = later(heard, Kind.HEARING)
    with pytest.raises(InvalidState):
        find(world, refused_until - timedelta(seconds=1))
    find(world, refused_until)


@pytest.mark.parametrize("way", ["extended", "varied", "stated", "corrected"])
def test_new_time_or_a_refusal_taken_back_in_time_ends_the_hearing(world: World, order: Measure, way: str) -> None:
    at = world.at
    stages.hear(order, at, world["officer"], world["buyer"])
    if way == "extended":
        operations.extend_correction(measure=order, actor=world["officer"], at=at, days=5, reason="系统改造")
    elif way == "varied":
        review = operations.lodge_review(subject=order, actor=world["buyer"], at=at, text="认定有误")
        operations.vary_review(review=review, actor=world["second_officer"], at=at, days=30, **SAID)
    elif way == "stated":
        say(world, at, refuses=False)
    else:
        file_evidence(world, at)
    after = now()
    assert (after.hearing_opened_at, after.refuses) == (None, False)
    assert not clock.of(order).open().filter(kind=Kind.HEARING).exists()
    refused(open_hearing, world, at, "open_hearing")
    correction = clock.of(order).open().get(kind=Kind.CORRECTION)
    refused(find, world, correction.due_at, "find_refusal")
    if way == "corrected":
        return  # it is the officer's turn
    open_hearing(world, correction.due_at)
    find(world, later(correction.due_at, Kind.HEARING))


def test_too_late_taken_back_the_hearing_goes_on_to_its_end(world: World, order: Measure) -> None:
    over = later(world.at, Kind.CORRECTION)
    open_hearing(world, over)
    say(world, over, refuses=True)
    say(world, over, refuses=False)
    file_evidence(world, over)
    assert now().hearing_opened_at == over
    find(world, over)


def to_decide_by() -> datetime | None:
    return decide_by(with_deadline(Measure.objects.all()).get())


def after(due: datetime, days: int) -> datetime:
    return end_of_day(add_working_days(last_day(due), days))


def test_from_the_notice_on_both_sides_see_by_when_it_is_decided_what_follows(world: World, order: Measure) -> None:
    """Three working days after the time to be heard, or after the party has spoken in it."""
    over = later(world.at, Kind.CORRECTION)
    assert to_decide_by() is None
    open_hearing(world, over)
    silent = after(later(over, Kind.HEARING), 3)
    assert to_decide_by() == silent
    heard = over + timedelta(days=1)
    with time_machine.travel(heard, tick=False):
        assert [f"{last_day(silent):%F}" in page for page in shown(world)] == [True] * 3
        say(world, heard, refuses=False)
        day = later(heard, Kind.HEARD)
        assert day < silent and to_decide_by() == day
        assert [f"{last_day(day):%F}" in page for page in shown(world)] == [True] * 3
        row = MeasureRow(with_deadline(Measure.objects.all()).get()).data
        assert (row["hearing_by"], datetime.fromisoformat(row["decide_by"])) == (None, day)
        assert (now(), day) in [(task.obj, task.due_at) for task in todo(world["officer"], heard)]


def shown(world: World) -> list[str]:
    """What the party, the officer and the console are shown of it."""
    own = now().get_absolute_url()
    at = (("buyer", own), ("officer", own), ("officer", address(now())))
    return [log_in(world[who], "zh-hans").get(url).content.decode() for who, url in at]


@pytest.mark.parametrize("decided", [True, False])
def test_what_is_not_decided_after_a_hearing_in_time_goes_up(world: World, order: Measure, decided: bool) -> None:
    over = later(world.at, Kind.CORRECTION)
    open_hearing(world, over)
    say(world, over, refuses=False)
    say(world, over, refuses=True)  # a second word begins no new time
    heard = clock.of(order).get(kind=Kind.HEARD)
    if decided:
        find(world, heard.due_at - timedelta(hours=9))
    assert list(clock.of(order).filter(went_up(after(heard.due_at, 3)), kind=Kind.HEARD, ended_at=None)) == (
        [] if decided else [heard]
    )
    assert to_decide_by() == (later(heard.due_at - timedelta(hours=9), Kind.JUDGEMENT) if decided else heard.due_at)


@pytest.mark.parametrize("is_said", [True, False], ids=["heard before", "heard meanwhile"])
def test_a_stay_stops_the_time_to_decide(world: World, order: Measure, is_said: bool) -> None:
    say(world, world.at, refuses=True)
    open_hearing(world, world.at)
    if is_said:
        say(world, world.at, refuses=True)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    operations.stay_review(review=review, actor=world["second_officer"], at=world.at, reason="先停")
    say(world, world.at, refuses=True)
    assert (clock.of(order).get(kind=Kind.HEARD).paused_at, to_decide_by()) == (world.at, None)
    later_on = world.at + timedelta(days=7)
    operations.end_stay(review=review, actor=world["second_officer"], at=later_on, reason="不再停")
    assert to_decide_by() == later(later_on, Kind.HEARD)
