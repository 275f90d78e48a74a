"""Bodies that have to know of an incident: who is asked to acknowledge it, each for itself."""

from datetime import date

import pytest
import time_machine
from django.test import Client

from accounts.models import Capability, Membership
from marketplace.api.resources import BY_MODEL
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for, consult, decide
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.incidents import Incident
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
