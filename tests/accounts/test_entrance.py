"""Sign-up, verification of the address, reset: nobody learns here who has an account."""

import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import User
from marketplace.ledger.models import Entry
from tests.actors import PASSWORD, World

NEW = {
    "email": "Lin@New.Example", "name": " 林 晓 ", "password1": "sha-county-77", "password2": "sha-county-77",
    "privacy": "on",
}  # fmt: skip


@pytest.fixture
def nobody(db) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def link_in(message) -> str:
    return re.search(r"http://testserver(/\S+)", message.body)[1]


def test_sign_up_needs_the_address_verified_before_login(nobody):
    answer = nobody.post("/accounts/signup/", NEW)
    assert (answer.status_code, answer.url) == (302, "/accounts/confirm-email/")
    user = User.objects.get(email="lin@new.example")
    assert (user.name, user.language, user.is_staff, user.is_superuser) == ("林 晓", "en", False, False)
    entry = Entry.objects.get(object_type="accounts.user", object_id=str(user.pk))
    assert (entry.verb, entry.actor_ref, "林" in entry.detail.json) == ("open_account", user.ledger_ref, False)

    password = {"login": "lin@new.example", "password": NEW["password1"]}
    assert nobody.post("/accounts/login/", password).url == "/accounts/confirm-email/"
    assert nobody.get("/account/").status_code == 302

    address = link_in(mail.outbox[0])
    assert nobody.get(address).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified  # looking is not confirming
    nobody.post(address)
    assert EmailAddress.objects.get(user=user).verified
    assert nobody.post("/accounts/login/", password).url == "/todo/"
    assert nobody.get("/account/").status_code == 200


def test_sign_up_without_the_privacy_notice_is_refused(nobody):
    answer = nobody.post("/accounts/signup/", NEW | {"privacy": ""})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["privacy"]
    assert not User.objects.filter(email__iexact=NEW["email"]).exists()


def test_sign_up_answers_alike_whether_the_address_is_known(nobody, world: World):
    known = nobody.post("/accounts/signup/", NEW | {"email": world["buyer"].email.upper()})
    unknown = Client().post("/accounts/signup/", NEW)
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert User.objects.filter(email__iexact=world["buyer"].email).count() == 1
    assert [message.to for message in mail.outbox] == [[world["buyer"].email], ["lin@new.example"]]
    world["buyer"].refresh_from_db()
    assert world["buyer"].check_password(PASSWORD)


def test_reset_answers_alike_whether_the_address_is_known(nobody, world: World):
    answers = [
        nobody.post("/accounts/password/reset/", {"email": who}) for who in (world["buyer"].email, "x@y.example")
    ]
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/accounts/password/reset/done/")] * 2


def test_reset_link_works_once_and_changes_only_its_own_password(nobody, world: World):
    nobody.post("/accounts/password/reset/", {"email": world["buyer"].email})
    address = link_in(mail.outbox[0])
    form = nobody.get(address).url
    new = {"password1": "another-way-88", "password2": "another-way-88"}
    assert nobody.post(form, new).url == "/accounts/password/reset/key/done/"
    world["buyer"].refresh_from_db()
    assert world["buyer"].check_password("another-way-88")
    assert Client().get(address).context["token_fail"]


def test_mail_server_that_is_away_tells_nothing(nobody, monkeypatch):
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(mail.EmailMessage, "send", down)
    assert nobody.post("/accounts/signup/", NEW).url == "/accounts/confirm-email/"


def test_guessing_is_slowed_down(nobody, world: World):
    guesses = [
        nobody.post("/accounts/login/", {"login": world["buyer"].email, "password": f"guess-{n}"}) for n in range(7)
    ]
    assert "Too many failed login attempts" in guesses[-1].content.decode()
    assert Client().post("/accounts/login/", {"login": world["buyer"].email, "password": PASSWORD}).status_code == 200


def test_privacy_notice_is_public_and_linked(nobody):
    assert nobody.get("/privacy/").status_code == 200
    assert 'href="/privacy/"' in nobody.get("/").content.decode()
    assert 'href="/privacy/"' in nobody.get("/accounts/signup/").content.decode()


def test_no_page_to_change_an_address_unproved():
    addresses = (Path(settings.BASE_DIR) / "accounts" / "entrance.py").read_text()
    assert 'account_email"' not in addresses
