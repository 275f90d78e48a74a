"""Standing rules: nothing follows by itself that no officer has signed, and never an order, a lift or a termination."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from marketplace.applications.models import Grant, Hold
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.standing import ACTIONS, Action, StandingRule, install_rules
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.console.conftest import enter  # noqa: F401
from tests.workflow import matrix

LATE = timedelta(days=150)  # a quarter, ten working days and five more are over


def withdraw(world: World, monitor: str, action: str) -> None:
    rule = StandingRule.objects.in_force().get(monitor=monitor, action=action)
    operations.withdraw_standing_rule(rule=rule, actor=world["province_officer"], at=world.at, reason="暂停自动处理")


def sign(world: World, monitor: str, action: str, who: str = "officer", **fields: Any) -> StandingRule:
    party = world.parties["province" if who == "province_officer" else "city"]
    return operations.sign_standing_rule(
        monitor=monitor, action=action, actor=world[who], at=world.at, authority=party, reason="授权", **fields
    )


def followed(world: World) -> tuple[int, int, int]:
    """Findings, holds and proposals after a sweep long after a report was due."""
    for days in (100, 130, 150):
        sweep(at=world.at + timedelta(days=days))
    overdue = Finding.objects.filter(rule="report_overdue")
    return min(1, overdue.count()), min(1, Hold.objects.count()), min(1, Measure.objects.count())


EVERY = {(monitor, action) for monitor, actions in ACTIONS.items() for action in actions}
SIGNED = {(monitor, action) for monitor, action in EVERY if action in (Action.HOLD, Action.PROPOSE)}


def in_force() -> list[tuple[str, str]]:
    return sorted(StandingRule.objects.in_force().values_list("monitor", "action"))


def test_on_a_new_site_nothing_pauses_or_is_proposed_before_an_officer_has_signed(world: World, grant: Grant) -> None:
    assert set(ACTIONS) == {monitor.name for monitor in MONITORS}
    StandingRule.objects.all().delete()
    install_rules("default", world.at)
    assert in_force() == sorted(EVERY - SIGNED)
    assert followed(world) == (1, 0, 0)
    sign(world, "report_late", Action.HOLD, "province_officer")
    sign(world, "report_late", Action.PROPOSE, "province_officer")
    sweep(at=world.at + timedelta(days=150))
    assert Hold.objects.exists() and Measure.objects.exists()


def test_signed_what_the_monitors_can_do_follows(world: World, grant: Grant) -> None:
    assert in_force() == sorted(EVERY)
    assert followed(world) == (1, 1, 1)
    assert set(Measure.objects.values_list("state", flat=True)) == {"proposed"}


def test_an_upgrade_lets_a_new_monitor_work_and_leaves_what_officers_withdrew(world: World) -> None:
    withdraw(world, "report_late", Action.HOLD)
    StandingRule.objects.filter(monitor="assessment_failed").delete()  # as before the upgrade that brought it
    for _twice in range(2):
        install_rules("default", world.at)
    assert in_force() == sorted(EVERY - {("report_late", Action.HOLD)})


@pytest.mark.parametrize(
    ("monitor", "action", "left"),
    [
        ("report_overdue", Action.FINDING, (0, 1, 1)),
        ("report_late", Action.HOLD, (1, 0, 1)),
        ("report_late", Action.PROPOSE, (1, 1, 0)),
        ("report_schedule", Action.RECORD, (0, 0, 0)),
    ],
)
def test_what_no_rule_allows_does_not_follow(
    world: World, grant: Grant, monitor: str, action: str, left: tuple[int, int, int]
) -> None:
    withdraw(world, monitor, action)
    assert followed(world) == left


def test_a_citys_rule_holds_for_its_own_cases_and_its_text_is_proposed(world: World, grant: Grant) -> None:
    withdraw(world, "report_late", Action.PROPOSE)
    other = sign(world, "report_late", Action.PROPOSE, "officer", text="五日内补交报告。")
    assert not other.is_for_all
    assert followed(world) == (1, 1, 1)
    assert set(Measure.objects.values_list("demand", flat=True)) == {"五日内补交报告。"}


def test_a_citys_rule_goes_before_the_one_for_all(world: World, grant: Grant) -> None:
    sign(world, "report_late", Action.PROPOSE, "officer", text="三日内补交报告。")
    assert followed(world) == (1, 1, 1)
    assert set(Measure.objects.values_list("demand", flat=True)) == {"三日内补交报告。"}


def test_a_citys_rule_alone_lets_it_follow(world: World, grant: Grant) -> None:
    withdraw(world, "report_overdue", Action.FINDING)
    sign(world, "report_overdue", Action.FINDING)
    assert followed(world) == (1, 1, 1)


def test_a_citys_rule_ends_its_own_and_nobody_elses(world: World) -> None:
    own = sign(world, "report_late", Action.HOLD)
    elsewhere = sign(world, "report_late", Action.PROPOSE)
    StandingRule.objects.filter(pk=elsewhere.pk).update(action=Action.HOLD, authority=world.parties["province"])
    new = sign(world, "report_late", Action.HOLD)
    held = StandingRule.objects.in_force().filter(monitor="report_late", action=Action.HOLD)
    assert {rule.pk for rule in held.exclude(is_for_all=True)} == {elsewhere.pk, new.pk}
    assert (held.filter(is_for_all=True).count(), held.filter(pk=own.pk).exists()) == (1, False)


def test_another_citys_rule_lets_nothing_follow_here(world: World, grant: Grant) -> None:
    withdraw(world, "report_late", Action.PROPOSE)
    rule = sign(world, "report_late", Action.PROPOSE)
    elsewhere = world.parties["other_city"] if "other_city" in world.parties else world.parties["province"]
    StandingRule.objects.filter(pk=rule.pk).update(authority=elsewhere)
    assert followed(world) == (1, 1, 0)


def test_the_provinces_rule_replaces_the_one_of_the_set_up(world: World) -> None:
    old = StandingRule.objects.in_force().get(monitor="report_overdue")
    new = sign(world, "report_overdue", Action.FINDING, "province_officer")
    old.refresh_from_db()
    assert (old.withdrawn_by, new.is_for_all) == (world["province_officer"], True)
    assert list(StandingRule.objects.in_force().filter(monitor="report_overdue")) == [new]
    entries = Entry.objects.filter(object_type="supervision.standingrule", object_id__in=[old.pk, new.pk])
    assert list(entries.order_by("pk").values_list("object_id", "verb", "new")) == [
        (str(old.pk), "sign_standing_rule", "withdrawn"), (str(new.pk), "sign_standing_rule", ""),
    ]  # fmt: skip


def test_who_has_not_the_power_signs_and_withdraws_nothing(world: World) -> None:
    before, rule = matrix.rows(), StandingRule.objects.in_force().get(monitor="clock_overdue")
    for who in ("county_officer", "buyer", "seller", "operator", "expert", "other_officer"):
        for party in ("city", "province", "county"):
            if party in world.parties:
                with pytest.raises(NotAllowed):
                    operations.sign_standing_rule(
                        monitor="clock_overdue", action=Action.REMIND, actor=world[who], at=world.at,
                        authority=world.parties[party], reason="x",
                    )  # fmt: skip
        with pytest.raises(NotAllowed):
            operations.withdraw_standing_rule(rule=rule, actor=world[who], at=world.at, reason="x")
    with pytest.raises(NotAllowed):  # a city does not end what holds for all
        operations.withdraw_standing_rule(rule=rule, actor=world["officer"], at=world.at, reason="x")
    with pytest.raises(NotAllowed):
        operations.withdraw_standing_rule(rule=rule, actor=matrix.JOB, at=world.at, reason="x")  # type: ignore[arg-type]
    assert matrix.rows() == before


def test_no_rule_orders_lifts_or_terminates(world: World) -> None:
    for action in ("issue", "lift", "terminate", Action.HOLD):
        with pytest.raises(ValidationError):
            sign(world, "clock_overdue", action)
    with pytest.raises(IntegrityError), transaction.atomic():
        StandingRule.objects.filter(monitor="clock_overdue").update(action="terminate")
    with pytest.raises(ValidationError):
        sign(world, "clock_overdue", Action.REMIND, text="立即终止")


def test_a_rule_is_withdrawn_once_and_only_with_a_reason(world: World) -> None:
    rule = sign(world, "clock_overdue", Action.REMIND)
    with pytest.raises(ValidationError):
        operations.withdraw_standing_rule(rule=rule, actor=world["officer"], at=world.at, reason=" ")
    operations.withdraw_standing_rule(rule=rule, actor=world["officer"], at=world.at, reason="不再需要")
    with pytest.raises(InvalidState):
        operations.withdraw_standing_rule(rule=rule, actor=world["officer"], at=world.at, reason="不再需要")


def test_officers_sign_and_withdraw_in_the_console(world: World, enter: Callable[..., Client]) -> None:  # noqa: F811
    client, where = enter("officer"), "/console/standing-rules/"
    assert "Standing rules" in client.get("/console/").content.decode()
    assert client.get(where).status_code == 200
    sent = {"authority": world.parties["city"].pk, "reason": "授权", "text": "三日内补交"}
    assert client.post(f"{where}sign/report_late/propose/", {**sent, "reason": ""}).status_code == 422
    assert client.post(f"{where}sign/report_late/propose/", sent).url == where
    rule = StandingRule.objects.in_force().get(monitor="report_late", action="propose", is_for_all=False)
    assert "三日内补交" in client.get(where).content.decode()
    assert client.post(f"{where}{rule.pk}/withdraw/", {"reason": "收回"}).url == where
    assert client.get(f"{where}{rule.pk}/withdraw/").status_code == 404
    assert client.get(f"{where}sign/report_late/terminate/").status_code == 404
    for_all = StandingRule.objects.in_force().get(monitor="report_late", action="propose")
    assert client.get(f"{where}{for_all.pk}/withdraw/").status_code == 403
    assert enter("county_officer").get(where).status_code == 200
    assert enter("county_officer").get(f"{where}sign/report_late/hold/").status_code == 403
    assert enter("expert").get(where).status_code == 404
    assert enter("buyer").get(where).status_code == 404
    assert UsageReport.objects.count() == 0
