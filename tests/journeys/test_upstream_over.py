"""A grant that is over, however that came, gives nothing new: no version of, no grant on what was built under it."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Party
from listings import operations as listing
from listings.models import Product, SourceFile, Upstream
from marketplace.api.faces import shown
from marketplace.api.resources import BY_MODEL
from marketplace.applications import operations as applications
from marketplace.applications.models import Disclosure, Grant
from marketplace.clock.working_days import SHANGHAI, end_of_day, local_date
from marketplace.delivery import operations as delivery
from marketplace.errors import InvalidState
from marketplace.supervision import operations as supervision
from tests.journeys.test_listed_again import applied, product, published_at, registered, second_grant  # noqa: F401
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401
from tests.workflow.tables import LISTED


def upstream_grant(world):
    return Grant.objects.get(buyer=world.parties["buyer"])


def new_version(world, made, at):
    return listing.create_version(product=made, actor=world["buyer"], at=at, about="none", **stages.VERSION_FIELDS)


def refused(made, at):
    with pytest.raises(InvalidState) as raised:
        listing.check_not_stopped(made, at)
    return str(raised.value)


def test_period_over_stops_what_was_built_to_the_moment_and_no_job_is_needed(world, product):  # noqa: F811
    grant = upstream_grant(world)
    over = end_of_day(grant.ends)
    listing.check_not_stopped(product, over - timedelta(seconds=1))
    assert grant.number in refused(product, over) and f"{grant.ends:%Y-%m-%d}" in refused(product, over)


def test_period_over_the_page_says_why(world, product):  # noqa: F811
    grant = upstream_grant(world)
    page = Client().get(product.get_absolute_url()).content.decode()
    assert grant.number not in page.partition("next")[2].partition("</section>")[0]
    with time_machine.travel(end_of_day(grant.ends) + timedelta(days=1), tick=False):
        page = Client().get(product.get_absolute_url()).content.decode()
    assert grant.number in page and "同一来源" in page


def test_a_system_reads_what_travels_along_and_why_nothing_new_comes(world, product):  # noqa: F811
    grant, at = upstream_grant(world), published_at(product)

    def read(moment):
        with time_machine.travel(moment, tick=False):
            return Client(headers={"accept-language": "en"}).get(f"/api/v1/products/{product.pk}/").json()

    page = read(at)
    assert [(row["grant"], row["product"]) for row in page["conditions"]] == [(grant.number, world.product.title)]
    assert page["stands_still"] == ""
    assert grant.number in read(end_of_day(grant.ends) + timedelta(days=1))["stands_still"]
    stages.order(world, grant, at)
    assert "stands still" in read(at)["stands_still"]


def be_a_person(party):
    """Who built it is a natural person, who writes no number into the lawful-source file."""
    document = {"id_kind": "passport", "id_encrypted": "x", "id_hmac": "1"}
    Party.objects.filter(pk=party.pk).update(kind="person", uscc=None, **document)
    SourceFile.objects.filter(product__seller=party).update(reference="授权")


def read_by(reader, at, *paths):
    browser = Client()
    if reader:
        browser.force_login(reader)
    with time_machine.travel(at, tick=False):
        return [browser.get(path).content.decode() for path in paths]


def test_what_a_person_who_is_not_named_lists_leads_to_no_use_in_the_register(world, product):  # noqa: F811
    grant, derived, at = upstream_grant(world), product.built_as, published_at(product)
    be_a_person(world.parties["buyer"])
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=at)
    pages = (product.get_absolute_url(), product.versions.get().get_absolute_url(), f"/api/v1/products/{product.pk}/",
             f"/lineage/product/{product.pk}/", "/products/")  # fmt: skip
    lineages = (f"/lineage/derived/{derived.token}/", f"/lineage/product/{world.product.pk}/")
    of_built = (derived.get_absolute_url(), *lineages)
    over = end_of_day(grant.ends) + timedelta(days=1)
    for reader in (None, world["other_buyer"]):
        for moment in (at, over):
            texts = read_by(reader, moment, *pages)
            assert world.parties["buyer"].name in texts[0] and world.product.purposes in texts[0]
            assert not [page for page, text in zip(pages, texts, strict=True) if grant.number in text]
            assert not [text for text in texts if derived.token in text]
            assert not [text for text in read_by(reader, moment, *of_built) if product.get_absolute_url() in text]
    for who in ("buyer", "officer"):
        assert grant.number in read_by(world[who], at, *pages)[0]
        assert all(product.get_absolute_url() in text for text in read_by(world[who], at, *of_built))
    Disclosure.objects.filter(grant=grant).update(is_named=True)
    assert grant.number in read_by(None, at, *pages)[0] and derived.token in read_by(None, at, *pages)[3]
    assert all(product.get_absolute_url() in text for text in read_by(None, at, *of_built))


def test_who_gets_it_from_a_person_who_is_not_named_is_not_told_under_which_grant(world, product):  # noqa: F811
    first = upstream_grant(world)
    grant, at = second_grant(world, product)
    be_a_person(world.parties["buyer"])
    (inherited,) = grant.terms["upstream"]
    assert inherited["grant"] == first.number
    for who, expected in (("other_buyer", ""), ("buyer", first.number)):
        with time_machine.travel(at, tick=False):
            read = shown(BY_MODEL[Grant], world[who], grant.pk)
        assert [row["grant"] for row in read["terms"]["upstream"]] == [expected]
        assert (first.number in read_by(world[who], at, grant.get_absolute_url())[0]) == bool(expected)


def test_surrendered_grant_stops_versions_and_grants_at_once(world, product):  # noqa: F811
    _item, at = applied(world, product)
    applications.surrender_grant(grant=upstream_grant(world), actor=world["buyer"], at=at, reason="不再需要")
    with pytest.raises(InvalidState):
        new_version(world, product, at)
    with pytest.raises(InvalidState):
        applications.start_application(
            product=product, buyer=world.parties["other_buyer"], actor=world["other_buyer"], at=at, fields=["区县"],
            title="选址",
        )  # fmt: skip
    assert Product.objects.listed().filter(pk=product.pk).exists()  # what is granted goes on


def test_closed_after_its_end_keeps_the_earlier_day(world, product):  # noqa: F811
    grant = upstream_grant(world)
    over = end_of_day(grant.ends)
    later = over + timedelta(days=9)
    said = {**stages.CERTIFIED, "destroyed_on": local_date(later)}
    made = supervision.certify_destruction(grant=grant, actor=world["buyer"], at=later, **said)
    supervision.accept_certificate(certificate=made, actor=world["officer"], at=later)
    assert type(grant).objects.get(pk=grant.pk).state == "closed"
    assert Upstream.objects.get(product=product).over_at == over


def test_it_reaches_what_was_built_on_what_was_built(world, product):  # noqa: F811
    grant, at = second_grant(world, product, onward_supply=True)
    shop = registered(world, grant, product, at)
    third = supervision.list_derived(derived=shop, actor=world["other_buyer"], at=at, **LISTED)
    listing.check_not_stopped(third, at)
    first = upstream_grant(world)
    applications.surrender_grant(grant=first, actor=world["buyer"], at=at, reason="不再需要")
    assert first.number in refused(third, at)


def test_another_grant_on_the_same_source_lets_it_go_on(world, product):  # noqa: F811
    old, at = upstream_grant(world), published_at(product)
    applications.surrender_grant(grant=old, actor=world["buyer"], at=at, reason="换新授权")
    again = stages.active_grant(world, onward_supply=True)
    Grant.objects.filter(pk=again.pk).update(ends=date(2027, 12, 31))
    delivery.deliver(grant=again, version=world.version, actor=world["buyer"], at=at)
    refused(product, at)
    supervision.add_sources(derived=product.built_as, actor=world["buyer"], at=at, built_from=[(again, world.version)])
    listing.check_not_stopped(product, at)
    refused(product, datetime(2028, 1, 1, tzinfo=SHANGHAI))  # the other is over as well


def test_longer_period_agreed_moves_the_day(world, product):  # noqa: F811
    grant, at = upstream_grant(world), published_at(product)
    longer = grant.ends + timedelta(days=30)
    applications.request_change(
        grant=grant, actor=world["buyer"], at=at, reason="延长", ends=longer, fields=grant.fields,
        what_is_built=grant.terms["what_is_built"], quota=None, report_schedule=grant.report_schedule,
    )  # fmt: skip
    applications.agree_change(edition=grant.editions.get(), actor=world["officer"], at=at, reason="同意")
    assert Upstream.objects.get(product=product).over_at == end_of_day(longer)


def test_cleared_after_termination_it_needs_the_grant_no_more(world, product):  # noqa: F811
    grant, derived, at = upstream_grant(world), product.built_as, published_at(product)
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=at)
    stages.terminate(stages.order(world, grant, at), world, at)
    derived.refresh_from_db()
    supervision.clear_derived(derived=derived, actor=world["officer"], at=at, reason="成果已脱离原数据")
    listing.check_not_stopped(product, end_of_day(grant.ends) + timedelta(days=1))
