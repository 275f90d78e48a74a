"""A person takes their data along, and goes: what is personal is erased, what was done stays."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client

from accounts import operations as accounts
from accounts.models import Membership, Party, User
from listings import operations as listing
from marketplace.desk import operations
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from tests.actors import PASSWORD, World
from tests.workflow import stages

NUMBER = "11010519491231002X"


def login(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


@pytest.fixture
def citizen(world: World) -> User:
    """Somebody who registered as a person, belongs to nobody else, and has a second factor."""
    user = accounts.set_up_account(at=world.at, email="he-qing@home.example", name="何清平", password=PASSWORD)
    TOTP.activate(user, generate_totp_secret())
    accounts.register_party(
        actor=user, at=world.at, name="何清平", region=world.parties["city"].region, kind="person",
        id_kind="resident", id_number=NUMBER, wanted=["buyer"],
    )  # fmt: skip
    return user


def close(user: User, at) -> None:
    operations.close_account(actor=user, at=at)


def test_download_holds_what_is_kept_and_is_recorded(world, citizen):
    client = Client()
    client.force_login(citizen, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post("/account/export/")
    kept = answer.json()
    assert answer["Content-Disposition"] == 'attachment; filename="minshu-account.json"'
    assert (kept["account"]["email"], kept["account"]["name"]) == ("he-qing@home.example", "何清平")
    assert [one["number"] for one in kept["registrations"]] == ["1***************2X"]
    assert [act["verb"] for act in kept["acts"]] == ["open_account", "register", "register", "export_account"]
    assert NUMBER not in answer.content.decode() and "pbkdf2" not in answer.content.decode()
    assert world["buyer"].email not in answer.content.decode()
    assert client.get("/account/export/").status_code == 405
    assert Client().post("/account/export/").url.startswith("/accounts/login/")


def test_closing_erases_the_person_everywhere_and_frees_address_and_number(world, citizen):
    name, email = citizen.name, citizen.email
    close(citizen, world.at)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = str(cursor.fetchall())
            # as such, and as it lies in JSON
            for words in (name, email, NUMBER, json.dumps(name)[1:-1], json.dumps(name)[1:-1].replace("\\", "\\\\")):
                assert words not in rows, table
    assert not Authenticator.objects.filter(user=citizen).exists()
    party = Party.objects.get(kind="person")
    assert (party.state, party.id_encrypted, party.id_hmac) == ("ended", "", None)
    closed = User.objects.get(pk=citizen.pk)
    assert (closed.is_active, closed.has_usable_password()) == (False, False)
    entries = Entry.objects.filter(verb="close_account").order_by("pk")
    assert [entry.object_type for entry in entries] == ["accounts.membership", "accounts.party", "accounts.user"]
    assert all(ledger.verify_detail(entry) for entry in Entry.objects.all())

    again = accounts.set_up_account(at=world.at, email=email, name=name, password=PASSWORD)
    accounts.register_party(
        actor=again, at=world.at, name=name, region=party.region, kind="person", id_kind="resident", id_number=NUMBER
    )


def test_page_asks_for_the_password_and_ends_every_session(world):
    user = world["conflicted_officer"]
    Membership.objects.filter(user=user, party=world.parties["city"]).delete()
    here, there = login(user), login(user)
    assert here.post("/account/close/", {"password": "wrong"}).status_code == 422
    assert User.objects.get(pk=user.pk).is_active
    assert here.post("/account/close/", {"password": PASSWORD}).url == "/"
    assert [client.get("/todo/").status_code for client in (here, there)] == [302, 302]
    assert not UserSession.objects.filter(user=user).exists()
    assert not EmailAddress.objects.filter(user=user).exists()
    assert login(user).get("/todo/").status_code == 302
    assert Membership.objects.get(user=user).valid_until is not None
    assert Client().get("/account/close/").url.startswith("/accounts/login/")


@pytest.mark.parametrize("who", ["officer", "provider", "operator"])
def test_last_owner_of_a_public_office_stays(world, who):
    last = Entry.objects.count()
    with pytest.raises(InvalidState):
        close(world[who], world.at)
    assert (User.objects.get(pk=world[who].pk).is_active, Entry.objects.count()) == (True, last)


def test_last_owner_with_people_or_open_cases_is_told_what_to_do(world, grant):
    buyer, party = world["buyer"], world.parties["buyer"]
    with pytest.raises(InvalidState, match="所有者"):
        close(buyer, world.at)  # the conflicted officer is a member
    member = Membership.objects.get(user=world["conflicted_officer"], party=party)
    member.delete()
    with pytest.raises(InvalidState, match="未结事项"):
        close(buyer, world.at)
    accounts.add_member(party=party, user=world["other_buyer"], role="owner", actor=buyer, at=world.at)
    close(buyer, world.at)
    party.refresh_from_db()
    assert (party.state, User.objects.get(pk=buyer.pk).is_active) == ("verified", False)


def test_every_kind_of_open_case_counts(world, grant):
    assert operations.has_open_business(world.parties["buyer"])
    assert operations.has_open_business(world.parties["developer"])
    assert not operations.has_open_business(world.parties["other_buyer"])
    listing.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停止")
    assert not operations.has_open_business(world.parties["developer"])


def test_organisation_without_anything_open_ends_with_its_only_person(world):
    close(world["other_buyer"], world.at)
    party = world.parties["other_buyer"]
    party.refresh_from_db()
    assert (party.state, party.name) == ("ended", "厦门鹭岛数据服务有限公司")


def test_officer_in_charge_hands_over_first(world):
    stages.application(world, "accepted")
    Membership.objects.filter(user=world["second_officer"]).update(role="owner")
    with pytest.raises(InvalidState, match="移交"):
        close(world["officer"], world.at)


def test_failing_ledger_write_leaves_the_account_as_it_was(world, citizen, monkeypatch):
    from tests.workflow.matrix import LedgerDown, fails_after

    for number in range(3):
        with monkeypatch.context() as patch, pytest.raises(LedgerDown):
            fails_after(patch, number)
            close(citizen, world.at)
        assert User.objects.get(pk=citizen.pk).email == "he-qing@home.example"
        assert Party.objects.get(kind="person").name == "何清平"
