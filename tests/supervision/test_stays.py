"""A stay of the other measures: orders that hold nothing, and take-downs (Arts 40, 45, 46, 47)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from listings import operations as listing
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import Task
from marketplace.documents.models import Document
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.models import Measure
from marketplace.supervision.review import Review
from tests.actors import World
from tests.console.conftest import log_in
from tests.supervision.test_product_take_downs import another, take_down
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

SAID = {"reason": "理由充分", "remedy": stages.REMEDY}
WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
WAYS = ("end_stay", "uphold_review", "vary_review", "withdraw_review")
KEPT = pytest.mark.parametrize("whole", [False, True], ids=["version", "product"])


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def stay(world: World, of: Measure, at: datetime, who: str) -> Review:
    """Asked by its party, stayed by the level above."""
    review = operations.lodge_review(subject=of, actor=world[who], at=at, text="认定有误")
    assert verbs.can_be_stayed(review)
    operations.stay_review(review=review, actor=world["province_officer"], at=at, reason="争议较大")
    assert not verbs.can_be_stayed(fresh(review))
    return fresh(review)


def end(world: World, review: Review, at: datetime, way: str, asker: str = "vendor") -> None:
    """The measure stands."""
    more: dict[str, Any] = {
        "end_stay": {"reason": "已查明"}, "uphold_review": SAID, "vary_review": {**SAID, "days": 30},
        "withdraw_review": {},
    }[way]  # fmt: skip
    who = asker if way == "withdraw_review" else "province_officer"
    getattr(operations, way)(review=review, actor=world[who], at=at, **more)


@pytest.fixture
def down(world: World, whole: bool) -> tuple[Measure, datetime]:
    """What a buyer has a grant on, taken down, or its product."""
    grant, _over = stages.non_public_grant(world, "active")
    assert grant.activated_at is not None
    return take_down(world, grant.from_version, grant.activated_at, whole=whole), grant.activated_at


def test_a_stay_of_an_order_that_holds_nothing_stops_its_clock(world):
    order, _over = stages.order_46(world, "issued")
    correction = clock.of(order).open().filter(kind=Kind.CORRECTION)
    due = correction.get().due_at
    review = stay(world, order, world.at, "buyer")
    assert correction.get().paused_at == world.at
    with pytest.raises(InvalidState):
        operations.open_hearing(measure=fresh(order), actor=world["officer"], at=due, reason="拟移送")
    operations.uphold_review(review=review, actor=world["province_officer"], at=world.at + WEEK, **SAID)
    assert (correction.get().paused_at, correction.get().due_at - due) == (None, WEEK)


@pytest.mark.parametrize("way", ["end_stay", "uphold_review", "withdraw_review"])
def test_a_stay_stops_the_hearing_which_goes_on_with_the_rest_of_its_time(world, way):
    """17 March 2026 + 5 working days is 24 March; one is used when it is stayed for seven days, five of them worked."""
    order, _over = stages.order_46(world, "issued")
    operations.file_statement(measure=order, actor=world["buyer"], at=world.at, text="不予改正", refuses=True)
    officer = {"measure": order, "actor": world["officer"], "reason": "拟移送"}
    operations.open_hearing(at=world.at, **officer)
    hearing = clock.of(order).open().filter(kind=Kind.HEARING)
    due, at = hearing.get().due_at, world.at + timedelta(days=1)
    review = stay(world, order, at, "buyer")
    assert hearing.get().paused_at == at
    with time_machine.travel(at, tick=False):
        assert log_in(world["buyer"]).get(order.get_absolute_url()).context["hearing_until"] is None
    operations.note_seen(measure=fresh(order), actor=world["officer"], at=due)
    with pytest.raises(InvalidState):
        operations.find_refusal(**officer | {"measure": fresh(order)}, at=due)
    end(world, review, at + WEEK, way, "buyer")
    assert (hearing.get().paused_at, hearing.get().due_at - due) == (None, WEEK)
    with pytest.raises(InvalidState):
        operations.find_refusal(**officer | {"measure": fresh(order)}, at=due + WEEK - SECOND)
    operations.find_refusal(**officer | {"measure": fresh(order)}, at=due + WEEK)


def test_a_hearing_that_was_over_before_the_stay_stays_over(world):
    order, _over = stages.order_46(world, "issued")
    operations.file_statement(measure=order, actor=world["buyer"], at=world.at, text="不予改正", refuses=True)
    operations.open_hearing(measure=order, actor=world["officer"], at=world.at, reason="拟移送")
    due = clock.of(order).open().get(kind=Kind.HEARING).due_at
    end(world, stay(world, order, due, "buyer"), due + WEEK, "end_stay")
    operations.note_seen(measure=fresh(order), actor=world["officer"], at=due + WEEK)
    operations.find_refusal(measure=fresh(order), actor=world["officer"], at=due + WEEK, reason="拟移送")


def asked_of(world: World, at: datetime) -> tuple[list[Any], str]:
    """What the to-do page asks of the buyer about orders, with until when or since when it rests; and the page."""
    with time_machine.travel(at, tick=False):
        page = log_in(world["buyer"], "zh-hans").get("/todo/")
    tasks = [(str(task.label)[:2], task.due_at, task.still_since) for task in page.context["tasks"]]
    return tasks, page.content.decode()


def test_what_a_stay_stops_is_asked_for_last_and_names_no_day_until_it_goes_on(world):
    order, _over = stages.order_46(world, "issued")
    stages.application(world, "draft")
    operations.file_statement(measure=order, actor=world["buyer"], at=world.at, text="不予改正", refuses=True)
    operations.open_hearing(measure=order, actor=world["officer"], at=world.at, reason="拟移送")
    due = dict(clock.of(order).values_list("kind", "due_at"))
    heard, corrected = ("陈述", due[Kind.HEARING], None), ("按决", due[Kind.CORRECTION], None)
    assert asked_of(world, world.at)[0] == [heard, corrected, ("完善", None, None)]
    review = stay(world, order, world.at, "buyer")
    tasks, page = asked_of(world, world.at)
    assert tasks == [("完善", None, None), ("按决", None, world.at), ("陈述", None, world.at)]
    assert Task("", order, None, world.at).urgency > Task("another", order, None).urgency
    assert page.count("自 2026-03-17 起停计") == 2
    assert not any(f"{last_day(day):%F}" in page for day in due.values())
    with time_machine.travel(due[Kind.CORRECTION], tick=False):
        shown = log_in(world["buyer"], "zh-hans").get(order.get_absolute_url()).content.decode()
    assert shown.count("自 2026-03-17 起停计") == 3 and "已逾期" not in shown  # two clocks, and in the order itself
    end(world, review, world.at + WEEK, "end_stay")
    on = [("陈述", due[Kind.HEARING] + WEEK, None), ("按决", due[Kind.CORRECTION] + WEEK, None)]
    assert asked_of(world, world.at + WEEK)[0][:2] == on


def test_an_extension_during_a_stay_names_no_day(world):
    order, _over = stages.order_46(world, "issued")
    stay(world, order, world.at, "buyer")
    operations.extend_correction(measure=fresh(order), actor=world["officer"], at=world.at, days=5, reason="系统改造")
    told = Outbox.objects.filter(recipient_ref=world["buyer"].ledger_ref, channel="page").latest("pk")
    assert render(told.kind, told.context)[1] == "改正期限延长 5 个工作日，复核停止执行期间停计，仅延长一次。系统改造"
    given = dict(Document.objects.get(kind="extension").content["sections"])["改正期限"]
    assert given == "共20个工作日，复核停止执行期间不计算在内"


@pytest.mark.parametrize("is_filed", [True, False], ids=["evidence filed", "to be corrected"])
def test_new_time_by_a_review_names_its_last_day_where_it_runs(world, is_filed):
    order, _over = stages.order_46(world, "issued")
    review = stay(world, order, world.at, "buyer")
    if is_filed:
        operations.file_evidence(measure=fresh(order), actor=world["buyer"], at=world.at, text="已停用")
    end(world, review, world.at, "vary_review")
    told = Outbox.objects.filter(kind="measure_moved", recipient_ref=world["buyer"].ledger_ref, channel="page").last()
    correction = clock.of(order).open().get(kind=Kind.CORRECTION)
    assert (correction.paused_at is not None) == is_filed
    assert (f"{last_day(correction.due_at):%F}" in render(told.kind, told.context)[1]) != is_filed


def test_a_stayed_order_is_not_referred(world):
    order, _over = stages.order_46(world, "refused_to_correct")
    review = stay(world, order, world.at, "buyer")
    refer = {"actor": world["officer"], "at": world.at, "referred_to": "市监委", "referral": "移送"}
    before = rows()
    with pytest.raises(InvalidState):
        operations.refer_order(measure=fresh(order), remedy=stages.REMEDY, **refer)
    assert rows() == before
    operations.end_stay(review=review, actor=world["province_officer"], at=world.at, reason="已查明")
    operations.refer_order(measure=fresh(order), remedy=stages.REMEDY, **refer)
    assert fresh(order).state == "referred"


def test_both_sides_are_told_of_a_stay_and_of_its_end(world):
    order, _over = stages.order_46(world, "issued")

    def told(reason: str) -> set[str]:
        news = Outbox.objects.filter(kind="review_moved", channel="page")
        return {one.recipient_ref for one in news if one.context["reason"] == reason}

    review = stay(world, order, world.at, "buyer")
    end(world, review, world.at + WEEK, "end_stay")
    both = {world[who].ledger_ref for who in ("buyer", "officer")}
    assert both <= told("争议较大") and both <= told("已查明")


@pytest.mark.parametrize("way", ["uphold_review", "withdraw_review"])
def test_a_stay_ends_once_and_the_decision_ends_it_no_second_time(world, way):
    order, _over = stages.order_46(world, "issued")
    review, ended = stay(world, order, world.at, "buyer"), world.at + SECOND
    end(world, review, ended, "end_stay")
    end(world, fresh(review), world.at + WEEK, way, "buyer")
    assert fresh(review).stay_ended_at == ended
    assert not clock.of(review).open().exists()


@KEPT
@pytest.mark.parametrize("way", WAYS)
def test_a_stayed_take_down_gives_back_and_holds_again_when_it_is_kept(world, down, way):
    made, at = down
    correction = clock.of(made).filter(kind=Kind.CORRECTION, ended_at=None)
    due = correction.get().due_at
    review = stay(world, made, at, "vendor")
    assert (fresh(made.version).state, correction.get().paused_at) == ("published", at)
    with time_machine.travel(at, tick=False):
        page = log_in(world["vendor"]).get(made.get_absolute_url())
        assert page.context["is_stayed"]
        assert log_in(world["vendor"]).get(reverse("supervision:review", args=[review.pk])).status_code == 200
    end(world, review, at + WEEK, way)
    version = fresh(made.version)
    assert (version.state, version.is_taken_down) == ("held", not made.whole_product)
    assert version.product.taken_down_by == (made.number if made.whole_product else "")
    assert (correction.get().paused_at, correction.get().due_at > due) == (None, True)
    operations.lift_order(measure=fresh(made), actor=world["reviewer"], at=at + WEEK, reason="已改正")
    assert (fresh(version).state, fresh(version).is_taken_down) == ("published", False)


@KEPT
def test_annulled_or_lifted_during_its_stay_it_holds_nothing_again(world, down):
    made, at = down
    review = stay(world, made, at, "vendor")
    operations.lift_order(measure=fresh(made), actor=world["reviewer"], at=at, reason="已改正")
    operations.uphold_review(review=review, actor=world["province_officer"], at=at, **SAID)
    assert fresh(made.version).state == "published"
    at += SECOND
    again = take_down(world, fresh(made.version), at, whole=made.whole_product)
    review = stay(world, again, at, "vendor")
    operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    version = fresh(made.version)
    assert (version.state, version.is_taken_down, version.product.taken_down_by) == ("published", False, "")
    assert fresh(review).stay_ended_at == at


@KEPT
def test_a_stay_gives_back_nothing_that_is_held_by_hand(world, down):
    made, at = down
    reviewer = {"actor": world["reviewer"], "at": at, "reason": "另有隐患"}
    listing.hold_version(version=fresh(made.version), **reviewer)
    review = stay(world, made, at, "vendor")
    assert fresh(made.version).state == "held"
    listing.release_version(version=fresh(made.version), **reviewer)
    assert fresh(made.version).state == "published"
    end(world, review, at, "uphold_review")
    assert fresh(made.version).state == "held"


@KEPT
def test_while_it_is_stayed_it_is_not_made_final_and_none_of_the_same_is_issued(world, down):
    made, at = down
    at += SECOND
    further = operations.draft_take_down(
        version=made.version, actor=world["reviewer"], at=at, clause="第六条", **stages.CHARGE,
        whole_product=made.whole_product,
    )  # fmt: skip
    stages.hear(made, at, world["reviewer"], world["vendor"])
    stages.read(made, at, world["reviewer"])
    reviewer = {"actor": world["reviewer"], "at": at}
    operations.find_refusal(measure=made, reason="拒不改正", **reviewer)
    review = stay(world, made, at, "vendor")
    before = rows()
    with pytest.raises(InvalidState):
        operations.make_final(measure=fresh(made), **SAID, **reviewer)
    with pytest.raises(InvalidState):
        operations.issue_order(measure=further, **stages.CHARGE, remedy=stages.REMEDY, **reviewer)
    assert rows() == before
    end(world, review, at, "end_stay")
    operations.make_final(measure=fresh(made), **SAID, **reviewer)
    assert (fresh(made).state, fresh(made.version).state) == ("final", "recalled")
    with pytest.raises(InvalidState):  # what is final stays so
        operations.stay_review(review=fresh(review), actor=world["province_officer"], at=at, reason="争议较大")
    assert not verbs.can_be_stayed(fresh(review))


@KEPT
def test_what_the_seller_retired_during_the_stay_is_not_served_after_it_and_recalled_in_the_end(world, down):
    made, at = down
    grant = Grant.objects.get()
    review = stay(world, made, at, "vendor")
    delivery.deliver(grant=grant, version=fresh(made.version), actor=world["buyer"], at=at)
    listing.retire_version(version=fresh(made.version), actor=world["vendor"], at=at, reason="换代")
    delivery.deliver(grant=grant, version=fresh(made.version), actor=world["buyer"], at=at)
    end(world, review, at, "end_stay")
    with pytest.raises(gate.Denied) as denied:
        delivery.deliver(grant=grant, version=fresh(made.version), actor=world["buyer"], at=at)
    assert denied.value.code == "version_not_served"
    with time_machine.travel(at, tick=False):
        page = log_in(world["buyer"]).get(grant.get_absolute_url())
        assert not page.context["versions"]
    stages.hear(made, at, world["reviewer"], world["vendor"])
    stages.read(made, at, world["reviewer"])
    operations.find_refusal(measure=made, actor=world["reviewer"], at=at, reason="拒不改正")
    operations.make_final(measure=made, actor=world["reviewer"], at=at, **SAID)
    assert fresh(made.version).state == "recalled"


@KEPT
def test_what_was_recalled_during_the_stay_stays_so_and_the_review_is_decided(world, down):
    made, at = down
    review = stay(world, made, at, "vendor")
    listing.recall_version(version=fresh(made.version), actor=world["reviewer"], at=at, reason="缺陷")
    end(world, review, at, "uphold_review")
    assert (fresh(made.version).state, fresh(review).state) == ("recalled", "upheld")
    operations.lift_order(measure=fresh(made), actor=world["reviewer"], at=at, reason="已改正")
    assert fresh(made.version).state == "recalled"


@pytest.mark.parametrize("whole", [True])
def test_a_version_made_public_during_the_stay_of_its_product_is_held_with_it(world, down):
    made, at = down
    review = stay(world, made, at, "vendor")
    further = another(world, made.version, at, "published")
    at = stages.later(at, Kind.PUBLICITY)
    before = Entry.objects.latest("pk").pk
    end(world, review, at, "end_stay")
    assert [one.state for one in Version.objects.filter(product=further.product)] == ["held", "held"]
    moved = Entry.objects.filter(pk__gt=before, object_type="listings.version", new="held", verb="end_stay")
    assert moved.count() == 2
