"""Who reads how much of an incident: whose data it is, who supervises it, who reported it, a holder who was told."""

import pytest
import time_machine
from django.test import Client

from marketplace.api.resources import BY_MODEL
from marketplace.delivery import operations as delivery
from marketplace.supervision import operations
from marketplace.supervision.incidents import Incident
from tests.workflow import stages


@pytest.fixture
def two_holders(world, grant):
    """The grants of two buyers, each of whom has a copy and built something from it."""
    other = stages.active_grant(world, buyer="other_buyer")
    for one, who in ((grant, "buyer"), (other, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
        operations.register_derived(
            party=world.parties[who], actor=world[who], at=world.at, title=f"{who} 的地图", description="按区县",
            built_from=[(one, world.version)],
        )  # fmt: skip
    return grant, other


def page(world, who, address):
    client = Client(headers={"accept-language": "en"})
    client.force_login(world[who], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        return client.get(address).content.decode()


def by(world, incident, who):
    return {"incident": incident, "actor": world[who], "at": world.at}


def test_holder_who_reports_reads_the_facts_and_nothing_of_other_holders(world, two_holders):
    grant, other = two_holders
    incident = stages.report_incident(world, who="buyer", party="buyer")
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    operations.confirm_notice(**by(world, incident, "other_buyer"))
    operations.hold_affected(**by(world, incident, "officer"), reason="另一买方已外传")
    shown = page(world, "buyer", incident.get_absolute_url())
    for known in (stages.ALARM["facts"], grant.number, "buyer 的地图", "First report", "Who else has copies"):
        assert known in shown, known
    theirs = (other.number, "other_buyer 的地图", str(world.parties["other_buyer"]), str(world["other_buyer"]), "外传")
    assert [word for word in theirs if word in shown] == []
    for who in ("seller", "provider", "officer", "overseer"):
        shown = page(world, who, incident.get_absolute_url())
        assert [word for word in theirs if word not in shown] == [], who
        assert "Who else has copies" not in shown


def test_holder_who_reports_sees_of_the_copies_chosen_by_name_only_its_own(world, two_holders):
    grant, other = two_holders
    chosen = [row for one in (grant, other) for row in one.deliveries.all()]
    incident = stages.report_incident(world, only_under=[grant, other], only_deliveries=chosen)
    incident.reporter = world.parties["buyer"]
    incident.save()
    shown = page(world, "buyer", incident.get_absolute_url())
    only = shown.partition("Only copies obtained under")[2].partition("<dt>Seller")[0]
    assert (only.count(grant.number), only.count(other.number)) == (2, 0)
    only = page(world, "seller", incident.get_absolute_url()).partition("Only copies obtained under")[2]
    assert only.partition("<dt>Seller")[0].count(other.number) == 2


def test_case_file_in_the_console_is_not_for_an_officer_whose_body_only_reported_it(world, two_holders):
    incident = stages.report_incident(world, who="other_officer", party="other_city")
    client = Client(headers={"accept-language": "en"})
    file = f"/console/supervision/incident/{incident.pk}/"
    for who, status in (("other_officer", 404), ("officer", 200)):
        client.force_login(world[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        with time_machine.travel(world.at, tick=False):
            assert client.get(file).status_code == status
    assert str(world.parties["other_buyer"]) not in page(world, "other_officer", incident.get_absolute_url())


def test_list_page_and_interface_say_who_reported_it_to_those_only_who_handle_it(world, two_holders):
    incident = stages.report_incident(world, who="other_buyer", party="other_buyer")
    operations.tell_holders(**by(world, incident, "officer"), text="请自查")
    reporter, resource = str(world.parties["other_buyer"]), BY_MODEL[Incident]
    for who, knows in (("buyer", False), ("other_buyer", True), ("seller", True), ("officer", True)):
        for address in ("/incidents/", incident.get_absolute_url()):
            assert (f">{reporter}<" in page(world, who, address)) is knows, (who, address)
        with time_machine.travel(world.at, tick=False):
            said = resource.row(resource.rows(world[who]).get()).data["reporter"]
        assert said == ({"id": world.parties["other_buyer"].pk, "name": reporter} if knows else None), who
