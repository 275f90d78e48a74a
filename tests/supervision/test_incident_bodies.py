"""Bodies that have to know of an incident: who is asked to acknowledge it, each for itself."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Capability, Membership, Party
from listings.models import Version
from marketplace.api.resources import BY_MODEL
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for, consult, decide
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.entries import plain
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.incidents import Incident
from marketplace.supervision.precautions import standing_for
from marketplace.supervision.queries import copies_of
from tests import crowd
from tests.workflow import stages


def by(world, incident, who, at=None):
    return {"incident": incident, "actor": world[who], "at": at or world.at}


def told(kind):
    return sorted(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def states(incident):
    """Who was asked -> whether it has acknowledged."""
    rows = incident.acknowledgements.select_related("party")
    return {row.party: row.acknowledged_at is not None for row in rows}


@pytest.fixture
def police(world):
    """A second oversight body of the city, with the expert as its member."""
    body = crowd.copy(world.parties["oversight"], name="福州市公安局", uscc="another")
    crowd.copy(Capability.objects.get(party=world.parties["oversight"]), party=body)
    Membership.objects.create(user=world["expert"], party=body, role="owner", valid_from=date(2026, 1, 1))
    return body


def provincial_grant(world):
    """Of the world's product, to the other buyer, decided and supervised by the province, with a copy out."""
    case = apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer")
    operations.take_application(application=case, actor=world["province_officer"], at=world.at, reason="跨市影响")
    case.refresh_from_db()
    consult(case, world.cast, world.at, officer="province_officer")
    made = decide(case, world.cast, world.at, officer="province_officer")
    applications.accept_grant(grant=made, actor=world["other_buyer"], at=world.at, terms_accepted=True)
    delivery.deliver(grant=made, version=world.version, actor=world["other_buyer"], at=world.at)
    return Grant.objects.get(pk=made.pk)


def offered(world, incident, who):
    with time_machine.travel(world.at, tick=False):
        return {verb.name for verb in verbs.INCIDENT.available(incident, world[who], world.at)}


def test_each_body_acknowledges_for_itself(world, police):
    incident = stages.report_incident(world)
    office, city = world.parties["oversight"], world.parties["city"]
    assert states(incident) == {office: False, police: False, city: False}
    operations.acknowledge_incident(**by(world, incident, "overseer"))
    assert states(incident) == {office: True, police: False, city: False}
    row = incident.acknowledgements.get(party=office)
    assert (row.acknowledged_at, row.acknowledged_by) == (world.at, world["overseer"])
    assert json.loads(Entry.objects.get(verb="acknowledge_incident").detail.json) == {"parties": [plain(office)]}
    with pytest.raises(NotAllowed):
        operations.acknowledge_incident(**by(world, incident, "overseer"))
    assert "acknowledge" not in offered(world, incident, "overseer")

    with time_machine.travel(world.at, tick=False):
        assert incident in [task.obj for task in todo(world["expert"], world.at)]
    assert "acknowledge" in offered(world, incident, "expert")
    operations.acknowledge_incident(**by(world, incident, "expert"))
    operations.acknowledge_incident(**by(world, incident, "officer"))
    assert states(incident) == {office: True, police: True, city: True}
    assert Entry.objects.filter(verb="acknowledge_incident").count() == 3
    for who in ("seller", "buyer", "provider", "other_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            operations.acknowledge_incident(**by(world, incident, who))


def test_bodies_of_its_region_and_above_are_asked_while_they_oversee_and_while_it_is_open(world, police):
    seat = Capability.objects.filter(party=police)
    seat.update(region=world.parties["province"].region)
    first = stages.report_incident(world)
    assert states(first)[police] is False and first in Incident.objects.awaiting([police.pk])
    with time_machine.travel(world.at, tick=False):
        assert Incident.objects.handled_by(world["expert"]).get() == first
    operations.dismiss_incident(**by(world, first, "officer"), reason="演练")
    assert not Incident.objects.awaiting([police.pk]).exists()
    seat.update(valid_until=world.at.date() - timedelta(days=1))
    assert police not in states(stages.report_incident(world, kind="loss"))


def test_an_oversight_body_reads_what_lies_in_its_regions_of_today(world):
    incident, body = stages.report_incident(world), world.parties["oversight"]
    other = world.parties["other_city"]
    seat = crowd.copy(Capability.objects.get(party=body), region=other.region, valid_until=world.at.date())
    Version.objects.filter(pk=incident.version_id).update(authority=other)
    seen = []
    for at in (world.at, world.at + timedelta(days=1)):
        with time_machine.travel(at, tick=False):
            seen.append(Incident.objects.visible_to(world["overseer"]).filter(pk=incident.pk).exists())
    assert (seat.valid_until, seen) == (world.at.date(), [True, False])


def test_neither_who_only_reads_for_a_body_nor_who_stepped_back_acknowledges_it(world):
    incident = stages.report_incident(world)
    Membership.objects.filter(user=world["overseer"], party=world.parties["oversight"]).update(role="auditor")
    operations.recuse_from(case=incident, actor=world["officer"], at=world.at, reason="亲属在买方任职")
    for who in ("overseer", "officer"):
        with pytest.raises(NotAllowed):
            operations.acknowledge_incident(**by(world, incident, who))
    operations.acknowledge_incident(**by(world, incident, "second_officer"))


def test_whoever_a_body_was_merged_into_acknowledges_in_its_place(world, police):
    incident, office, city = stages.report_incident(world), world.parties["oversight"], world.parties["city"]
    operations.acknowledge_incident(**by(world, incident, "overseer"))
    merged = {"actor": world["operator"], "at": world.at, "evidence": "机构改革方案", "reason": "机构改革"}
    operations.merge_party(party=police, successor=office, **merged)
    operations.recount_incident(**by(world, incident, "officer"))
    assert states(incident) == {office: True, police: False, city: False}  # nobody is asked twice
    with time_machine.travel(world.at, tick=False):
        assert incident in [task.obj for task in todo(world["overseer"], world.at)]
    assert "acknowledge" in offered(world, incident, "overseer")
    operations.acknowledge_incident(**by(world, incident, "overseer"))
    assert states(incident) == {office: True, police: True, city: False}
    assert "acknowledge" not in offered(world, incident, "overseer")


def test_authority_over_a_grant_that_it_reaches_is_told_and_asked_whenever_it_becomes_one(world):
    first = stages.report_incident(world)
    assert world.parties["province"] not in states(first)
    assert world["province_officer"].ledger_ref not in told("incident_opened")
    provincial_grant(world)
    for _twice in range(2):
        operations.recount_incident(**by(world, first, "officer"))
    assert states(first)[world.parties["province"]] is False
    assert told("incident_opened").count(world["province_officer"].ledger_ref) == 1
    operations.contain_incident(**by(world, first, "seller"), when=world.at, text="已关闭")
    assert world["province_officer"].ledger_ref in told("incident_reported")
    with time_machine.travel(world.at, tick=False):
        assert first in [task.obj for task in todo(world["province_officer"], world.at)]
    operations.acknowledge_incident(**by(world, first, "province_officer"))
    assert states(first)[world.parties["province"]] is True

    second = stages.report_incident(world, kind="loss")
    assert states(second)[world.parties["province"]] is False
    assert told("incident_opened").count(world["province_officer"].ledger_ref) == 2


def test_authority_that_reported_it_need_not_say_that_it_knows(world):
    incident = stages.report_incident(world, who="officer", party="city")
    assert set(states(incident)) == {world.parties["oversight"]}
    with pytest.raises(NotAllowed):
        operations.acknowledge_incident(**by(world, incident, "second_officer"))


def test_reviewer_of_non_public_data_is_told_of_every_step_and_reads_the_case(world):
    granted, _over = stages.non_public_grant(world, "active")
    version, at = granted.from_version, granted.activated_at
    Membership.objects.create(
        user=world["expert"], party=world.parties["compliance"], role="manager", valid_from=date(2026, 1, 1)
    )
    incident = stages.report_incident(
        world, who="vendor", party="vendor", version=version, at=at, noticed_at=at, may_identify=False
    )
    theirs = {world[who].ledger_ref for who in ("reviewer", "expert")}
    assert theirs <= set(told("incident_opened"))
    operations.contain_incident(**by(world, incident, "vendor", at), when=at, text="已关闭")
    operations.take_incident(**by(world, incident, "province_officer", at), reason="跨市影响")
    operations.dismiss_incident(**by(world, incident, "province_officer", at), reason="演练")
    assert all(theirs <= set(told(kind)) for kind in ("incident_reported", "case_taken", "incident_ended"))
    public = stages.report_incident(world)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["reviewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(at, tick=False):
        assert stages.ALARM["facts"] in client.get(incident.get_absolute_url()).content.decode()
        assert client.get(public.get_absolute_url()).status_code == 404
        assert verbs.INCIDENT.available(incident, world["reviewer"], at) == []
        listed = client.get("/console/").context["rows"]
        assert ("/console/supervision/incident/", 1) in [(row.url, row.waiting) for row in listed]
        page = client.get("/console/supervision/incident/")
        assert list(page.context["cl"].result_list) == [incident]
        file = f"/console/supervision/incident/{incident.pk}/"
        assert file in page.content.decode()
        assert stages.ALARM["facts"] in client.get(file).content.decode()
        assert client.get(f"/console/supervision/incident/{public.pk}/").status_code == 404
    assert told("incident_opened").count(world["reviewer"].ledger_ref) == 1  # of public data it is told nothing
    assert world["province_officer"].ledger_ref not in told("incident_opened")


@pytest.mark.parametrize("gone", ["lapsed", "barred", "nobody left"])
def test_where_nobody_acts_for_the_reviewer_the_province_is_told_of_every_step_and_reads_the_case(world, gone):
    granted, _over = stages.non_public_grant(world, "active")
    version, at = granted.from_version, granted.activated_at
    assert version.authority == world.parties["city"]
    if gone == "nobody left":
        Membership.objects.filter(party=version.reviewer).update(role="auditor")
    else:
        changed = {"verified_until": date(2026, 1, 1)} if gone == "lapsed" else {"state": "barred"}
        Party.objects.filter(pk=version.reviewer.pk).update(**changed)
    version = type(version).objects.get(pk=version.pk)
    incident = stages.report_incident(
        world, who="vendor", party="vendor", version=version, at=at, noticed_at=at, may_identify=False
    )
    incident = Incident.objects.get(pk=incident.pk)
    operations.contain_incident(**by(world, incident, "vendor", at), when=at, text="已关闭")
    operations.dismiss_incident(**by(world, incident, "officer", at), reason="演练")
    province = world["province_officer"].ledger_ref
    for kind in ("incident_opened", "incident_reported", "incident_ended"):
        assert told(kind).count(province) == 1
    with time_machine.travel(at, tick=False):
        assert Incident.objects.handled_by(world["province_officer"]).filter(pk=incident.pk).exists()
    stages.report_incident(world)  # of public data, the city's alone
    assert told("incident_opened").count(province) == 1


def test_an_officer_who_belongs_to_a_holder_reads_its_notice_and_not_the_file(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    Membership.objects.create(
        user=world["other_officer"], party=grant.buyer, role="member", valid_from=date(2026, 1, 1)
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["other_officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        page = client.get(incident.get_absolute_url()).content.decode()
        assert "请自查" in page and stages.ALARM["facts"] not in page
        assert client.get(f"/console/supervision/incident/{incident.pk}/").status_code == 404
        assert not client.get("/console/supervision/incident/?show=all").context["cl"].result_list


def test_page_and_interface_say_who_has_and_who_has_not(world, police):
    incident = stages.report_incident(world)
    operations.acknowledge_incident(**by(world, incident, "overseer"))
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        page = client.get(incident.get_absolute_url()).content.decode()
        resource = BY_MODEL[Incident]
        row = resource.row(resource.rows(world["officer"]).get(pk=incident.pk)).data
    office = page.partition(f"Acknowledged by {world.parties['oversight']}")[2]
    assert office.partition("</dd>")[0].endswith(str(world["overseer"]))
    assert "not yet" in page.partition("Acknowledged by 福州市公安局")[2].partition("</dd>")[0]
    assert {one["party"]["name"]: one["acknowledged_at"] is not None for one in row["acknowledgements"]} == {
        str(world.parties["oversight"]): True, "福州市公安局": False, str(world.parties["city"]): False,
    }  # fmt: skip
    assert Incident.objects.awaiting([police.pk]).get() == incident
    assert not Incident.objects.awaiting([world.parties["oversight"].pk]).exists()


# --- each pauses its own ----------------------------------------


def held(incident):
    return sorted(standing_for(incident, incident.created_at).values_list("grant", flat=True))


def test_each_authority_pauses_its_own_grants_in_one_act(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    provincial = provincial_grant(world)
    incident = stages.report_incident(world)
    assert "hold_affected" in offered(world, incident, "province_officer")
    for who in ("seller", "provider", "other_officer", "county_officer", "conflicted_officer", "overseer", "buyer"):
        with pytest.raises(NotAllowed):
            operations.hold_affected(**by(world, incident, who), reason="先停后查")
    operations.hold_affected(**by(world, incident, "officer"), reason="先停后查")
    assert held(incident) == [grant.pk] and provincial.is_in_effect(world.at)
    assert "hold_affected" not in offered(world, incident, "officer")
    operations.hold_affected(**by(world, incident, "province_officer"), reason="先停后查")
    assert held(incident) == sorted([grant.pk, provincial.pk])
    operations.lift_precaution(grant=provincial, actor=world["province_officer"], at=world.at, reason="已查清")
    with time_machine.travel(world.at, tick=False):
        client = Client(headers={"accept-language": "en"})
        client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(incident.get_absolute_url()).content.decode()
    paused = {row.grant.number: row.is_paused for row in copies_of(incident, world.at)}
    assert paused == {grant.number: True, provincial.number: False}
    assert "Paused for it" in page


def test_officer_who_belongs_to_a_holder_pauses_no_grant_of_another(world):
    provincial = provincial_grant(world)
    incident = stages.report_incident(world)
    Membership.objects.create(
        user=world["province_officer"], party=world.parties["unit"], role="member", valid_from=date(2026, 1, 1)
    )
    with pytest.raises(NotAllowed):
        operations.hold_affected(**by(world, incident, "province_officer"), reason="先停后查")
    assert provincial.is_in_effect(world.at)


def test_who_stepped_back_pauses_nothing(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    operations.recuse_from(case=incident, actor=world["officer"], at=world.at, reason="亲属在买方任职")
    with pytest.raises(NotAllowed):
        operations.hold_affected(**by(world, incident, "officer"), reason="先停后查")
    operations.hold_affected(**by(world, incident, "second_officer"), reason="先停后查")


def test_officer_over_a_grant_that_it_reaches_steps_back_for_a_colleague_of_the_same_authority(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    provincial_grant(world)
    incident = stages.report_incident(world)
    back = {"case": incident, "at": world.at, "reason": "亲属在持有方任职"}
    assert "recuse" not in offered(world, incident, "province_officer")  # the only one
    with pytest.raises(InvalidState):  # the city's officers are left, but none of them pauses the province's grants
        operations.recuse_from(**back, actor=world["province_officer"])
    Membership.objects.create(
        user=world["expert"], party=world.parties["province"], role="member", valid_from=date(2026, 1, 1)
    )
    assert "recuse" in offered(world, incident, "province_officer")
    for who in ("officer", "buyer"):
        with pytest.raises(ValidationError):
            operations.recuse_from(**back, actor=world["province_officer"], colleague=world[who])
    with pytest.raises(ValidationError):  # nor does an officer of the city pass its case to one who only has grants
        operations.recuse_from(**back, actor=world["officer"], colleague=world["expert"])
    for who in ("other_officer", "conflicted_officer", "seller", "overseer"):
        with pytest.raises(NotAllowed):
            operations.recuse_from(**back, actor=world[who])
    form = verbs.INCIDENT.get("recuse").form(target=incident, actor=world["province_officer"], at=world.at)
    assert [*form.fields["colleague"].queryset] == [world["expert"]]
    operations.recuse_from(**back, actor=world["province_officer"])
    assert told("recused") == [world["expert"].ledger_ref]
    assert offered(world, incident, "province_officer") == set()
    with pytest.raises(NotAllowed):
        operations.take_incident(**by(world, incident, "province_officer"), reason="-")
    assert "hold_affected" in offered(world, incident, "expert")
    operations.hold_affected(**by(world, incident, "expert"), reason="先停后查")


def test_once_the_province_has_taken_it_the_city_over_the_grants_may_step_back(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    incident = stages.report_incident(world)
    operations.take_incident(**by(world, incident, "province_officer"), reason="跨市影响")
    incident = Incident.objects.get()
    assert "recuse" in offered(world, incident, "officer")
    operations.recuse_from(
        case=incident, actor=world["officer"], at=world.at, reason="亲属在买方任职", colleague=world["second_officer"]
    )
    assert told("recused") == [world["second_officer"].ledger_ref]


def test_seller_pauses_the_grants_of_its_non_public_data_and_lifts_that(world):
    granted, _over = stages.non_public_grant(world, "active")
    version, at = granted.from_version, granted.activated_at
    delivery.deliver(grant=granted, version=version, actor=world["buyer"], at=at)
    incident = stages.report_incident(
        world, who="vendor", party="vendor", version=version, at=at, noticed_at=at, may_identify=False
    )
    for who in ("vendor_member", "other_vendor", "officer", "reviewer", "buyer"):
        with pytest.raises(NotAllowed):
            operations.hold_affected(**by(world, incident, who, at), reason="先停后查")
    operations.hold_affected(**by(world, incident, "vendor", at), reason="先停后查")
    assert held(incident) == [granted.pk] and not granted.is_in_effect(at)
    with pytest.raises(NotAllowed):  # once for each incident
        operations.hold_affected(**by(world, incident, "vendor", at), reason="先停后查")
    lift = {"grant": granted, "at": at, "reason": "已查清"}
    for who in ("vendor_member", "officer", "buyer"):
        with pytest.raises(NotAllowed):
            operations.lift_precaution(**lift, actor=world[who])
    with time_machine.travel(at, tick=False):
        names = {verb.name for verb in verbs.GRANT.available(granted, world["vendor"], at)}
    assert "lift_precaution" in names and "take_precaution" not in names  # outside an incident: a contract notice
    operations.lift_precaution(**lift, actor=world["vendor"])
    assert granted.is_in_effect(at)


def test_once_the_seller_has_ended_an_officer_pauses_its_grants(world):
    granted, _over = stages.non_public_grant(world, "active")
    version, at = granted.from_version, granted.activated_at
    delivery.deliver(grant=granted, version=version, actor=world["buyer"], at=at)
    incident = stages.report_incident(
        world, who="officer", party="city", version=version, at=at, noticed_at=at, may_identify=False
    )
    Party.objects.filter(pk=world.parties["vendor"].pk).update(state="ended")
    operations.hold_affected(**by(world, incident, "officer", at), reason="先停后查")
    assert held(incident) == [granted.pk]
