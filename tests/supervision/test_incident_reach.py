"""What an incident reaches where only some copies are concerned: people, and what was built from these copies."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import timezone

from listings.models import Version
from marketplace.api.resources import BY_MODEL
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.supervision import operations
from marketplace.supervision.forms_incident import draft_report
from marketplace.supervision.incidents import Incident
from marketplace.supervision.models import DerivedFrom
from tests.journeys.test_listed_again import product, second_grant  # noqa: F401
from tests.workflow import stages

DAY = timedelta(days=1)


def hand_over(world, grant, days=0, **more):
    return delivery.deliver(
        grant=grant, version=world.version, actor=world["buyer"], at=world.at + days * DAY, **more
    )  # fmt: skip


def report(world, days=0, **chosen):
    at = world.at + days * DAY
    return stages.report_incident(world, at=at, noticed_at=at, **chosen)


def people(incident):
    return incident.people, incident.people_at_most


def test_people_are_those_of_the_deliveries_chosen_and_so_many_at_most_where_these_hold_fewer_rows(world, grant):
    whole, part, again = (hand_over(world, grant, format=kind) for kind in ("csv", "parquet", "parquet"))
    everybody = world.version.rows
    assert people(report(world, only_deliveries=[part])) == (everybody, False)
    Delivery.objects.filter(pk__in=[part.pk, again.pk]).update(rows=7)  # twice the same file
    incident = report(world, kind="loss", only_deliveries=[part, again])
    assert people(incident) == (7, True)
    assert "至多7" in draft_report(incident)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        for address in (incident.get_absolute_url(), f"/console/supervision/incident/{incident.pk}/"):
            assert "at most 7" in client.get(address).content.decode()
    assert people(report(world, kind="other", only_deliveries=[whole, part])) == (everybody, False)
    assert people(report(world, kind="tampering", only_under=[grant])) == (everybody, False)
    Delivery.objects.update(rows=everybody - 1)
    assert people(report(world, kind="recognised", only_under=[grant])) == (everybody, True)  # of two files
    assert people(report(world, who="officer", party="city")) == (everybody, False)


def test_of_households_nobody_knows_how_many_people_and_of_organisations_there_are_none(world, grant):
    part = hand_over(world, grant)
    Delivery.objects.update(rows=7)
    version, resource = Version.objects.filter(pk=world.version.pk), BY_MODEL[Incident]
    for about, kind, found, words in (("households", "loss", None, "not known"), ("organisations", "other", 0, "0")):
        version.update(about=about)
        world.version.refresh_from_db()
        assert people(report(world, kind=kind, only_deliveries=[part])) == (found, False)
        incident = report(world, kind=kind, who="officer", party="city")
        assert people(incident) == (found, False)
        assert f"数据涉及人数：{'不详' if found is None else 0}" in draft_report(incident)
        client = Client(headers={"accept-language": "en"})
        client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
        with time_machine.travel(world.at, tick=False):
            row = resource.row(resource.rows(world["officer"]).get(pk=incident.pk)).data
            for address in (incident.get_absolute_url(), f"/console/supervision/incident/{incident.pk}/"):
                said = client.get(address).content.decode().partition("as far as known</dt>")[2].partition("</dd>")[0]
                assert said.rpartition(">")[2].strip() == words, address
        assert row["people"] == found


def test_what_was_made_before_a_delivery_does_not_contain_it_until_a_newer_edition_names_it(world, grant):
    hand_over(world, grant)
    who = {"actor": world["buyer"], "built_from": [(grant, world.version)]}
    derived = operations.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县", at=world.at, **who
    )
    second = hand_over(world, grant, 1)
    incident = report(world, 1, only_deliveries=[second])
    assert not incident.derived.exists()
    first_too = report(world, 1, kind="loss", only_under=[grant])
    assert first_too.derived.get() == derived
    operations.add_sources(derived=derived, at=world.at + DAY, **who)
    operations.recount_incident(incident=incident, actor=world["officer"], at=world.at + DAY)
    assert incident.derived.get() == derived


def test_on_the_day_of_the_delivery_it_may_contain_it(world, grant):
    at = timezone.localtime(world.at).replace(hour=22)
    hand_over(world, grant)
    derived = operations.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县", at=world.at, actor=world["buyer"],
        built_from=[(grant, world.version)],
    )  # fmt: skip
    late = delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    assert at > world.at and late.obtained_at > derived.created_at
    incident = stages.report_incident(world, at=at, noticed_at=at, only_deliveries=[late])
    assert incident.derived.get() == derived


def test_what_was_published_before_a_delivery_reaches_nobody_who_obtained_it(world, product):  # noqa: F811
    further, at = second_grant(world, product)
    built = product.versions.get()
    delivery.deliver(grant=further, version=built, actor=world["other_buyer"], at=at)
    first = Delivery.objects.get(version=world.version)
    late = delivery.deliver(grant=first.grant, version=world.version, actor=world["buyer"], at=at + DAY)
    given = {"at": at + DAY, "noticed_at": at + DAY}
    incident = stages.report_incident(world, only_deliveries=[late], **given)
    assert [copy.version for copy in incident.copies.all()] == [world.version]
    both = stages.report_incident(world, kind="loss", only_deliveries=[first, late], **given)
    assert {copy.version for copy in both.copies.all()} == {world.version, built}


@pytest.mark.parametrize("verb", ["add_sources", "register"])
def test_what_was_named_for_a_newer_edition_is_dated_from_the_ledger(world, grant, verb):
    hand_over(world, grant)
    who = {"actor": world["buyer"], "built_from": [(grant, world.version)]}
    derived = operations.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县", at=world.at, **who
    )
    if verb == "add_sources":
        operations.add_sources(derived=derived, at=world.at + DAY, **who)
    DerivedFrom.objects.update(named_at=None)
    import_module("marketplace.supervision.migrations.0680_people_and_days").date_what_was_named_later(apps, None)
    assert DerivedFrom.objects.get().named_at == (world.at + DAY if verb == "add_sources" else None)
