"""Lists ask the database as often for three rows as for one; so do the pages of an object for its parts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings.models import CatalogueEntry, Product, VersionSource
from listings.models import Column as VersionColumn
from listings.operations import follow_entries, follow_product
from marketplace.applications.models import Application, Grant, Item, Message, StandingConsent
from marketplace.applications.operations import write_message
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.supervision.models import (
    DerivedFrom,
    DerivedProduct,
    Finding,
    Measure,
    MeasureGrant,
    UsageReport,
    new_token,
)
from marketplace.supervision.operations import propose_order_on_grant
from marketplace.supervision.operations.finding import open_finding
from tests.actors import World
from tests.pages.conftest import BACKEND
from tests.workflow import stages

MOST = 12


def asked(client: Client, address: str) -> int:
    client.get(address)  # what is looked up once per process
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def rows_of(client: Client, address: str) -> int:
    context = client.get(address).context
    return len(context["products"] if address == "/" else context["page"].object_list)


def copy(obj: Any, **changes: Any) -> Any:
    """Another row like this one: these tests count queries and look at nothing else."""
    twin = type(obj)._base_manager.get(pk=obj.pk)
    twin.pk = None
    twin._state.adding = True
    for name, value in changes.items():
        setattr(twin, name, value)
    twin.save(force_insert=True)
    return twin


def copy_product(product: Product) -> Product:
    version = product.versions.get(number=1)
    twin = copy(product)
    edition = copy(version, product=twin)
    for source in VersionSource.objects.filter(version=version):
        copy(source, version=edition)
    for column in VersionColumn.objects.filter(version=version):
        copy(column, version=edition)
    follow_product(twin)
    return twin


def copy_grant(grant: Grant) -> Grant:
    application = copy(grant.item.application)
    return copy(grant, item=copy(grant.item, application=application))


@pytest.fixture
def clients(world: World) -> Callable[[str], Client]:
    def log_in(key: str) -> Client:
        client = Client()
        client.force_login(world[key], backend=BACKEND)
        return client

    return log_in


@pytest.fixture
def busy(world: World, grant: Grant) -> Grant:
    """One of each: a grant with a report, a finding, a proposed order, a derived product, a notice."""
    at = timezone.now()
    act = ledger.begin("notice", ledger.SystemActor("sweep"), at)
    open_finding(act, grant, "report_overdue", "first", "Art. 16", report="x")
    propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    stages.standing_consent(world, "given")
    derived = DerivedProduct.objects.create(party=grant.buyer, title="t", description="d", created_at=at)
    DerivedFrom.objects.create(derived=derived, grant=grant, version=world.version)
    return grant


def more(grant: Grant, number: int) -> None:
    """Another of each."""
    copy_product(grant.product)
    follow_entries([copy(CatalogueEntry.objects.earliest("pk"))])
    twin = copy_grant(grant)
    copy(Finding.objects.earliest("pk"), occasion_key=f"copy {number}", grant=twin)
    measure = copy(Measure.objects.earliest("pk"), occasion_key=f"copy {number}")
    MeasureGrant.objects.create(measure=measure, grant=twin)
    copy(StandingConsent.objects.earliest("pk"))
    copy(
        grant.buyer, uscc=None, kind="person", name=f"copy {number}", id_kind="passport", id_encrypted="x",
        id_hmac=f"{number}",
    )  # fmt: skip
    copy(DerivedProduct.objects.earliest("pk"), token=new_token())
    for notice in list(Outbox.objects.filter(dedup_key__startswith="grant_", channel="page")):
        copy(notice, dedup_key=f"{notice.pk} copy {number}")


LISTS = [
    ("officer", "/"),
    ("buyer", "/products/"),
    ("buyer", "/products/?q=门诊&nature=government&mode=download&order=title"),
    ("officer", "/entries/"),
    ("officer", "/entries/?q=门诊&opening=on_application"),
    ("seller", "/products/mine/"),
    ("officer", "/applications/"),
    ("buyer", "/applications/"),
    ("officer", "/grants/"),
    ("buyer", "/grants/"),
    ("officer", "/orders/"),
    ("officer", "/findings/"),
    ("provider", "/standing-consents/"),
    ("buyer", "/derived/"),
    ("buyer", "/notices/"),
    ("operator", "/parties/"),
]


@pytest.mark.parametrize(("who", "address"), LISTS, ids=[f"{who} {address}" for who, address in LISTS])
def test_a_list_of_three_asks_as_often_as_a_list_of_one(
    clients: Callable[[str], Client], busy: Grant, who: str, address: str
) -> None:
    client = clients(who)
    one, rows = asked(client, address), rows_of(client, address)
    more(busy, 1)
    more(busy, 2)
    assert asked(client, address) == one
    assert rows_of(client, address) >= rows + 2
    assert one <= MOST


def test_lists_of_a_hundred_ask_as_often_as_lists_of_one(clients: Callable[[str], Client], busy: Grant) -> None:
    """On all lists, first and second page; what the search asks less for once the titles fill a page is no more."""
    people = {who: clients(who) for who, _address in LISTS}
    one = {(who, address): asked(people[who], address) for who, address in LISTS}
    for number in range(1, 100):
        more(busy, number)
    for (who, address), count in one.items():
        now = asked(people[who], address)
        assert now == count or ("q=" in address and now < count <= MOST), address
        page = people[who].get(address).context.get("page")
        if page and page.next:
            mark = "&" if "?" in address else "?"
            assert asked(people[who], f"{address}{mark}page={page.next}") <= MOST
            assert len(page) == 20


def test_the_to_do_page_asks_the_same_for_more_tasks(clients: Callable[[str], Client], busy: Grant) -> None:
    client = clients("officer")
    one = asked(client, "/todo/")
    more(busy, 1)
    more(busy, 2)
    assert asked(client, "/todo/") == one


def test_a_product_asks_the_same_for_more_versions_and_sources(clients: Callable[[str], Client], world: World) -> None:
    client, product = clients("seller"), world.product
    one = asked(client, product.get_absolute_url())
    for number in (2, 3):
        version = copy(world.version, number=number)
        for column in VersionColumn.objects.filter(version=world.version):
            copy(column, version=version)
        copy(product.source_files.earliest("pk"))
    assert asked(client, product.get_absolute_url()) == one


def test_the_publicity_asks_the_same_for_more_versions(clients: Callable[[str], Client], world: World) -> None:
    version, _over = stages.version(world, "in_publicity")
    client = clients("buyer")
    one = asked(client, "/publicity/")
    for _number in range(2):
        copy(version, product=copy(world.product))
    assert rows_of(client, "/publicity/") == 3
    assert asked(client, "/publicity/") == one <= MOST


def test_a_version_asks_the_same_for_more_objections(clients: Callable[[str], Client], world: World) -> None:
    objection, _over = stages.objection(world, "open")
    client, address = clients("officer"), objection.version.get_absolute_url()
    one, todo = asked(client, address), asked(client, "/todo/")
    for _number in range(2):
        copy(objection)
    assert (asked(client, address), asked(client, "/todo/")) == (one, todo)


def test_an_application_asks_the_same_for_more_items(
    clients: Callable[[str], Client], application: Application
) -> None:
    client, item = clients("officer"), application.items.get()
    one = asked(client, application.get_absolute_url())
    for _number in range(2):
        copy(item, product=copy_product(item.product))
    assert Item.objects.filter(application=application).count() == 3
    assert asked(client, application.get_absolute_url()) == one


def test_an_application_asks_the_same_for_more_messages(clients: Callable[[str], Client], world: World) -> None:
    case, _at = stages.application(world, "in_consultation")
    write_message(application=case, actor=world["buyer"], at=world.at, text="x")
    client = clients("officer")
    one = asked(client, case.get_absolute_url())
    for _number in range(2):
        copy(Message.objects.earliest("pk"))
    assert asked(client, case.get_absolute_url()) == one


def test_a_grant_asks_the_same_for_more_reports(clients: Callable[[str], Client], busy: Grant) -> None:
    client, at = clients("buyer"), timezone.now()
    day = busy.starts
    UsageReport.objects.create(grant=busy, start=day, end=day, due_at=at, late_at=at)
    one = asked(client, busy.get_absolute_url())
    for number in (1, 2):
        later = day.replace(year=day.year + number)
        UsageReport.objects.create(grant=busy, start=later, end=later, due_at=at, late_at=at)
    assert asked(client, busy.get_absolute_url()) == one
