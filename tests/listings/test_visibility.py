"""Who sees a product of non-public data: changed where it harms nobody; natural persons invited, and none disclosed."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import operations as accounts
from accounts.models import CapabilityKind, DocumentKind, PartyKind
from listings import operations
from listings.models import Product, ProductInvitation
from marketplace.applications.operations import start_application
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import local_date
from marketplace.desk.story import check_sources, later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture
def hidden(world):
    return stages.non_public_draft(world, visibility="invited", title="秘密客流指数")


def in_publicity(world, draft):
    operations.submit_version(version=draft, actor=world["vendor"], at=world.at)
    check_sources(draft.product, world["reviewer"], world.at)
    operations.approve_version(version=draft, actor=world["reviewer"], at=world.at, **stages.SIGN_OFF)
    return draft


def show(world, product, visibility, at=None, who="vendor"):
    operations.set_visibility(product=product, actor=world[who], at=at or world.at, visibility=visibility)
    return Product.objects.get(pk=product.pk).visibility


def refused(error, call, *args, **kwargs):
    before = rows()
    with pytest.raises(error):
        call(*args, **kwargs)
    assert rows() == before


def test_who_sees_it_changes_both_ways_until_a_version_was_public(world, hidden):
    product = hidden.product
    assert [show(world, product, to) for to in ("all", "invited")] == ["all", "invited"]
    operations.submit_version(version=hidden, actor=world["vendor"], at=world.at)
    assert [show(world, product, to) for to in ("all", "invited")] == ["all", "invited"]
    refused(InvalidState, show, world, product, "invited")
    refused(NotAllowed, show, world, product, "all", None, "other_vendor")
    refused(InvalidState, show, world, world.product, "invited", None, "seller")  # public data
    unseen, _at = stages.product(world, "active+undeclared")
    refused(InvalidState, show, world, unseen, "invited", None, "seller")
    assert Entry.objects.filter(verb="set_visibility", article="Art. 40").count() == 4


def test_what_people_have_seen_is_not_taken_away(world):
    version = in_publicity(world, stages.non_public_draft(world))
    refused(InvalidState, show, world, version.product, "invited")
    at = later(world.at, Kind.PUBLICITY)
    operations.publish_version(version=version, actor=world["reviewer"], at=at)
    refused(InvalidState, show, world, version.product, "invited", at)
    operations.recall_version(version=version, actor=world["reviewer"], at=at, reason="召回")
    refused(InvalidState, show, world, version.product, "invited", at)


def test_opened_in_publicity_the_public_is_heard_for_the_whole_period(world, hidden):
    at = world.at + timedelta(days=5)
    before = clock.of(in_publicity(world, hidden)).open().get(kind=Kind.PUBLICITY)
    assert show(world, hidden.product, "all", at) == "all"
    after = clock.of(hidden).open().get(kind=Kind.PUBLICITY)
    assert (after.started_at, after.due_at > before.due_at) == (at, True)
    told = Outbox.objects.filter(dedup_key__startswith="product_opened:page:")
    assert told.exists()
    with time_machine.travel(at, tick=False):
        assert "秘密客流指数" in Client().get(f"/product/{hidden.product_id}/").content.decode()
    refused(InvalidState, operations.publish_version, version=hidden, actor=world["reviewer"], at=before.due_at)


def test_opened_when_published_it_is_found_by_everybody(world, hidden):
    in_publicity(world, hidden)
    at = later(world.at, Kind.PUBLICITY)
    operations.publish_version(version=hidden, actor=world["reviewer"], at=at)
    assert show(world, hidden.product, "all", at) == "all"
    assert operations.drift() == []
    with time_machine.travel(at, tick=False):
        assert f"/product/{hidden.product_id}/" in Client().get("/products/?q=秘密客流").content.decode()


# --- natural persons -------------------------------------------------------------------------------------------------


def register(world, email, *, verified=True):
    person = accounts.set_up_account(at=world.at, email=email, name="林个人", password=None)
    party = accounts.register_party(
        actor=person, at=world.at, name="林个人", region=world.parties["city"].region, kind=PartyKind.PERSON,
        id_kind=DocumentKind.RESIDENT, id_number="11010519491231002X",
    )  # fmt: skip
    if verified:
        until = local_date(world.at + timedelta(days=300))
        accounts.verify_party(
            party=party, actor=world["operator"], at=world.at, evidence="身份证", valid_until=until,
            capabilities={CapabilityKind.BUYER: until}, level="",
        )  # fmt: skip
    return person, party


def invite(world, product, **whom):
    operations.invite_buyer(product=product, actor=world["vendor"], at=world.at, **whom)
    return ProductInvitation.objects.latest("pk")


def test_a_natural_person_is_invited_by_address_sees_and_applies(world, hidden):
    person, party = register(world, "lin@person.example")
    assert invite(world, hidden.product, email=" Lin@Person.example ").party == party
    in_publicity(world, hidden)
    at = later(world.at, Kind.PUBLICITY)
    operations.publish_version(version=hidden, actor=world["reviewer"], at=at)
    client = Client()
    client.force_login(person)
    with time_machine.travel(at, tick=False):
        assert client.get(f"/product/{hidden.product_id}/").status_code == 200
        assert "秘密客流指数" in client.get("/notices/").content.decode()
    started: dict[str, Any] = {"buyer": party, "actor": person, "at": at, "title": "选址", "fields": ["区县"]}
    assert start_application(product=hidden.product, **started).buyer == party
    operations.uninvite_buyer(product=hidden.product, actor=world["vendor"], at=at, email="LIN@person.example")
    with time_machine.travel(at, tick=False):
        assert client.get(f"/product/{hidden.product_id}/").status_code == 404


def test_the_seller_is_answered_alike_whoever_has_the_address(world, hidden):
    register(world, "lin@person.example")
    client, where = Client(headers={"accept-language": "en"}), f"/product/{hidden.product_id}/"
    client.force_login(world["vendor"])
    answers = []
    with time_machine.travel(world.at, tick=False):
        for email in ("lin@person.example", "nobody@person.example", world["buyer"].email):
            for _again in range(2):
                made = client.post(f"{where}invite/", {"email": email})
                answers.append((made.status_code, made["Location"]))
                page = client.get(where).content.decode()
                assert email in page and "林个人" not in page and world.parties["buyer"].name not in page
            undone = client.post(f"{where}uninvite/", {"email": email})
            answers.append((undone.status_code, undone["Location"]))
    assert set(answers) == {(302, where)}
    kept = str(list(EntryDetail.objects.values_list("json", flat=True)))
    assert "person.example" not in kept


def test_an_address_counts_only_for_a_verified_natural_person(world, hidden):
    _person, waiting = register(world, "lin@person.example", verified=False)
    for email in ("lin@person.example", "nobody@person.example", world["buyer"].email):
        assert invite(world, hidden.product, email=email).party is None
    assert not Outbox.objects.filter(dedup_key__startswith="product_offered").exists()
    until = local_date(world.at + timedelta(days=300))
    accounts.verify_party(
        party=waiting, actor=world["operator"], at=world.at, evidence="身份证", valid_until=until,
        capabilities={CapabilityKind.BUYER: until}, level="",
    )  # fmt: skip
    invite(world, hidden.product, email="lin@person.example")
    assert ProductInvitation.objects.get(email="lin@person.example").party == waiting


def test_either_a_code_or_an_address_is_given(world, hidden):
    keep = {"product": hidden.product, "actor": world["vendor"], "at": world.at}
    for whom in ({}, {"uscc": world.parties["buyer"].uscc, "email": "lin@person.example"}, {"uscc": " ", "email": ""}):
        refused(ValidationError, operations.invite_buyer, **keep, **whom)
    refused(InvalidState, operations.uninvite_buyer, **keep)
    invite(world, hidden.product, uscc=world.parties["buyer"].uscc)
    refused(InvalidState, operations.uninvite_buyer, **keep)
    refused(InvalidState, operations.uninvite_buyer, **keep, email=world["buyer"].email)
    assert not Clock.objects.filter(object_type="listings.product").exists()
