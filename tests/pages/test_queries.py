"""The page of an object asks the database as often for three parts as for one; lists: `test_lists.py`."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings.models import Column as VersionColumn
from marketplace.applications.models import Application, Grant, Item, Message
from marketplace.applications.operations import write_message
from marketplace.supervision.models import UsageReport
from tests.actors import World
from tests.crowd import copy, copy_product, more, one_of_each
from tests.pages.conftest import BACKEND
from tests.workflow import stages

MOST = 12


def asked(client: Client, address: str) -> int:
    client.get(address)  # what is looked up once per process
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def rows_of(client: Client, address: str) -> int:
    return len(client.get(address).context["page"].object_list)


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
    one_of_each(world, grant)
    return grant


def test_the_to_do_page_asks_the_same_for_more_tasks(clients: Callable[[str], Client], busy: Grant) -> None:
    client = clients("officer")
    one = asked(client, "/todo/")
    more(busy, 1)
    more(busy, 2)
    assert asked(client, "/todo/") == one <= MOST


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
