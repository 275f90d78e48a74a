"""More evidence is asked for: the party's time goes on or, where it is over, it has new working days, told and on
paper; what follows waits for them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after, last_day
from marketplace.desk.story import later
from marketplace.documents.models import Document
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from tests.actors import World
from tests.console.conftest import log_in
from tests.supervision.test_issuing import ORDER, system_of
from tests.supervision.test_papers import paper_of
from tests.workflow import stages
from tests.workflow.matrix import rows

SECOND = timedelta(seconds=1)


@pytest.fixture
def order(world: World, grant: Grant) -> Measure:
    made = stages.proposal(world, grant)
    operations.issue_order(measure=made, actor=world["officer"], at=world.at, days=7, **ORDER)
    return made


def now() -> Measure:
    return Measure.objects.get()


def file(world: World, at: datetime) -> None:
    operations.file_evidence(measure=now(), actor=world["buyer"], at=at, text="已停用")
    operations.note_seen(measure=now(), actor=world["officer"], at=at)


def ask(world: World, at: datetime, **more: Any) -> None:
    operations.ask_for_more(measure=now(), actor=world["officer"], at=at, reason="附日志", **more)


def over(world: World) -> datetime:
    return due_after(world.at, 7)


def told(world: World) -> str:
    row = Outbox.objects.filter(kind="measure_moved", channel="page", recipient_ref=world["buyer"].ledger_ref).last()
    assert row is not None
    return render(row.kind, row.context)[1]


@pytest.mark.parametrize("face", ["page", "system"])
def test_after_its_time_the_party_has_new_working_days_told_and_on_paper(
    world: World, order: Measure, face: str
) -> None:
    at = over(world)
    file(world, at)
    with time_machine.travel(at, tick=False):
        if face == "page":
            officer, address = log_in(world["officer"]), f"/order/{order.pk}/ask-for-more/"
            assert officer.get(address).context["form"].initial["days"] == 7  # as many as it had
            assert officer.post(address, {"reason": "附日志", "days": 5}).status_code == 302
        else:
            path = f"measures/{order.pk}/ask-for-more/"
            assert system_of(world, "officer").post(path, {"reason": "附日志", "days": 5}).status_code == 200
    due = due_after(at, 5)
    running = clock.of(order).open().get(kind=Kind.CORRECTION)
    assert (running.working_days, running.due_at, running.paused_at) == (5, due, None)
    assert str(last_day(due)) in told(world)
    assert f"改正期限{last_day(due)}" in paper_of(order, at, "extension")[1]
    entry = Entry.objects.get(verb="ask_for_more", object_type="supervision.measure")
    assert '"days":5' in EntryDetail.objects.get(entry=entry).json
    hear = {"measure": now(), "actor": world["officer"], "reason": "拟终止"}
    with pytest.raises(InvalidState):
        operations.open_hearing(at=due - SECOND, **hear)
    operations.open_hearing(at=due, **hear)


@pytest.mark.parametrize(("given", "new"), [(7, 7), (1, LEAST_DAYS), (250, MOST_DAYS)])
def test_left_out_it_has_as_many_as_it_had_within_what_an_officer_may_give(
    world: World, order: Measure, given: int, new: int
) -> None:
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    said = {"reason": "理由充分", "remedy": stages.REMEDY}
    operations.vary_review(review=review, actor=world["second_officer"], at=world.at, days=given, **said)
    at = due_after(world.at, given)
    file(world, at)
    ask(world, at)
    assert clock.of(order).open().get(kind=Kind.CORRECTION).due_at == due_after(at, new)


@pytest.mark.parametrize("days", [LEAST_DAYS - 1, MOST_DAYS + 1])
def test_too_short_or_too_long_is_refused_by_its_field(world: World, order: Measure, days: int) -> None:
    file(world, over(world))
    before = rows()
    with pytest.raises(ValidationError) as error:
        ask(world, over(world), days=days)
    with time_machine.travel(over(world), tick=False):
        page = log_in(world["officer"]).post(f"/order/{order.pk}/ask-for-more/", {"reason": "附日志", "days": days})
    assert (list(error.value.message_dict), list(page.context["form"].errors)) == (["days"], ["days"])
    assert rows() == before


def test_while_its_time_goes_on_no_new_one_is_asked_for_and_the_message_names_its_last_day(
    world: World, order: Measure
) -> None:
    file(world, world.at)
    at = over(world)
    before = rows()
    with pytest.raises(ValidationError) as error:
        ask(world, at, days=5)
    assert (list(error.value.message_dict), rows()) == (["days"], before)
    with time_machine.travel(at, tick=False):
        form = log_in(world["officer"]).get(f"/order/{order.pk}/ask-for-more/").context["form"]
    assert list(form.fields) == ["reason"]
    ask(world, at)
    going_on = clock.of(order).open().get(kind=Kind.CORRECTION)
    assert going_on.working_days == 7 and str(last_day(going_on.due_at)) in told(world)
    assert not Document.objects.filter(kind="extension").exists()


def test_new_days_given_during_a_stay_begin_when_it_ends(world: World, order: Measure) -> None:
    at = over(world)
    file(world, at)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=at, text="认定有误")
    operations.stay_review(review=review, actor=world["province_officer"], at=at, reason="争议较大")
    ask(world, at, days=5)
    correction = clock.of(order).open().filter(kind=Kind.CORRECTION)
    assert correction.get().paused_at == at and str(last_day(correction.get().due_at)) not in told(world)
    ended = later(at, Kind.CORRECTION)
    operations.end_stay(review=review, actor=world["province_officer"], at=ended, reason="已查明")
    assert (correction.get().paused_at, correction.get().due_at) == (None, due_after(ended, 5))


def by_asking(world: World) -> datetime:
    at: datetime = clock.of(now()).open().get(kind=Kind.CORRECTION).due_at
    file(world, at)
    ask(world, at)
    return at


def by_a_review(world: World) -> datetime:
    review = operations.lodge_review(subject=now(), actor=world["buyer"], at=world.at, text="认定有误")
    said = {"reason": "理由充分", "remedy": stages.REMEDY}
    operations.vary_review(review=review, actor=world["second_officer"], at=world.at, days=20, **said)
    return world.at


def extend(world: World, at: datetime) -> None:
    operations.extend_correction(measure=now(), actor=world["officer"], at=at, days=2, reason="系统改造")


def may_extend(world: World, at: datetime) -> bool:
    with time_machine.travel(at, tick=False):
        page = log_in(world["officer"], "zh-hans").get(now().get_absolute_url())
    return f"/order/{now().pk}/extend/" in page.content.decode()


@pytest.mark.parametrize("give_time", [by_asking, by_a_review])
def test_new_time_brings_no_second_extension(
    world: World, order: Measure, give_time: Callable[[World], datetime]
) -> None:
    extend(world, world.at)
    at = give_time(world)
    before = rows()
    with pytest.raises(InvalidState, match="只能延长一次，此后重新给予期限的也不例外"):
        extend(world, at)
    assert rows() == before
    assert not may_extend(world, at)


@pytest.mark.parametrize("give_time", [by_asking, by_a_review])
def test_new_time_that_follows_no_extension_is_extended_once(
    world: World, order: Measure, give_time: Callable[[World], datetime]
) -> None:
    at = give_time(world)
    assert may_extend(world, at)
    extend(world, at)
    assert clock.of(order).open().get(kind=Kind.CORRECTION).extended_days == 2
    assert not may_extend(world, at)
