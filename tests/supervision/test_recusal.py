"""Who is biased steps back from a measure or a finding, with a reason; the case goes to somebody else."""

from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership, User
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.proposals import waiting_to_be_signed
from marketplace.supervision.review import Recusal, Review, decidable_by
from marketplace.supervision.second_pair import SecondPairRule, Signature
from marketplace.supervision.verbs import may_be_passed_on
from tests.actors import BEGAN, World
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import JOB, rows

WHY = "当事人的负责人是我弟弟"


@pytest.fixture
def proposal(world: World, grant: Grant) -> Measure:
    return stages.proposal(world, grant)


def step_back(world: World, measure: Measure, who: str = "officer", **more: Any) -> None:
    operations.recuse_from_measure(measure=measure, actor=world[who], at=world.at, reason=WHY, **more)


def told() -> set[str]:
    return set(Outbox.objects.filter(kind="recused", channel="page").values_list("recipient_ref", flat=True))


def test_who_steps_back_does_nothing_more_and_the_colleague_named_is_told_alone(
    world: World, proposal: Measure
) -> None:
    step_back(world, proposal, colleague=world["second_officer"])
    assert told() == {world["second_officer"].ledger_ref}
    entry = Entry.objects.get(verb="recuse")
    assert (entry.article, entry.actor_ref) == ("Art. 45", world["officer"].ledger_ref)
    assert WHY in EntryDetail.objects.get(entry=entry).json
    before = rows()
    for act in (
        lambda: operations.issue_order(
            measure=proposal, actor=world["officer"], at=world.at, **stages.CHARGE, remedy="-"
        ),
        lambda: operations.drop_order(measure=proposal, actor=world["officer"], at=world.at, reason="-"),
        lambda: step_back(world, proposal),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    assert rows() == before
    assert not waiting_to_be_signed(world["officer"], world.at).exists()
    assert waiting_to_be_signed(world["second_officer"], world.at).get() == proposal
    operations.issue_order(
        measure=proposal, actor=world["second_officer"], at=world.at, **stages.CHARGE, remedy=stages.REMEDY
    )
    assert Measure.objects.get().state == "issued"


def test_nobody_named_all_colleagues_and_the_level_above_are_told_and_the_pages_show_it(
    world: World, proposal: Measure
) -> None:
    step_back(world, proposal)
    assert told() >= {world[who].ledger_ref for who in ("second_officer", "province_officer")}
    assert world["officer"].ledger_ref not in told()
    with time_machine.travel(world.at, tick=False):
        second, officer = log_in(world["second_officer"]), log_in(world["officer"])
        for address in (proposal.get_absolute_url(), reverse("console:supervision_measure_change", args=[proposal.pk])):
            assert WHY in second.get(address).content.decode()
        queue = reverse("console:supervision_measure_changelist")
        shown = [str(proposal.party) in one.get(queue).content.decode() for one in (second, officer)]
    assert shown == [True, False]  # it waits for the colleague, and for who stepped back no more


def test_from_a_finding_it_reaches_the_measure_that_answers_it_and_from_a_measure_its_review(
    world: World, grant: Grant
) -> None:
    found, _at = stages.finding(world, "open")
    assert isinstance(found, Finding)
    made = operations.propose_order_on_finding(finding=found, actor=world["officer"], at=world.at, **stages.CHARGE)
    assert made is not None
    operations.recuse_from_finding(finding=found, actor=world["officer"], at=world.at, reason=WHY)
    for act in (
        lambda: operations.dismiss_finding(finding=found, actor=world["officer"], at=world.at, reason="-"),
        lambda: operations.drop_order(measure=made, actor=world["officer"], at=world.at, reason="-"),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    order = stages.order(world, grant)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    step_back(world, order, "second_officer")
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.uphold_review(review=review, actor=world["second_officer"], at=world.at, reason="-", remedy="-")


def test_what_they_signed_first_is_signed_anew(world: World, proposal: Measure) -> None:
    SecondPairRule.objects.create(authority=proposal.authority, by=world["officer"], since=world.at)
    stages.issue(proposal, world, world.at)
    step_back(world, proposal)
    assert Signature.objects.get().outcome == "overtaken"
    with pytest.raises(InvalidState):
        operations.confirm_signature(measure=proposal, actor=world["second_officer"], at=world.at)


def test_not_to_somebody_biased_or_oneself_nor_where_nobody_is_left(world: World, proposal: Measure) -> None:
    before = rows()
    for who in ("conflicted_officer", "other_officer", "buyer", "officer"):
        with pytest.raises(ValidationError):
            step_back(world, proposal, colleague=world[who])
    for who in ("buyer", "other_officer", "county_officer", "conflicted_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            step_back(world, proposal, who)
    assert rows() == before
    alone, _at = stages.order_47(world, "issued")
    before = rows()
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        step_back(world, alone, "province_officer")
    assert rows() == before and not Recusal.objects.exists()


def test_a_version_stays_with_who_reviewed_it_whatever_is_above_and_whoever_is_biased(world: World) -> None:
    act = stages.ledger.begin("notice", JOB, world.at)
    found = open_finding(act, world.version, "data_stale", "stale", "Art. 13")
    assert found is not None
    Membership.objects.create(
        party=world.parties["developer"], user=world["conflicted_officer"], role="member", valid_from=local_date(BEGAN)
    )
    with time_machine.travel(world.at, tick=False):
        assert may_be_passed_on(found)
        operations.recuse_from_finding(finding=found, actor=world["second_officer"], at=world.at, reason=WHY)
        assert not may_be_passed_on(found)
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        operations.recuse_from_finding(finding=found, actor=world["officer"], at=world.at, reason=WHY)


def test_who_signed_first_is_nobody_to_pass_it_on_to(world: World, proposal: Measure) -> None:
    SecondPairRule.objects.create(authority=proposal.authority, by=world["officer"], since=world.at)
    User.objects.filter(pk=world["province_officer"].pk).update(is_active=False)
    stages.issue(proposal, world, world.at)
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        step_back(world, proposal, "second_officer")
    step_back(world, proposal, "officer")
    assert Recusal.objects.get().user == world["officer"]


def test_the_queue_offers_no_review_of_what_answers_a_finding_one_has_stepped_back_from(world: World) -> None:
    found, at = stages.finding(world, "measure")
    review = operations.lodge_review(subject=found.measures.get(), actor=world["buyer"], at=at, text="认定有误")
    assert Review.objects.filter(decidable_by(world["second_officer"])).get() == review
    Recusal.objects.create(finding=found, user=world["second_officer"], reason=WHY, at=at)
    assert not Review.objects.filter(decidable_by(world["second_officer"])).exists()
    assert Review.objects.filter(decidable_by(world["province_officer"])).get() == review
