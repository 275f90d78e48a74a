"""Incidents: whom they reach, the hour, who is told and holds, and that twice is once."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from marketplace.applications.models import Hold
from marketplace.applications.operations import surrender_grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.console import cases_incident
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import forms_incident, operations
from marketplace.supervision.incidents import Incident
from marketplace.supervision.sweep import sweep
from tests.console.conftest import log_in
from tests.journeys.test_listed_again import product, second_grant  # noqa: F401
from tests.pages.test_queries import asked
from tests.workflow import stages

HOUR = timedelta(hours=1)


def by(world, incident, who, at=None):
    return {"incident": incident, "actor": world[who], "at": at or world.at}


def told(kind):
    return sorted(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def refs(world, *people):
    return sorted(world[who].ledger_ref for who in people)


# --- with what ----------------------------------------


@pytest.mark.parametrize("state", ["submitted", "returned", "refused"])
def test_a_leak_of_what_is_in_review_is_reported_by_those_who_know_of_it(world, state):
    version, at = stages.version(world, state)
    given = {"version": version, "at": at, "noticed_at": at}
    with time_machine.travel(at, tick=False):
        offered = {who: log_in(world[who]).get(f"/incident/new/{version.pk}/").status_code for who in SEE}
        assert offered == SEE
        for who, party in (("other_officer", "other_city"), ("other_buyer", "other_buyer")):
            with pytest.raises(NotAllowed):
                stages.report_incident(world, who=who, party=party, **given)
        incident = stages.report_incident(world, **given)
        assert world["overseer"].ledger_ref in told("incident_opened")
        assert (incident.authority, incident.copies.count()) == (version.authority, 0)
        said = {"when": at, "text": "已关闭外链"}
        for fact in ("contain_incident", "report_to_authority", "report_to_cyberspace"):
            getattr(operations, fact)(**by(world, incident, "seller", at), **said)
        operations.tell_public(**by(world, incident, "officer", at), text="公告")
        operations.close_incident(**by(world, incident, "officer", at), lessons="审查环境须隔离")
    assert Incident.objects.get().state == "closed"


SEE = {"seller": 200, "officer": 200, "provider": 200, "other_officer": 404, "other_buyer": 404}


# --- whom it reaches ----------------------------------------


def test_reaches_who_obtained_it_and_not_who_only_has_a_grant(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    for _twice in range(2):
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    copy = incident.copies.get()
    assert (copy.grant, copy.version, copy.deliveries, copy.rows) == (grant, world.version, 2, world.version.rows)
    assert incident.people == world.version.rows
    assert not incident.copies.filter(grant=other).exists()


def test_reaches_what_was_built_from_it_and_what_was_built_from_that(world, product):  # noqa: F811
    """The buyer lists what it built; another obtains that and registers a product of its own."""
    grant, at = second_grant(world, product)
    built = product.versions.get()
    delivery.deliver(grant=grant, version=built, actor=world["other_buyer"], at=at)
    further = operations.register_derived(
        party=world.parties["other_buyer"], actor=world["other_buyer"], at=at, title="再加工", description="按区县",
        built_from=[(grant, built)],
    )  # fmt: skip
    incident = stages.report_incident(world, at=at, noticed_at=at)
    assert {(copy.grant.buyer, copy.version) for copy in incident.copies.all()} == {
        (world.parties["buyer"], world.version), (world.parties["other_buyer"], built),
    }  # fmt: skip
    assert {row.pk for row in incident.derived.all()} == {product.built_as.pk, further.pk}

    later = stages.report_incident(world, version=built, who="buyer", party="buyer", at=at, noticed_at=at)
    assert [copy.version for copy in later.copies.all()] == [built]  # not what it was built from
    assert [row.pk for row in later.derived.all()] == [further.pk]


def test_only_some_grants_copies_reach_no_other_holder(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    for one, who in ((grant, "buyer"), (other, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
    incident = stages.report_incident(world, who="buyer", party="buyer", only_under=[grant])
    assert [copy.grant for copy in incident.copies.all()] == [grant]
    with pytest.raises(ValidationError, match="only_under"):  # another's grant is not seen by the buyer
        stages.report_incident(world, who="buyer", party="buyer", kind="loss", only_under=[other])


def test_only_some_deliveries_reach_who_obtained_these_and_what_was_built_from_them(world, grant):
    other, day = stages.active_grant(world, buyer="other_buyer"), timedelta(days=1)
    for one, who, at in ((grant, "buyer", 0), (grant, "buyer", 1), (grant, "buyer", 1), (other, "other_buyer", 1)):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at + at * day)
    built, _foreign = (
        operations.register_derived(
            party=world.parties[who], title="需求地图", description="按区县", built_from=[(one, world.version)],
            actor=world[who], at=world.at + day,
        )
        for one, who in ((grant, "buyer"), (other, "other_buyer"))
    )  # fmt: skip
    chosen = list(Delivery.objects.filter(grant=grant, obtained_at__gt=world.at))
    incident = stages.report_incident(world, who="seller", at=world.at + day, only_deliveries=chosen)
    assert incident.derived.get() == built
    copy = incident.copies.get()
    assert (copy.grant, copy.deliveries, copy.first_at) == (grant, 2, world.at + day)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at + day)
    operations.recount_incident(**by(world, incident, "officer", world.at + day))
    assert incident.copies.get().deliveries == 2  # what was obtained later is none of these

    both = stages.report_incident(world, kind="loss", at=world.at + day, only_deliveries=chosen[:1], only_under=[other])
    assert {(row.grant, row.deliveries) for row in both.copies.all()} == {(grant, 1), (other, 1)}
    theirs = Delivery.objects.filter(grant=other)
    with pytest.raises(ValidationError, match="only_deliveries"):  # another's is not seen by the buyer
        stages.report_incident(
            world, who="buyer", party="buyer", kind="other", at=world.at + day, only_deliveries=theirs
        )


def test_page_reports_an_incident_with_the_deliveries_of_chosen_days(world, grant):
    for days in (0, 1, 1):
        at = world.at + timedelta(days=days)
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    other = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=other, version=world.version, actor=world["other_buyer"], at=at)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {
        **stages.ALARM, "party": world.parties["buyer"].pk, "noticed_at": f"{timezone.localtime(at):%Y-%m-%dT%H:%M}",
        "may_identify": "false", "only_deliveries": [f"{grant.pk}:{timezone.localtime(at):%F}"],
    }  # fmt: skip
    page = f"/incident/new/{world.version.pk}/"
    with time_machine.travel(at, tick=False):
        offered = client.get(page).content.decode()
        assert f'value="{grant.pk}:' in offered and f'value="{other.pk}:' not in offered
        assert client.post(page, {**sent, "only_deliveries": [f"{grant.pk}:2020-01-01"]}).status_code == 422
        answer = client.post(page, sent)
        shown = client.get(answer.url).content.decode()
    incident = Incident.objects.get()
    assert [row.obtained_at for row in incident.only_deliveries.order_by("pk")] == [at, at]
    assert "Only these deliveries" in shown and f"{grant.number} {timezone.localtime(at):%F %H:%M}" in shown


def test_case_file_names_the_chosen_grants_and_deliveries_the_first_of_them(world, grant, monkeypatch):
    rows = [
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at + timedelta(days=number))
        for number in range(3)
    ]
    other = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=other, version=world.version, actor=world["other_buyer"], at=world.at)
    at = world.at + timedelta(days=2)
    both = stages.report_incident(world, at=at, only_under=[other], only_deliveries=rows)
    whole = stages.report_incident(world, at=at, kind="loss")
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    monkeypatch.setattr(cases_incident, "MOST", 2)
    with time_machine.travel(at, tick=False):
        shown = client.get(f"/console/supervision/incident/{both.pk}/").content.decode()
        assert "Only these" not in client.get(f"/console/supervision/incident/{whole.pk}/").content.decode()
        under = shown.partition("Only copies obtained under")[2].partition("Only these deliveries")
        assert other.number in under[0] and grant.number not in under[0]
        days = [f"{grant.number} {timezone.localtime(row.obtained_at):%Y-%m-%d %H:%M}" in under[2] for row in rows]
        assert days == [True, True, False] and "and 1 more" in under[2]


def test_page_of_what_nobody_has_obtained_offers_no_copies_to_choose_from(world, grant):
    client, chosen = Client(headers={"accept-language": "en"}), f"{grant.pk}:2026-03-17"
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        page = f"/incident/new/{world.version.pk}/"
        empty = client.get(page).content.decode()
        assert "Only copies obtained under" not in empty and "Only these deliveries" not in empty
        refused = client.post(page, {"only_deliveries": [chosen]}).content.decode()
        assert "Only these deliveries" in refused and f"as far as you see: {chosen}" in refused
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
        offered = client.get(page).content.decode()
        assert "Only copies obtained under" in offered and "Only these deliveries" in offered


def test_page_offers_the_newest_days_and_takes_older_ones_by_name(world, grant, monkeypatch):
    monkeypatch.setattr(forms_incident, "MOST_DAYS", 2)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page, days = f"/incident/new/{world.version.pk}/", [world.at + timedelta(days=number) for number in range(3)]
    oldest, middle, newest = (f"{timezone.localtime(at):%F}" for at in days)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=days[0])
    with time_machine.travel(days[2], tick=False):
        assert "Older deliveries" not in client.get(page).content.decode()
        one = asked(client, page)
        for at in (*days[1:], days[2]):
            delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
        assert asked(client, page) == one
        offered = client.get(page).content.decode()
        assert [f'value="{grant.pk}:{day}"' in offered for day in (oldest, middle, newest)] == [False, True, True]
        sent = {
            **stages.ALARM, "party": world.parties["buyer"].pk, "may_identify": "false",
            "noticed_at": f"{timezone.localtime(days[2]):%Y-%m-%dT%H:%M}", "only_deliveries": [f"{grant.pk}:{newest}"],
        }  # fmt: skip
        for named, why in (
            (f"{grant.number} 2020-01-01", f"as far as you see: {grant.number} 2020-01-01"),
            ("yesterday", "as far as you see: yesterday"),
            (f"{grant.number} {oldest}\n{grant.number} {middle}\n{grant.number} {newest}", "at most 2 days"),
        ):
            answer = client.post(page, {**sent, "older_deliveries": named})
            assert (answer.status_code, why in answer.content.decode()) == (422, True)
        older = f" {grant.number.lower()}  {oldest} \n"
        assert client.post(page, {**sent, "older_deliveries": older}).status_code == 302
    chosen = Incident.objects.get().only_deliveries.order_by("obtained_at", "pk")
    assert [row.obtained_at for row in chosen] == [days[0], days[2], days[2]]


def test_who_obtained_it_meanwhile_is_told_by_telling_again_and_nobody_twice(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    operations.tell_holders(**by(world, incident, "seller"), text="请自查")
    assert told("incident_notice") == refs(world, "buyer", "conflicted_officer")
    with pytest.raises(InvalidState):
        operations.tell_holders(**by(world, incident, "seller"), text="请自查")
    other = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=other, version=world.version, actor=world["other_buyer"], at=world.at)
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    assert told("incident_notice") == refs(world, "buyer", "conflicted_officer", "other_buyer")
    assert incident.notices.count() == 2


# --- who may ----------------------------------------


@pytest.mark.parametrize("who", ["other_buyer", "other_provider", "expert", "overseer"])
def test_who_is_not_concerned_reports_nothing(world, who):
    party = world[who].memberships.earliest("pk").party
    with pytest.raises(NotAllowed):
        operations.open_incident(
            version=world.version, party=party, actor=world[who], at=world.at, noticed_at=world.at, **stages.ALARM
        )
    assert not Incident.objects.exists()


def test_reported_twice_is_once_and_never_before_it_happens(world):
    stages.report_incident(world)
    with pytest.raises(InvalidState):
        stages.report_incident(world)
    with pytest.raises(ValidationError, match="noticed_at"):
        stages.report_incident(world, kind="loss", noticed_at=world.at + HOUR)
    assert Incident.objects.count() == 1


def test_officer_of_the_authority_has_reported_to_it_by_opening(world):
    incident = stages.report_incident(world, who="officer", party="city")
    assert (incident.authority_told_at, incident.cyberspace_told_at) == (world.at, None)
    assert [row.kind for row in clock.of(incident).open()] == [Kind.INCIDENT_CYBERSPACE]
    with pytest.raises(NotAllowed):  # a member of the authority, but not on its own case
        delivery.deliver(grant=stages.active_grant(world), version=world.version, actor=world["buyer"], at=world.at)
        operations.recount_incident(**by(world, incident, "officer"))
        operations.contain_incident(**by(world, incident, "conflicted_officer"), when=world.at, text="已关闭")


def test_who_decides_alone_takes_back_that_people_may_be_recognisable_and_all_read_the_change(world):
    incident = stages.report_incident(world)  # people may have become recognisable
    said = {"text": "经核对仅为汇总数据", "may_identify": False}
    before = Outbox.objects.count()
    for who in ("seller", "provider"):
        with pytest.raises(NotAllowed):
            operations.supplement_incident(**by(world, incident, who), **said)
    assert Incident.objects.get().may_identify and Outbox.objects.count() == before
    with time_machine.travel(world.at, tick=False):
        asked = {"target": Incident.objects.get(), "at": world.at}
        for who, wrong in (("seller", True), ("officer", False)):
            form = forms_incident.SupplementForm({**said, "may_identify": "false"}, actor=world[who], **asked)
            assert ("may_identify" in form.errors) == wrong
    operations.supplement_incident(**by(world, incident, "seller"), text="涉及三个区", may_identify=True)
    assert "recognisable" not in str(changes())
    operations.supplement_incident(**by(world, incident, "officer"), **said)
    assert not Incident.objects.get().may_identify
    assert "people have not become recognisable after all" in str(changes())
    operations.supplement_incident(**by(world, incident, "seller"), text="又发现明细", may_identify=True)
    assert "people may have become recognisable" in str(changes())
    assert Incident.objects.get().may_identify


def changes():
    """What the newest message to those who handle it says."""
    return Outbox.objects.filter(kind="incident_reported", channel="page").latest("pk").context["what"]


# --- the hour ----------------------------------------


def test_one_hour_runs_day_and_night_and_whoever_owes_the_report_is_reminded_once(world):
    night = world.at.replace(hour=23, minute=30)
    incident = stages.report_incident(world, at=night, noticed_at=night - timedelta(minutes=10))
    assert {row.due_at for row in clock.of(incident).open()} == {night + timedelta(minutes=50)}
    with time_machine.travel(night, tick=False):
        assert (incident, night + timedelta(minutes=50)) in [(t.obj, t.due_at) for t in todo(world["seller"], night)]
    in_time = night + timedelta(minutes=49)
    operations.report_to_authority(**by(world, incident, "seller", in_time), when=in_time, text="初报")
    for _twice in range(2):
        sweep(at=night + timedelta(minutes=51))
    assert told("clock_overdue") == refs(world, "seller")
    assert told("incident_report_missed") == refs(
        world, "overseer", "officer", "second_officer", "conflicted_officer"
    )  # the one report that was not made, once
    missed = Outbox.objects.filter(kind="incident_report_missed", channel="page").first()
    assert (missed.link, missed.context["object"]) == (incident.get_absolute_url(), str(incident))
    late = night + timedelta(minutes=55)
    operations.report_to_cyberspace(**by(world, incident, "seller", late), when=late, text="初报")
    assert clock.has_run_out(incident, Kind.INCIDENT_CYBERSPACE, late)
    assert not clock.has_run_out(incident, Kind.INCIDENT_AUTHORITY, late)


def test_bodies_learn_once_that_the_hour_was_missed_also_where_no_sweep_came_before_the_report(world):
    bodies = refs(world, "overseer", "officer", "second_officer", "conflicted_officer")
    at = world.at + timedelta(days=3)
    incident = stages.report_incident(world, at=at, noticed_at=world.at)
    operations.report_to_authority(**by(world, incident, "seller", at), when=world.at + HOUR, text="电话初报，按时")
    assert told("incident_report_late") == []
    operations.report_to_cyberspace(**by(world, incident, "seller", at), when=at, text="初报")
    assert told("incident_report_late") == bodies
    late = Outbox.objects.filter(kind="incident_report_late", channel="page").first()
    assert (late.link, late.context["object"]) == (incident.get_absolute_url(), str(incident))
    assert late.context["when"] == f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    sweep(at=at + HOUR)
    assert (told("incident_report_late"), told("incident_report_missed")) == (bodies, [])

    swept = stages.report_incident(world, at=at, noticed_at=world.at, kind="loss")
    sweep(at=at + timedelta(minutes=1))
    assert told("incident_report_missed") == sorted(bodies * 2)  # of each first report
    for report in (operations.report_to_authority, operations.report_to_cyberspace):
        report(**by(world, swept, "seller", at + HOUR), when=at + HOUR, text="初报")
    assert told("incident_report_late") == bodies


def test_fact_is_stated_once_and_neither_before_it_was_noticed_nor_ahead(world):
    incident = stages.report_incident(world)
    for when in (world.at - HOUR, world.at + HOUR):
        with pytest.raises(ValidationError, match="when"):
            operations.contain_incident(**by(world, incident, "seller"), when=when, text="已关闭")
    operations.contain_incident(**by(world, incident, "seller"), when=world.at, text="已关闭")
    stale = Incident.objects.get(pk=incident.pk)
    stale.contained_at = None  # as another browser still has it
    with pytest.raises(InvalidState):
        operations.contain_incident(**by(world, stale, "officer"), when=world.at, text="已关闭")
    assert incident.notes.count() == 1


def test_overseers_see_it_at_once_and_acknowledge_it_once(world):
    incident = stages.report_incident(world)
    assert world["overseer"].ledger_ref in told("incident_opened")
    with time_machine.travel(world.at, tick=False):
        assert incident in [task.obj for task in todo(world["overseer"], world.at)]
        assert Incident.objects.handled_by(world["overseer"]).get() == incident
        operations.acknowledge_incident(**by(world, incident, "overseer"))
        assert incident not in [task.obj for task in todo(world["overseer"], world.at)]
    with pytest.raises(NotAllowed):
        operations.acknowledge_incident(**by(world, incident, "overseer"))


# --- what follows ----------------------------------------


def test_one_act_pauses_every_active_grant_with_a_copy_and_no_other(world, grant):
    other, ended, without = (stages.active_grant(world, buyer="other_buyer") for _turn in range(3))
    for one, who in ((grant, "buyer"), (other, "other_buyer"), (ended, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
    surrender_grant(grant=ended, actor=world["other_buyer"], at=world.at, reason="结束")
    incident = stages.report_incident(world)
    operations.take_precaution(grant=other, actor=world["officer"], at=world.at, reason="另案")
    operations.hold_affected(**by(world, incident, "officer"), reason="先停后查")
    paused = Hold.objects.exclude(reason="另案").values_list("grant", flat=True)
    assert sorted(paused) == sorted([grant.pk, other.pk])  # each once, also where another matter holds it
    assert without.is_in_effect(world.at) and not grant.is_in_effect(world.at)
    with pytest.raises(NotAllowed):  # nothing of theirs is left
        operations.hold_affected(**by(world, incident, "officer"), reason="先停后查")


def test_false_alarm_lifts_what_paused_grants_for_it_and_nothing_else(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    for one, who in ((grant, "buyer"), (other, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
    incident, second = stages.report_incident(world), stages.report_incident(world, kind="loss")
    operations.hold_affected(**by(world, incident, "officer"), reason="先停后查")
    operations.take_precaution(grant=other, actor=world["officer"], at=world.at, reason="另案")
    asked = [clock.of(one).open().filter(kind=Kind.WHEREABOUTS) for one in (grant, other)]
    assert [clocks.exists() for clocks in asked] == [True, True]
    operations.dismiss_incident(**by(world, incident, "officer"), reason="演练")
    assert grant.is_in_effect(world.at) and not other.is_in_effect(world.at)
    assert [clocks.exists() for clocks in asked] == [False, True]  # the other is held, and asked for its copies, still
    assert told("hold_lifted") == refs(world, "buyer", "conflicted_officer", "other_buyer")
    operations.hold_affected(**by(world, second, "officer"), reason="先停后查")
    with pytest.raises(InvalidState):
        operations.dismiss_incident(**by(world, incident, "officer"), reason="演练")
    assert not grant.is_in_effect(world.at)


def test_closed_only_when_everybody_was_told_who_has_to_be(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    steps = [
        lambda: operations.contain_incident(**by(world, incident, "seller"), when=world.at, text="已关闭"),
        lambda: operations.report_to_authority(**by(world, incident, "seller"), when=world.at, text="初报"),
        lambda: operations.report_to_cyberspace(**by(world, incident, "seller"), when=world.at, text="初报"),
        lambda: operations.tell_holders(**by(world, incident, "seller"), text="请自查"),
        lambda: operations.tell_public(**by(world, incident, "officer"), text="公告"),
    ]
    for step in steps:
        with pytest.raises(InvalidState, match="尚缺"):
            operations.close_incident(**by(world, incident, "officer"), lessons="外链须审批")
        step()
    operations.close_incident(**by(world, incident, "officer"), lessons="外链须审批")
    assert Incident.objects.get().lessons == "外链须审批"
    assert not clock.of(incident).open().exists()
    assert world["buyer"].ledger_ref in told("incident_ended")


def test_whoever_a_holder_was_merged_into_is_told_in_its_place_unless_it_was_that_who_reported(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident, own = (
        stages.report_incident(world),
        stages.report_incident(world, who="buyer", party="buyer", kind="loss"),
    )
    successor, merged = world.parties["other_buyer"], {"evidence": "登记通知书", "reason": "合并"}
    operations.merge_party(
        party=world.parties["buyer"], successor=successor, actor=world["operator"], at=world.at, **merged
    )
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    assert [notice.party for notice in incident.notices.all()] == [successor]
    assert told("incident_notice") == refs(world, "other_buyer")
    with pytest.raises(InvalidState):
        operations.tell_holders(**by(world, own, "officer"), text="请自查")


def test_an_incident_is_reported_once_while_it_is_open_and_another_of_its_kind_beside_it(world):
    first = stages.report_incident(world)
    with pytest.raises(InvalidState):
        stages.report_incident(world)
    stages.report_incident(world, noticed_at=world.at - HOUR)
    operations.dismiss_incident(**by(world, first, "officer"), reason="演练")
    assert stages.report_incident(world).state == "opened"


def test_who_obtains_it_later_is_told_later_which_moves_no_date_and_each_confirms_once(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    operations.confirm_notice(**by(world, incident, "buyer"))
    other = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=other, version=world.version, actor=world["other_buyer"], at=world.at)
    operations.tell_holders(**by(world, incident, "officer", world.at + HOUR), text="请自查")
    with pytest.raises(InvalidState):
        operations.confirm_notice(**by(world, incident, "buyer", world.at + HOUR))
    confirmed = list(incident.notices.order_by("pk").values_list("sent_at", "confirmed_at"))
    assert confirmed == [(world.at, world.at), (world.at + HOUR, None)]
    assert Incident.objects.get().holders_told_at == world.at


def test_public_is_told_where_people_may_be_recognisable_and_reads_it_without_a_login(world):
    incident = stages.report_incident(world, may_identify=False)
    with pytest.raises(InvalidState):
        operations.tell_public(**by(world, incident, "officer"), text="公告")
    page = f"/incident-notice/{incident.pk}/"
    assert Client().get(page).status_code == 404
    operations.supplement_incident(**by(world, incident, "seller"), text="含稀有组合", may_identify=True)
    operations.tell_public(**by(world, incident, "officer"), text="请警惕来电")
    shown = Client().get(page).content.decode()
    assert "请警惕来电" in shown and stages.ALARM["facts"] not in shown and stages.ALARM["title"] not in shown
    assert page in Client().get("/incident-notices/").content.decode()


def test_holder_reads_its_notice_and_nothing_of_other_holders_or_of_how_it_happened(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    for one, who in ((grant, "buyer"), (other, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
    incident = stages.report_incident(world)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        assert client.get(incident.get_absolute_url()).status_code == 404
        operations.tell_holders(**by(world, incident, "officer"), text="请自查并回复")
        page = client.get(incident.get_absolute_url()).content.decode()
    assert "请自查并回复" in page
    assert stages.ALARM["facts"] not in page and str(world.parties["other_buyer"]) not in page


def test_page_reports_an_incident_with_chosen_copies(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = f"/incident/new/{world.version.pk}/"
    with time_machine.travel(world.at, tick=False):
        assert page in client.get(world.version.get_absolute_url()).content.decode()
        sent = {
            **stages.ALARM, "party": world.parties["buyer"].pk,
            "noticed_at": f"{timezone.localtime(world.at):%Y-%m-%dT%H:%M}",
            "may_identify": "false", "only_under": [grant.pk],
        }  # fmt: skip
        assert client.post(page, {**sent, "party": world.parties["developer"].pk}).status_code == 422
        answer = client.post(page, sent)
        incident = Incident.objects.get()
        assert answer.url == incident.get_absolute_url()
        assert client.get(answer.url).status_code == 200
    assert (incident.noticed_at, incident.only_under.get(), incident.reporter) == (
        world.at.replace(second=0, microsecond=0), grant, world.parties["buyer"],
    )  # fmt: skip
