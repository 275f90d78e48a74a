"""What whoever signs a measure chooses with it: how long the party has to correct, which further grants are held."""

import re
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.urls import reverse

from marketplace.applications import operations as applying
from marketplace.applications.models import Grant, Hold
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock, ClockSetting
from marketplace.clock.working_days import due_after
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.desk.story import apply_for, consult, decide, later
from marketplace.documents.models import Document, Paper
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from marketplace.supervision.proposals import shown_now
from marketplace.supervision.queries import further_grants
from marketplace.supervision.register import public_uses
from marketplace.supervision.second_pair import SecondPairRule, Signature
from tests import crowd
from tests.actors import World
from tests.api.conftest import Partner, credential_for
from tests.console.conftest import log_in
from tests.supervision.test_papers import paper_of
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ORDER: dict[str, Any] = {"facts": "超出约定用途", "demand": "停止", "remedy": stages.REMEDY}


def correction(made: Measure) -> Clock:
    return clock.of(made).get(kind=Kind.CORRECTION)


def system_of(world: World, who: str) -> Partner:
    party = world[who].memberships.earliest("pk").party
    return Partner(credential_for(world, party, person=world[who]), world[who])


# --- how long --------------------------------------------------------------------------------------------------------


def test_who_signs_sets_the_working_days_and_message_page_and_document_name_the_day(world: World, grant: Grant) -> None:
    made = stages.proposal(world, grant)
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), reverse("supervision:order-issue", args=[made.pk])
        form = officer.get(address).context["form"]
        assert form.initial["days"] == 15
        assert officer.post(address, ORDER | {"days": 7}).status_code == 302
        page = log_in(world["buyer"]).get(made.get_absolute_url()).content.decode()
    assert (correction(made).working_days, correction(made).due_at) == (7, due_after(world.at, 7))
    _document, text = paper_of(made, world.at, Paper.ORDER)
    assert "改正期限2026-03-26" in text and "2026-03-26" in page
    told = Outbox.objects.filter(kind="measure_moved", channel="page", recipient_ref=world["buyer"].ledger_ref).get()
    assert "2026-03-26" in render(told.kind, told.context)[1]
    entry = Entry.objects.get(verb="issue_order", object_type="supervision.measure")
    assert '"days":7' in EntryDetail.objects.get(entry=entry).json


@pytest.mark.parametrize("kind", ["notice", "take_down", "order_46"])
def test_notice_take_down_and_order_without_suspension_have_a_length_of_their_own_too(world: World, kind: str) -> None:
    made, at = getattr(stages, kind)(world, "proposed")
    signs = {"notice": "vendor", "take_down": "reviewer", "order_46": "officer"}[kind]
    with time_machine.travel(at, tick=False):
        address = reverse("supervision:order-issue", args=[made.pk])
        assert log_in(world[signs]).post(address, ORDER | {"days": 30}).status_code == 302
    assert (Measure.objects.get().state, correction(made).working_days) == ("issued", 30)


@pytest.mark.parametrize("days", [LEAST_DAYS - 1, MOST_DAYS + 1, 0])
def test_too_short_or_too_long_is_refused_by_its_field_on_every_face(world: World, grant: Grant, days: int) -> None:
    made = stages.proposal(world, grant)
    system = system_of(world, "officer")
    before = rows()
    with pytest.raises(ValidationError) as error:
        operations.issue_order(measure=made, actor=world["officer"], at=world.at, days=days, **ORDER)
    assert list(error.value.message_dict) == ["days"]
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["officer"]).post(reverse("supervision:order-issue", args=[made.pk]), ORDER | {"days": days})
        answer = system.post(f"measures/{made.pk}/issue/", ORDER | {"days": days})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["days"])
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["days"])
    assert rows() == before


@pytest.mark.parametrize("days", [LEAST_DAYS, MOST_DAYS])
def test_shortest_and_longest_go_through_the_api(world: World, grant: Grant, days: int) -> None:
    made = stages.proposal(world, grant)
    with time_machine.travel(world.at, tick=False):
        answer = system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER | {"days": days})
    assert (answer.status_code, correction(made).working_days) == (200, days)


@pytest.mark.parametrize("usual", [20, 90])
def test_left_out_it_is_what_the_site_gives_also_where_that_is_more_than_an_officer_may(
    world: World, grant: Grant, usual: int
) -> None:
    ClockSetting.objects.create(kind=Kind.CORRECTION, days=usual, source="-")
    made = stages.proposal(world, grant)
    with time_machine.travel(world.at, tick=False):
        assert system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER).status_code == 200
    assert correction(made).working_days == usual


def test_the_first_signature_carries_the_days_and_the_second_officer_reads_them(world: World, grant: Grant) -> None:
    made = stages.proposal(world, grant)
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
    operations.issue_order(measure=made, actor=world["officer"], at=world.at, days=7, **ORDER)
    assert Signature.objects.get().texts["days"] == 7
    with time_machine.travel(world.at, tick=False):
        second, address = log_in(world["second_officer"]), reverse("supervision:order-confirm", args=[made.pk])
        assert re.search(r"<dd>7</dd>", second.get(address).content.decode())
        assert second.post(address).status_code == 302
    assert correction(made).working_days == 7


def test_signed_in_a_batch_each_has_the_site_s_time(world: World, grant: Grant) -> None:
    made = stages.proposal(world, grant)
    operations.issue_orders(
        proposals={made: shown_now(made).digest}, actor=world["officer"], at=world.at, reason="逾期未报告",
        remedy=stages.REMEDY,
    )  # fmt: skip
    assert correction(made).working_days == 15
    assert Document.objects.of(made).get().kind == Paper.ORDER


# --- what is held as well --------------------------------------------------------------------------------------------


def held() -> set[int]:
    return set(Hold.objects.filter(code="measure").values_list("grant", flat=True))


@pytest.mark.parametrize("face", ["page", "console", "system"])
def test_whoever_signs_chooses_which_further_grants_of_the_party_are_held(
    world: World, grant: Grant, face: str
) -> None:
    made, second, third = stages.proposal(world, grant), crowd.copy_grant(grant), crowd.copy_grant(grant)
    with time_machine.travel(world.at, tick=False):
        if face == "system":
            answer = system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER | {"grants": [third.pk]})
            assert answer.status_code == 200
        else:
            address = f"/order/{made.pk}/issue/" if face == "page" else f"/console/supervision/measure/{made.pk}/issue/"
            officer = log_in(world["officer"])
            shown = officer.get(address).content.decode()
            assert second.number in shown and third.number in shown
            assert officer.post(address, ORDER | {"grants": [third.pk]}).status_code == 302
    assert held() == {grant.pk, third.pk} == set(Measure.objects.get().held.values_list("grant", flat=True))
    _document, text = paper_of(made, world.at, Paper.ORDER)
    assert third.number in text and second.number not in text


def test_a_system_may_take_all_that_are_in_force(world: World, grant: Grant) -> None:
    made, second = stages.proposal(world, grant), crowd.copy_grant(grant)
    with time_machine.travel(world.at, tick=False):
        answer = system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER | {"all_grants": True})
    assert (answer.status_code, held()) == (200, {grant.pk, second.pk})


@pytest.mark.parametrize(
    "changed", [None, {"state": "surrendered"}, {"buyer": "other_buyer"}, {"authority": "province"}], ids=str
)
def test_what_is_no_further_grant_of_the_party_is_refused_by_its_field(
    world: World, grant: Grant, changed: dict[str, str] | None
) -> None:
    made, other = stages.proposal(world, grant), crowd.copy_grant(grant)
    if changed is None:
        other = grant  # named already
    else:
        Grant.objects.filter(pk=other.pk).update(**{k: world.parties.get(v, v) for k, v in changed.items()})
    system = system_of(world, "officer")
    before, sent = rows(), ORDER | {"grants": [other.pk]}
    with pytest.raises(ValidationError) as error:
        operations.issue_order(measure=made, actor=world["officer"], at=world.at, grants=[other], **ORDER)
    assert list(error.value.message_dict) == ["grants"]
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["officer"]).post(f"/order/{made.pk}/issue/", sent)
        answer = system.post(f"measures/{made.pk}/issue/", sent)
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["grants"])
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["grants"])
    assert rows() == before


@pytest.mark.parametrize("kind", ["notice", "order_46"])
def test_other_kinds_hold_nothing_further(world: World, grant: Grant, kind: str) -> None:
    made, at = getattr(stages, kind)(world, "proposed")
    signs = {"notice": "vendor", "order_46": "officer"}[kind]
    with pytest.raises(InvalidState):
        operations.issue_order(measure=made, actor=world[signs], at=at, grants=[grant], **ORDER)
    with time_machine.travel(at, tick=False):
        form = log_in(world[signs]).get(f"/order/{made.pk}/issue/").context["form"]
    assert not {"grants", "all_grants", "listed"} & set(form.fields)


def test_without_further_grants_the_page_asks_for_none_and_a_system_may_still_take_all(
    world: World, grant: Grant
) -> None:
    made, second = stages.proposal(world, grant), crowd.copy_grant(grant)
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), f"/order/{made.pk}/issue/"
        asked = {field.name for field in officer.get(address).context["form"].visible_fields()}
        Grant.objects.filter(pk=second.pk).update(state="surrendered")
        without = {field.name for field in officer.get(address).context["form"].visible_fields()}
        stale = officer.post(address, ORDER | {"grants": [second.pk]})  # ticked before it ended
        unknown = system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER | {"every_grant": True})
        answer = system_of(world, "officer").post(f"measures/{made.pk}/issue/", ORDER | {"all_grants": True})
    assert asked - without == {"grants", "all_grants"}
    assert (stale.status_code, list(stale.context["form"].errors)) == (422, ["grants"])
    assert {"grants", "all_grants"} < {field.name for field in stale.context["form"].visible_fields()}
    assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["every_grant"])
    assert (answer.status_code, held()) == (200, {grant.pk})


def test_the_first_signature_carries_the_list_and_what_is_still_in_force_of_it_is_held(
    world: World, grant: Grant
) -> None:
    made, second, ended = stages.proposal(world, grant), crowd.copy_grant(grant), crowd.copy_grant(grant)
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
    operations.issue_order(measure=made, actor=world["officer"], at=world.at, grants=[second, ended], **ORDER)
    assert Signature.objects.get().texts["grants"] == [f"applications.grant:{one.pk}" for one in (second, ended)]
    Grant.objects.filter(pk=ended.pk).update(state="surrendered")
    later = crowd.copy_grant(grant)  # nobody signed for it
    with time_machine.travel(world.at, tick=False):
        officer = log_in(world["second_officer"])
        for verb in ("send-back", "confirm"):
            shown = officer.get(f"/order/{made.pk}/{verb}/").content.decode()
            assert second.number in shown and ended.number not in shown and later.number not in shown
        assert officer.post(f"/order/{made.pk}/confirm/").status_code == 302
    assert held() == {grant.pk, second.pk}


@pytest.mark.parametrize("takes_all", [True, False])
def test_upgrade_keeps_what_waits_for_a_second_officer(world: World, grant: Grant, takes_all: bool) -> None:
    made, second = stages.proposal(world, grant), crowd.copy_grant(grant)
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
    operations.issue_order(measure=made, actor=world["officer"], at=world.at, **ORDER)
    Signature.objects.update(texts={**ORDER, "all_grants": takes_all})
    import_module("marketplace.supervision.migrations.0640_grants_signed_for").name_the_grants(apps, None)
    operations.confirm_signature(measure=made, actor=world["second_officer"], at=world.at)
    assert held() == {grant.pk} | ({second.pk} if takes_all else set())


# --- what is only offered --------------------------------------------------------------------------------------------


@pytest.fixture
def offer(world: World, grant: Grant) -> Grant:
    """Another grant of the same buyer, whose terms are not accepted yet."""
    case = apply_for(world.product, world.cast, world.at, world.fields)
    consult(case, world.cast, world.at)
    return decide(case, world.cast, world.at)


@pytest.fixture
def order_on_all(world: World, grant: Grant, offer: Grant) -> Measure:
    made = stages.proposal(world, grant)
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), f"/order/{made.pk}/issue/"
        assert f"{offer} · offered" in officer.get(address).content.decode()
        assert officer.post(address, ORDER | {"all_grants": "on"}).status_code == 302
    return Measure.objects.get(pk=made.pk)


def accept(offer: Grant, world: World, at: datetime | None = None) -> None:
    applying.accept_grant(grant=offer, actor=world["buyer"], at=at or world.at, terms_accepted=True)
    offer.refresh_from_db()


def download(of: Grant, world: World, at: datetime | None = None) -> None:
    delivery.deliver(grant=of, version=world.version, actor=world["buyer"], at=at or world.at)


def test_what_is_only_offered_is_held_too_and_begins_suspended(
    world: World, grant: Grant, offer: Grant, order_on_all: Measure
) -> None:
    assert held() == {grant.pk, offer.pk}
    _document, text = paper_of(order_on_all, world.at, Paper.ORDER)
    assert re.sub(r"\s", "", f"{offer.number} {world.product.title} · 待接受") in re.sub(r"\s", "", text)
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["buyer"]).get(order_on_all.get_absolute_url()).content.decode()
    assert re.search(rf"{re.escape(str(offer))}</a>\s*<span[^>]*>offered</span>", page)
    accept(offer, world)
    assert (offer.state, offer.is_in_effect(world.at)) == ("active", False)
    with pytest.raises(gate.Denied) as denied:
        download(offer, world)
    assert denied.value.code == "suspended"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("end", ["lift", "annul"])
@pytest.mark.parametrize("accepts_first", [True, False])
def test_what_was_offered_is_served_once_the_order_is_gone(
    world: World, offer: Grant, order_on_all: Measure, end: str, accepts_first: bool
) -> None:
    act, who = {"lift": (operations.lift_order, "officer"), "annul": (operations.annul_order, "second_officer")}[end]
    if accepts_first:
        accept(offer, world)
    act(measure=order_on_all, actor=world[who], at=world.at, reason="已改正")
    if not accepts_first:
        accept(offer, world)
    download(offer, world)
    assert not Hold.objects.filter(state="open").exists()


def test_a_stay_serves_it_and_it_is_held_again_after_it(world: World, offer: Grant, order_on_all: Measure) -> None:
    review = operations.lodge_review(subject=order_on_all, actor=world["buyer"], at=world.at, text="认定有误")
    stayer = {"review": review, "actor": world["second_officer"], "at": world.at, "reason": "待查"}
    operations.stay_review(**stayer)
    assert not Hold.objects.filter(state="open").exists()
    operations.uphold_review(**stayer, remedy=stages.REMEDY)
    accept(offer, world)
    assert not offer.is_in_effect(world.at)


@pytest.mark.parametrize("accepts_first", [True, False])
def test_termination_ends_it_and_leaves_nothing_to_accept(
    world: World, grant: Grant, offer: Grant, order_on_all: Measure, accepts_first: bool
) -> None:
    if accepts_first:
        accept(offer, world)
    stages.terminate(order_on_all, world)
    for one in (grant, offer):
        one.refresh_from_db()
    assert (grant.state, offer.state) == ("terminated", "terminated" if accepts_first else "declined")
    assert set(order_on_all.held.values_list("outcome", flat=True)) == {"terminated"}
    with pytest.raises(InvalidState):
        accept(offer, world)
    assert not Clock.objects.open().filter(object_type="applications.grant", kind=Kind.OFFER).exists()
    in_register = public_uses(world.at + timedelta(days=400))
    assert in_register.filter(pk=offer.pk).exists() is accepts_first


def test_an_offer_that_has_lapsed_is_no_further_grant(world: World, grant: Grant, offer: Grant) -> None:
    made, over = stages.proposal(world, grant), later(world.at, Kind.OFFER)
    assert list(further_grants(made, over - timedelta(seconds=1))) == [offer]
    assert list(further_grants(made, over)) == []


def test_an_order_that_would_hold_an_offer_alone_is_not_issued(world: World, grant: Grant, offer: Grant) -> None:
    made = stages.proposal(world, grant)
    applying.surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="-")
    with pytest.raises(InvalidState):
        operations.issue_order(measure=made, actor=world["officer"], at=world.at, grants=[offer], **ORDER)
    assert not Hold.objects.exists()
