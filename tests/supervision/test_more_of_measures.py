"""Of measures: more time once, every grant of the party, what a stay and a taking do to time and review."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace.applications.models import Grant, Hold
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after
from marketplace.desk.story import later
from marketplace.documents.models import Document
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.review import Review
from marketplace.supervision.second_pair import SecondPairRule, Signature
from tests import crowd
from tests.actors import World
from tests.api.conftest import Partner, credential_for
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import rows

ORDER: dict[str, str] = {"facts": "超出约定用途", "demand": "停止", "remedy": stages.REMEDY}


@pytest.fixture
def order(world: World, grant: Grant) -> Measure:
    return stages.order(world, grant)


def correction(order: Measure) -> Any:
    return clock.of(order).open().get(kind=Kind.CORRECTION)


def extend(world: World, order: Measure, who: str = "officer", at: Any = None, days: int = 5) -> None:
    operations.extend_correction(measure=order, actor=world[who], at=at or world.at, days=days, reason="系统改造")


def test_time_to_correct_is_extended_once_told_and_on_paper(world: World, order: Measure) -> None:
    before = correction(order).due_at
    extend(world, order)
    due = correction(order).due_at
    assert (correction(order).extended_days, (due - before).days) == (5, 7)
    told = Outbox.objects.filter(kind="measure_extended", channel="page").values_list("recipient_ref", flat=True)
    assert world["buyer"].ledger_ref in told
    entry = Entry.objects.get(verb="extend")
    assert "系统改造" in EntryDetail.objects.get(entry=entry).json
    paper = Document.objects.get(kind="extension")
    assert "2026-04-15" in str(paper.content) and "系统改造" in str(paper.content)
    again = rows()
    with pytest.raises(InvalidState):
        extend(world, order)
    assert rows() == again


def test_no_more_time_by_others_after_the_end_or_while_the_officer_has_the_evidence(
    world: World, order: Measure
) -> None:
    before = rows()
    for who in ("buyer", "other_officer", "county_officer", "province_officer", "conflicted_officer"):
        with pytest.raises(NotAllowed):
            extend(world, order, who)
    with pytest.raises(InvalidState):
        extend(world, order, at=correction(order).due_at)
    assert rows() == before
    operations.file_evidence(measure=order, actor=world["buyer"], at=world.at, text="已停用")
    with pytest.raises(InvalidState):
        extend(world, order)


def test_the_refusal_waits_for_the_extended_time(world: World, order: Measure) -> None:
    first = correction(order).due_at
    extend(world, order)
    over, officer = correction(order).due_at, {"measure": order, "actor": world["officer"], "reason": "逾期"}
    with pytest.raises(InvalidState):
        operations.open_hearing(**officer, at=first)
    operations.open_hearing(**officer, at=over)
    operations.find_refusal(**officer, at=later(over, Kind.HEARING))


def test_asked_for_more_during_a_stay_the_time_stands_still_until_the_stay_ends(world: World, order: Measure) -> None:
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    second = {"review": review, "actor": world["second_officer"]}
    operations.stay_review(**second, at=world.at, reason="疑难")
    operations.file_evidence(measure=Measure.objects.get(), actor=world["buyer"], at=world.at, text="已停用")
    due = correction(order).due_at
    operations.note_seen(measure=Measure.objects.get(), actor=world["officer"], at=world.at)
    operations.ask_for_more(measure=Measure.objects.get(), actor=world["officer"], at=world.at, reason="材料不足")
    assert correction(order).paused_at is not None
    operations.end_stay(**second, at=world.at + timedelta(days=14), reason="已查清")
    assert (correction(order).paused_at, (correction(order).due_at - due).days) == (None, 14)


def test_a_review_goes_up_with_its_order_and_the_province_decides_it(world: World, order: Measure) -> None:
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    operations.take_measure(measure=order, actor=world["province_officer"], at=world.at, reason="重大")
    review = Review.objects.get(pk=review.pk)
    assert (review.authority, review.above) == (world.parties["province"], None)
    decide = {"review": review, "at": world.at, "reason": "无误", "remedy": stages.REMEDY}
    with pytest.raises(NotAllowed):
        operations.uphold_review(actor=world["second_officer"], **decide)
    operations.uphold_review(actor=world["province_officer"], **decide)
    assert Entry.objects.filter(object_type="supervision.review", verb="take_case").count() == 1


def test_an_order_on_all_grants_of_the_party_holds_each_that_the_authority_is_competent_for(
    world: World, grant: Grant
) -> None:
    proposal = stages.proposal(world, grant)
    second, ended, elsewhere, over, others = (crowd.copy_grant(grant) for _n in range(5))
    Grant.objects.filter(pk=ended.pk).update(state="surrendered")
    Grant.objects.filter(pk=elsewhere.pk).update(authority=world.parties["province"])
    Grant.objects.filter(pk=over.pk).update(starts=world.at.date() - timedelta(9), ends=world.at.date() - timedelta(1))
    Grant.objects.filter(pk=others.pk).update(buyer=world.parties["other_buyer"])
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), reverse("supervision:order-issue", args=[proposal.pk])
        form = officer.get(address)
        assert [one.pk for one in form.context["form"].others] == [second.pk]
        assert second.number in form.content.decode()
        third = crowd.copy_grant(grant)  # has come since the officer looked
        sent = ORDER | {"all_grants": "on", "listed": str(second.pk)}
        refused = officer.post(address, sent)
        assert (refused.status_code, Measure.objects.get().state) == (422, "proposed")
        assert f'value="{second.pk} {third.pk}"' in refused.content.decode()
        assert officer.post(address, sent | {"listed": f"{second.pk} {third.pk}"}).status_code == 302
    held = {grant.pk, second.pk, third.pk}
    assert set(Hold.objects.values_list("grant", flat=True)) == held
    assert set(Measure.objects.get().held.values_list("grant", flat=True)) == held
    entry = Entry.objects.get(verb="issue_order", object_type="supervision.measure")
    assert all(f"applications.grant:{pk}" in EntryDetail.objects.get(entry=entry).json for pk in held)


def test_not_chosen_only_what_is_named_is_held_and_nobody_orders_on_a_grant_of_a_side_of_theirs(
    world: World, grant: Grant
) -> None:
    proposal, second = stages.proposal(world, grant), crowd.copy_grant(grant)
    product = crowd.copy(grant.product, seller=world.parties["vendor"])
    Grant.objects.filter(pk=second.pk).update(product=product)
    crowd.copy(world["second_officer"].memberships.earliest("pk"), user=world["officer"], party=world.parties["vendor"])
    before = rows()
    act = {"measure": proposal, "at": world.at, **ORDER}
    with pytest.raises(NotAllowed):
        operations.issue_order(actor=world["officer"], grants=[second], **act)
    assert rows() == before
    operations.issue_order(actor=world["officer"], **act)
    assert list(Hold.objects.values_list("grant", flat=True)) == [grant.pk]


def test_service_is_recorded_when_somebody_of_the_party_first_opens_it(world: World, order: Measure) -> None:
    assert (order.seen_at, order.deemed_served_at) == (None, due_after(world.at, 3))
    with time_machine.travel(world.at + timedelta(hours=2), tick=False):
        officer, address = log_in(world["officer"]), order.get_absolute_url()
        assert "Nobody of the party has opened it yet" in officer.get(address).content.decode()
        log_in(world["buyer"]).head(address)
        assert Measure.objects.get().seen_at is None
        page = log_in(world["buyer"]).get(address).content.decode()
        assert "First opened by the party on" in page
    with time_machine.travel(world.at + timedelta(hours=5), tick=False):
        log_in(world["buyer"]).get(address)
        assert world["buyer"].name in officer.get(address).content.decode()
    seen = Measure.objects.get()
    assert (seen.seen_at, seen.seen_by) == (world.at + timedelta(hours=2), world["buyer"])
    entry = Entry.objects.get(verb="see_order")
    assert (entry.object_id, entry.actor_ref) == (str(order.pk), world["buyer"].ledger_ref)


def test_read_through_the_api_counts_as_seen(world: World, order: Measure) -> None:
    with time_machine.travel(world.at, tick=False):
        headers = Partner(
            credential_for(world, world.parties["buyer"], person=world["buyer"]), world["buyer"]
        ).headers()
        shown = Client(headers=headers).get(f"/api/v1/measures/{order.pk}/").json()
    assert shown["seen_at"] is not None and Measure.objects.get().seen_by == world["buyer"]


def test_neither_of_two_officers_signs_an_order_on_a_further_grant_of_a_side_of_theirs(
    world: World, grant: Grant
) -> None:
    proposal, further = stages.proposal(world, grant), crowd.copy_grant(grant)
    SecondPairRule.objects.create(authority=proposal.authority, by=world["officer"], since=world.at)
    product = crowd.copy(grant.product, seller=world.parties["vendor"])
    crowd.copy(world["second_officer"].memberships.earliest("pk"), user=world["officer"], party=world.parties["vendor"])
    act = {"measure": proposal, "actor": world["officer"], "at": world.at, "grants": [further], **ORDER}
    with transaction.atomic():
        operations.issue_order(**act)  # nothing of theirs yet
        Grant.objects.filter(pk=further.pk).update(product=product)
        before = rows()
        with pytest.raises(InvalidState, match=r"signed first|首先签署"):
            operations.confirm_signature(measure=proposal, actor=world["second_officer"], at=world.at)
        assert rows() == before
        transaction.set_rollback(True)
    Grant.objects.filter(pk=further.pk).update(product=product)
    with pytest.raises(NotAllowed):
        operations.issue_order(**act)
    assert not Signature.objects.exists()
