"""Precautions: not renewed for the same cause, at once for another, each lifted for itself."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client

from marketplace.applications import operations as applications
from marketplace.applications.models import Hold
from marketplace.clock.working_days import last_day
from marketplace.delivery import operations as delivery
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.entries import reference
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.occasions import Occasion
from marketplace.supervision.sweep import sweep
from tests.api.conftest import partner  # noqa: F401
from tests.workflow import stages


@pytest.fixture
def delivered(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    return grant


def pause(world, grant, at):
    operations.take_precaution(grant=grant, actor=world["officer"], at=at, reason="另案")


def pause_for(world, incident, at):
    operations.hold_affected(incident=incident, actor=world["officer"], at=at, reason="先停后查")


def test_leak_pauses_a_grant_that_was_paused_for_another_matter_long_over(world, delivered):
    pause(world, delivered, world.at)
    ended = Hold.objects.get().ends_at
    assert delivered.is_in_effect(ended)
    incident = stages.report_incident(world, at=ended, noticed_at=ended)
    pause_for(world, incident, ended)
    assert not delivered.is_in_effect(ended)
    again = Hold.objects.latest("pk")
    assert (again.code, again.source_ref.split(":")[:2]) == ("precaution", reference(incident).split(":"))

    over = again.ends_at
    assert delivered.is_in_effect(over)
    with pytest.raises(NotAllowed):  # for the same leak it is not renewed
        pause_for(world, incident, over)
    assert delivered.is_in_effect(over)
    rested = ended + timedelta(days=60)
    pause_for(world, incident, rested)
    assert not delivered.is_in_effect(rested)


def test_number_of_one_incident_that_begins_another_is_another_cause(world, delivered):
    first, second = (stages.report_incident(world, kind=kind) for kind in ("leak", "loss"))
    pause_for(world, first, world.at)
    Hold.objects.update(source_ref=f"{reference(second)}0:earlier")
    pause_for(world, second, world.at)
    assert Hold.objects.count() == 2


def test_two_causes_hold_at_once_and_the_officer_says_which_ends(world, delivered):
    pause(world, delivered, world.at)
    pause_for(world, stages.report_incident(world), world.at)
    other, leak = Hold.objects.order_by("pk")
    who = {"grant": delivered, "actor": world["officer"], "at": world.at, "reason": "查无实据"}
    with pytest.raises(ValidationError):
        operations.lift_precaution(**who)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = f"/grant/{delivered.pk}/lift-precaution/"
    with time_machine.travel(world.at, tick=False):
        assert "先停后查" in client.get(page).content.decode()
        assert client.post(page, {"reason": "查无实据", "hold": leak.pk}).status_code == 302
    assert list(Hold.objects.order_by("pk").values_list("state", flat=True)) == ["open", "lifted"]
    with pytest.raises(InvalidState):
        operations.lift_precaution(**who, hold=leak)
    operations.lift_precaution(**who)
    assert delivered.is_in_effect(world.at)
    other.refresh_from_db()
    assert other.state == "lifted"


def test_officer_is_offered_a_pause_while_an_incident_holds_the_grant(world, delivered):
    def offered():
        with time_machine.travel(world.at, tick=False):
            return {verb.name for verb in verbs.GRANT.available(delivered, world["officer"], world.at)}

    pause_for(world, stages.report_incident(world), world.at)
    assert {"take_precaution", "lift_precaution"} <= offered()
    pause(world, delivered, world.at)
    assert "take_precaution" not in offered()


def test_earlier_precautions_are_told_by_their_cause(world, delivered):
    """As they were kept before: by their operation alone."""
    incident = stages.report_incident(world)
    pause(world, delivered, world.at)
    pause_for(world, incident, world.at)
    kept = list(Hold.objects.order_by("pk").values_list("source_ref", flat=True))
    for hold in Hold.objects.all():
        Hold.objects.filter(pk=hold.pk).update(source_ref=hold.source_ref.rpartition(":")[2])
    migration = import_module("marketplace.supervision.migrations.0650_causes_of_precautions")
    for _twice in range(2):
        migration.name_causes(apps, None)
    assert list(Hold.objects.order_by("pk").values_list("source_ref", flat=True)) == kept
    assert kept[0].startswith(f"{reference(delivered)}:") and kept[1].startswith(f"{reference(incident)}:")


def said(world, kind, who):
    rows = Outbox.objects.filter(kind=kind, recipient_ref=world[who].ledger_ref, channel="page")
    return [render(row.kind, row.context) for row in rows]


def test_the_buyer_is_told_why_and_until_when_and_both_when_it_ends_by_itself(world, delivered):
    pause(world, delivered, world.at)
    (hold,) = delivered.holds.all()
    ((_subject, text),) = said(world, "hold_opened_until", "buyer")
    assert "另案" in text and f"{last_day(hold.ends_at)}" in text
    day = timedelta(days=1)
    for at in (world.at + day, hold.ends_at - timedelta(minutes=1), hold.ends_at - timedelta(minutes=1)):
        sweep(at=at)
    assert len(said(world, "hold_ending", "officer")) == 1 and not said(world, "hold_ending", "buyer")
    assert not said(world, "hold_over", "buyer")
    sweep(at=hold.ends_at + 40 * day)
    sweep(at=hold.ends_at + 41 * day)
    assert [len(said(world, "hold_over", who)) for who in ("buyer", "officer", "other_buyer")] == [1, 1, 0]


def test_what_was_over_long_before_the_upgrade_is_told_of_no_more(world, delivered):
    """Nobody was told then; what ended just before, the next sweep tells."""
    with time_machine.travel(world.at, tick=False):
        pause(world, delivered, world.at)
    (hold,) = delivered.holds.all()
    migration = import_module("marketplace.supervision.migrations.0720_precautions_that_were_over")
    for upgrade, times in ((timedelta(hours=1), 1), (timedelta(days=30), 0)):
        Occasion.objects.all().delete()
        Outbox.objects.filter(kind="hold_over").delete()
        with time_machine.travel(hold.ends_at + upgrade, tick=False):
            migration.keep(apps, None)
        for later in (upgrade, upgrade + timedelta(days=1)):
            sweep(at=hold.ends_at + later)
        assert len(said(world, "hold_over", "buyer")) == times


def test_of_what_was_lifted_before_nothing_more_is_said(world, delivered):
    pause(world, delivered, world.at)
    (hold,) = delivered.holds.all()
    operations.lift_precaution(grant=delivered, actor=world["officer"], at=world.at, reason="已查清")
    sweep(at=hold.ends_at - timedelta(minutes=1))
    sweep(at=hold.ends_at)
    assert not Outbox.objects.filter(kind__in=["hold_ending", "hold_over"]).exists()


def test_a_system_reads_why_a_grant_is_not_served_and_until_when(world, delivered, partner):  # noqa: F811
    pause(world, delivered, world.at)
    with time_machine.travel(world.at + timedelta(minutes=1), tick=False):
        (row,) = partner("buyer").get("grants/").json()["items"]
    assert not row["in_effect"] and [hold["code"] for hold in row["holds"]] == ["precaution"]
    assert row["holds"][0]["ends_at"]


def test_under_a_precaution_the_grant_is_not_given_back_until_it_is_over_so_that_an_order_may_follow(world, delivered):
    give_back = {"actor": world["buyer"], "reason": "项目结束"}
    pause(world, delivered, world.at)
    made, other = stages.proposal(world, delivered), stages.active_grant(world, buyer="other_buyer")
    with pytest.raises(InvalidState, match="预防性暂停"):
        applications.surrender_grant(grant=delivered, at=world.at, **give_back)
    stages.issue(made, world, world.at)
    assert made.state == "issued"
    pause(world, other, world.at)
    over, give_back["actor"] = other.holds.get().ends_at, world["other_buyer"]
    with pytest.raises(InvalidState):
        applications.surrender_grant(grant=other, at=over - timedelta(seconds=1), **give_back)
    applications.surrender_grant(grant=other, at=over, **give_back)
