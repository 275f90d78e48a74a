"""The documents behind an item of the lawful-source file."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import EvidenceFile
from listings import operations
from listings.models import SourceFile, Version
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from tests.accounts.test_registration import login
from tests.actors import World
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture
def item(world: World) -> SourceFile:
    return stages.source_file(world, "unchecked")[0]  # with a document


def test_seller_and_checker_read_it_and_the_public_does_not(world: World, item: SourceFile) -> None:
    file = EvidenceFile.objects.of(item).get()
    address = reverse("listings:source-file-evidence", args=[item.pk, file.pk])
    expected = {"seller": 200, "officer": 200, "buyer": 403, "provider": 403, "other_officer": 403, "operator": 403}
    assert {who: login(world, who).get(address).status_code for who in expected} == expected
    assert Client().get(address).url.startswith("/accounts/login/")
    page = item.get_absolute_url()
    assert file.sha256 in login(world, "seller").get(page).content.decode()
    assert item.title in Client().get(page).content.decode()
    told = {
        who: [row.actor for row in login(world, who).get(page).context["history"] if row.entry.verb == "open_evidence"]
        for who in ("seller", "buyer")
    }
    assert told == {"seller": [world["officer"].name], "buyer": []}  # who opened it, but for the seller's own people
    for client in (Client(), login(world, "buyer")):
        assert file.sha256 not in client.get(page).content.decode()
    form = login(world, "officer").get(f"/source-file/{item.pk}/accept/").content.decode()
    assert address in form


def test_the_check_names_what_was_read_and_then_it_stays(world: World, item: SourceFile) -> None:
    file = EvidenceFile.objects.of(item).get()
    operations.accept_source_file(source=item, actor=world["officer"], at=world.at, reason="核对原件")
    assert json.loads(Entry.objects.get(verb="accept_source", object_id=str(item.pk)).detail.json)["files"] == [
        file.sha256
    ]
    told: dict[str, Any] = {"source": SourceFile.objects.get(pk=item.pk), "actor": world["seller"], "at": world.at}
    with pytest.raises(InvalidState):
        operations.withdraw_source_evidence(**told, evidence=file)
    with pytest.raises(InvalidState):
        operations.add_source_evidence(**told, path=stages.paper("later"))


def test_while_a_version_is_under_review_nothing_is_taken_back(world: World, item: SourceFile) -> None:
    told: dict[str, Any] = {"source": item, "actor": world["seller"], "at": world.at}
    told["evidence"] = EvidenceFile.objects.of(item).get()
    Version.objects.filter(pk=world.version.pk).update(state="in_publicity")  # as its successor would be
    with pytest.raises(InvalidState):
        operations.withdraw_source_evidence(**told)
    Version.objects.filter(pk=world.version.pk).update(state="published")
    operations.withdraw_source_evidence(**told)
    assert not EvidenceFile.objects.of(item).exists()


def test_many_documents_take_no_more_queries(world: World, item: SourceFile) -> None:
    client, page = login(world, "seller"), item.get_absolute_url()
    client.get(page)
    with CaptureQueriesContext(connection) as first:
        client.get(page)
    for number in range(5):
        operations.add_source_evidence(source=item, actor=world["seller"], at=world.at, path=stages.paper(f"n{number}"))
    with CaptureQueriesContext(connection) as second:
        client.get(page)
    assert len(second) == len(first)
