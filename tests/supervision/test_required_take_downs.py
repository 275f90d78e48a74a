"""A take-down that the province requires is carried out in its words, and undone by nobody but the province."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership, User
from accounts.queries import recipients
from listings.models import Version
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.documents.models import Document
from marketplace.errors import NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.review import Review
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import rows

SAID: dict[str, Any] = {**stages.CHARGE, "remedy": stages.REMEDY}
Case = tuple[Measure, datetime]


@pytest.fixture
def required(world: World) -> Case:
    return stages.take_down(world, "proposed+required")


@pytest.fixture
def issued(world: World, required: Case) -> Case:
    made, at = required
    operations.issue_order(measure=made, actor=world["reviewer"], at=at, **SAID)
    return Measure.objects.get(), at


def colleague(world: World, party: str) -> User:
    """Somebody else of that party."""
    made: User = world["other_buyer"]
    Membership.objects.create(user=made, party=world.parties[party], role="member", valid_from=local_date(world.at))
    return made


def province_told(world: World) -> list[str]:
    mine = Outbox.objects.filter(channel="page", recipient_ref=world["province_officer"].ledger_ref).order_by("pk")
    return list(mine.filter(kind__in=["measure_moved", "measure_extended"]).values_list("kind", flat=True))


@pytest.mark.parametrize("changed", ["facts", "demand"])
def test_the_reviewer_issues_it_in_the_words_of_the_province(world: World, required: Case, changed: str) -> None:
    made, at = required
    before = rows()
    with pytest.raises(ValidationError) as refused:
        operations.issue_order(measure=made, actor=world["reviewer"], at=at, **SAID | {changed: "无"})
    assert (list(refused.value.message_dict), rows()) == ([changed], before)
    with time_machine.travel(at, tick=False):
        address = reverse("supervision:order-issue", args=[made.pk])
        assert log_in(world["reviewer"]).get(address).content.decode().count("readonly") == 2
        wrapped = SAID | {"demand": stages.CHARGE["demand"] + "\r\n"}  # as a page sends it
        assert log_in(world["reviewer"]).post(address, wrapped).status_code == 302
    done = Measure.objects.get()
    assert (done.state, done.facts, done.demand) == ("issued", *stages.CHARGE.values())
    assert province_told(world) == ["measure_moved"]


def test_who_carries_it_out_neither_lifts_nor_annuls_it(world: World, issued: Case) -> None:
    made, at = issued
    second = colleague(world, "compliance")
    before = rows()
    for act in (operations.lift_order, operations.annul_order):
        for who in (world["reviewer"], second, world["officer"], world["vendor"]):
            with pytest.raises(NotAllowed):
                act(measure=made, actor=who, at=at, reason="已改正")
    assert (rows(), Version.objects.get(pk=made.version_id).state) == (before, "held")


@pytest.mark.parametrize(("act", "state"), [(operations.lift_order, "lifted"), (operations.annul_order, "annulled")])
def test_the_province_does_so_in_its_own_name(world: World, issued: Case, act: Any, state: str) -> None:
    made, at = issued
    act(measure=made, actor=world["province_officer"], at=at, reason="已改正")
    assert (Measure.objects.get().state, Version.objects.get(pk=made.version_id).state) == (state, "published")
    assert Document.objects.order_by("pk").last().issuer == world.parties["province"]


@pytest.fixture
def refused(world: World, issued: Case) -> Case:
    made, at = issued
    reviewer = {"measure": made, "actor": world["reviewer"]}
    stages.hear(made, at, world["reviewer"], world["vendor"])
    stages.read(made, at, world["reviewer"])
    operations.find_refusal(**reviewer, at=at, reason="明确拒绝")
    return Measure.objects.get(), at


def test_who_carries_it_out_does_not_make_it_final_but_the_province_does(world: World, refused: Case) -> None:
    made, at = refused
    end: dict[str, Any] = {"measure": made, "at": at, "reason": "拒不改正", "remedy": stages.REMEDY}
    second = colleague(world, "compliance")
    before = rows()
    for who in (world["reviewer"], second, world["officer"], world["vendor"]):
        with pytest.raises(NotAllowed):
            operations.make_final(actor=who, **end)
    assert rows() == before
    province = world["province_officer"]
    with time_machine.travel(at, tick=False):
        assert made in [task.obj for task in todo(province, at)]
        assert made not in [task.obj for task in todo(world["reviewer"], at)]
        client = log_in(province)
        address = reverse("supervision:order-make_final", args=[made.pk])
        assert address in client.get(made.get_absolute_url()).content.decode()  # which counts as reading
        assert "行政复议" in client.get(address).context["form"].initial["remedy"]
        assert client.post(address, {"reason": "拒不改正", "remedy": stages.REMEDY}).status_code == 302
    assert (Measure.objects.get().state, Version.objects.get(pk=made.version_id).state) == ("final", "recalled")
    assert Document.objects.get(kind="take_down_final").issuer == world.parties["province"]
    told = Outbox.objects.filter(channel="page", recipient_ref=world["reviewer"].ledger_ref, kind="measure_moved")
    assert told.exists()  # who has carried it out so far


def test_made_final_by_two_it_takes_two_officers_of_the_province(world: World, refused: Case) -> None:
    made, at = refused
    province = world["province_officer"]
    operations.set_second_pair(
        authority=world.parties["province"], actor=province, at=at, is_on=True, reason="内控要求"
    )
    second = colleague(world, "province")
    for who in (province, second):
        operations.note_seen(measure=made, actor=who, at=at)
    operations.make_final(measure=made, actor=province, at=at, reason="拒不改正", remedy=stages.REMEDY)
    assert Measure.objects.get().state == "refused_to_correct"
    signed = Outbox.objects.filter(channel="page", kind="measure_signed").values_list("recipient_ref", flat=True)
    assert list(signed) == [second.ledger_ref]
    for who in (world["reviewer"], province, world["officer"]):
        with pytest.raises(NotAllowed):
            operations.confirm_signature(measure=made, actor=who, at=at)
    operations.confirm_signature(measure=made, actor=second, at=at)
    assert Measure.objects.get().state == "final"


def test_the_reviewer_is_asked_to_issue_it_and_names_the_remedy_against_an_authority(
    world: World, required: Case
) -> None:
    made, at = required
    with time_machine.travel(at, tick=False):
        assert made in [task.obj for task in todo(world["reviewer"], at)]
        form = log_in(world["reviewer"]).get(reverse("supervision:order-issue", args=[made.pk])).context["form"]
    assert "行政复议" in form.initial["remedy"] and "平台其他人员" not in form.initial["remedy"]


def test_the_province_is_told_of_each_step_and_asked_once_there_is_evidence(world: World, issued: Case) -> None:
    made, at = issued
    reviewer: dict[str, Any] = {"measure": made, "actor": world["reviewer"], "at": at, "reason": "-"}
    steps = [
        lambda: operations.file_evidence(measure=made, actor=world["vendor"], at=at, text="已改正"),
        lambda: operations.note_seen(measure=Measure.objects.get(), actor=world["reviewer"], at=at),
        lambda: operations.ask_for_more(**reviewer),
        lambda: operations.extend_correction(**reviewer, days=5),
        lambda: operations.open_hearing(**{**reviewer, "at": later(later(at, Kind.CORRECTION), Kind.CORRECTION)}),
    ]
    told = []
    for step in steps:
        before = len(province_told(world))
        step()
        told.append(len(province_told(world)) - before)
        if step is steps[0]:
            with time_machine.travel(at, tick=False):
                assert made in [task.obj for task in todo(world["province_officer"], at)]
                page = log_in(world["province_officer"]).get(made.get_absolute_url()).content.decode()
                assert reverse("supervision:order-lift", args=[made.pk]) in page
    assert told == [1, 0, 1, 1, 1]


def test_another_officer_of_the_province_reviews_it_and_stays_it(world: World, issued: Case) -> None:
    made, at = issued
    review = operations.lodge_review(subject=made, actor=world["vendor"], at=at, text="认定有误")
    assert (review.authority, review.above, review.reviewer) == (world.parties["province"], None, None)
    second = colleague(world, "compliance")
    act: dict[str, Any] = {"review": review, "at": at, "reason": "确有错误"}
    before = rows()
    for who in (world["reviewer"], second, world["officer"], world["province_officer"]):
        for decide in (operations.annul_review, operations.stay_review):
            with pytest.raises(NotAllowed):
                decide(actor=who, **act)
    assert rows() == before
    Membership.objects.filter(user=second, party=world.parties["compliance"]).update(party=made.required_by)
    operations.stay_review(actor=second, **act)
    operations.annul_review(actor=second, **act)
    assert (Review.objects.get().state, Measure.objects.get().state) == ("annulled", "annulled")


def overdue_told(world: World, case: Any) -> set[str]:
    up = Outbox.objects.filter(channel="page", kind="officer_overdue", link=case.get_absolute_url())
    return set(up.values_list("recipient_ref", flat=True))


def test_what_the_reviewer_does_not_issue_in_time_goes_up_to_the_province_that_required_it(
    world: World, required: Case
) -> None:
    made, _at = required
    province, due = world["province_officer"], clock.of(made).open().get().due_at
    assert made not in [task.obj for task in todo(province, due - timedelta(seconds=1))]
    assert made in [task.obj for task in todo(province, due)]
    sweep(at=due)
    assert overdue_told(world, made) == set()
    for day in (10, 11):
        sweep(at=due + timedelta(days=day))
    assert overdue_told(world, made) == {province.ledger_ref}
    operations.drop_order(measure=made, actor=province, at=due, reason="已另行处理")
    assert made not in [task.obj for task in todo(province, due)]


def test_the_reviewer_is_told_that_what_was_required_is_dropped(world: World, required: Case) -> None:
    made, at = required
    operations.drop_order(measure=made, actor=world["province_officer"], at=at, reason="已另行处理")
    told = Outbox.objects.filter(channel="page", kind="measure_moved")
    assert [row.recipient_ref for row in told] == [world["reviewer"].ledger_ref]
    assert (told[0].context["number"], told[0].context["reason"]) == (str(made), "已另行处理")


@pytest.mark.parametrize("what", ["finding", "report"])
def test_other_duties_of_the_reviewer_go_up_to_the_authority_of_the_case(world: World, what: str) -> None:
    version, at = stages.non_public_version(world, "published")
    case: Any = stages.another_finding(version, at)
    if what == "report":
        case = operations.report_concern(
            subject=version, actor=world["buyer"], at=at, kind="misuse", text="转卖"
        ).made  # fmt: skip
    assert case.reviewer == world.parties["compliance"]
    sweep(at=clock.of(case).open().get().due_at + timedelta(days=10))
    people = {to.ref for to in recipients(version.authority, at)}
    assert people and overdue_told(world, case) == people
