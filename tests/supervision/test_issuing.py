"""What whoever signs a measure chooses with it: how long the party has to correct."""

import re
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock, ClockSetting
from marketplace.clock.working_days import due_after
from marketplace.documents.models import Document, Paper
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from marketplace.supervision.proposals import shown_now
from marketplace.supervision.second_pair import SecondPairRule, Signature
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
