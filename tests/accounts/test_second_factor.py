"""Officers and operators prove themselves twice or nothing works; others may."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import operations, second_factor
from accounts.models import Capability, Membership
from listings.models import CatalogueEntry
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.actors import PASSWORD, World
from tests.pages.conftest import BACKEND
from tests.workflow import stages
from tests.workflow.matrix import rows

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def enter(world: World) -> Callable[[str], Client]:
    def log_in(key: str) -> Client:
        client = Client()
        client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "en"
        client.post("/accounts/login/", {"login": world[key].email, "password": PASSWORD})
        return client

    return log_in


def code(secret: str = SECRET) -> str:
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


def test_officers_and_operators_are_bound_in_every_role_and_others_are_not(world: World):
    bound = {key for key in world.cast.people if second_factor.is_bound(world[key])}
    assert bound == {
        "operator", "officer", "second_officer", "conflicted_officer", "other_officer", "county_officer",
        "province_officer", "expert", "reviewer", "overseer",
    }  # fmt: skip
    Membership.objects.filter(user=world["officer"]).update(role="auditor")
    assert second_factor.is_bound(world["officer"])
    Capability.objects.filter(party=world.parties["buyer"]).update(kind="reviewer")
    assert second_factor.is_bound(world["buyer"])


def test_every_address_sends_an_officer_without_a_factor_to_set_one_up(enter):
    """All patterns of the site, with and without arguments; only the few that lead to a factor or out are open."""
    client, open_names = enter("officer"), set()
    for name, address in addresses():
        for method in (client.get, client.post):
            answer = method(address)
            if answer.status_code == 302 and answer.url == "/accounts/2fa/" and method == client.get:
                continue
            if answer.status_code == 403 and "second factor" in answer.content.decode():
                continue
            open_names.add(name)
            client = enter("officer")
    assert open_names == second_factor.OPEN["mfa_index"]


def addresses() -> list[tuple[str, str]]:
    samples = {"int": "1", "str": "x", "slug": "x", "format": "csv"}

    def walk(patterns: list, prefix: str, space: str) -> list[tuple[str, str]]:
        found = []
        for item in patterns:
            route = prefix + (str(item.pattern) if hasattr(item.pattern, "_route") else "")
            if isinstance(item, URLResolver):
                below = f"{space}{item.namespace}:" if item.namespace else space
                found += walk(item.url_patterns, route, below)
            elif isinstance(item, URLPattern) and hasattr(item.pattern, "_route"):
                filled = re.sub(r"<(?:(\w+):)?\w+>", lambda m: samples.get(m[1] or "str", "x"), route)
                found.append((space + (item.name or ""), "/" + filled))
        return found

    return walk(get_resolver().url_patterns, "", "")


def test_post_without_a_factor_changes_nothing(enter, world: World):
    entry, _at = stages.entry(world, "proposed")
    last = Entry.objects.count()
    answer = enter("officer").post(f"/entry/{entry.pk}/publish/")
    assert answer.status_code == 403
    assert CatalogueEntry.objects.get(pk=entry.pk).state == "proposed"
    assert Entry.objects.count() == last


def test_others_work_without(enter):
    assert enter("buyer").get("/todo/").status_code == 200
    assert enter("seller").get("/products/new/").status_code == 200


def test_officer_sets_up_an_app_and_then_everything_works(enter, world: World):
    client = enter("officer")
    again = client.get("/accounts/2fa/totp/activate/").url  # the password once more
    page = client.post(again, {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert client.get("/todo/").url == "/accounts/2fa/"
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    asked = client.get("/todo/")
    assert asked.url == "/accounts/2fa/reauthenticate/?next=%2Ftodo%2F"  # this session has not proved it yet
    assert client.post(asked.url, {"code": code(secret), "next": "/todo/"}).status_code in (200, 302)
    stored = Authenticator.objects.get(user=world["officer"], type="totp")
    assert secret not in str(stored.data)


def test_login_asks_for_the_code_and_a_wrong_or_used_one_is_refused(enter, world: World):
    TOTP.activate(world["officer"], SECRET)
    client = enter("officer")
    assert client.get("/todo/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    used = code()
    answer = client.post("/accounts/2fa/authenticate/", {"code": used})
    assert (answer.status_code, client.get("/todo/").status_code) == (302, 200)
    again = enter("officer")
    again.post("/accounts/2fa/authenticate/", {"code": used})
    assert again.get("/todo/").url.startswith("/accounts/login/")  # a code works once


def test_session_older_than_the_factor_proves_it_first(world: World):
    client = Client()
    client.force_login(world["officer"], backend=BACKEND)
    TOTP.activate(world["officer"], generate_totp_secret())
    assert client.get("/todo/").url == "/accounts/2fa/reauthenticate/?next=%2Ftodo%2F"
    assert client.get("/accounts/2fa/webauthn/add/").url.startswith("/accounts/2fa/reauthenticate/")
    assert client.post("/language/", {"language": "en"}).status_code == 302


def test_who_removes_the_last_factor_is_sent_back(enter, world: World):
    TOTP.activate(world["officer"], SECRET)
    client = enter("officer")
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    Authenticator.objects.all().delete()
    assert client.get("/todo/").url == "/accounts/2fa/"


def test_not_required_where_the_site_says_so(enter, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    assert enter("officer").get("/todo/").status_code == 200


def lose(world: World, who: str) -> Membership:
    """The person had an app and recovery codes, and is logged in somewhere."""
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=world[who], type=kind, data={})
    UserSession.objects.create(user=world[who], session_key=f"lost-{who}", ip="127.0.0.1", user_agent="x")
    return Membership.objects.filter(user=world[who]).earliest("pk")


def reset(world: World, of: Membership, who: str = "operator", reason: str = "手机丢失,已当面核验", **more) -> None:
    operations.reset_second_factor(
        **{"party": of.party, "membership": of, "actor": world[who], "at": world.at, "reason": reason, **more}
    )


def test_an_operator_resets_a_lost_factor_and_the_person_is_told_and_logged_out(world: World):
    reset(world, lose(world, "officer"))
    assert not Authenticator.objects.filter(user=world["officer"]).exists()
    assert not UserSession.objects.filter(user=world["officer"]).exists()
    entry = Entry.objects.latest("pk")
    assert (entry.object_type, entry.object_id, entry.verb) == (
        "accounts.user", str(world["officer"].pk), "reset_second_factor",
    )  # fmt: skip
    assert "手机丢失" in entry.detail.json
    told = Outbox.objects.filter(recipient_ref=world["officer"].ledger_ref, kind="second_factor_reset")
    assert told.filter(channel="email").exists()
    with pytest.raises(InvalidState):
        reset(world, Membership.objects.filter(user=world["officer"]).earliest("pk"))


def test_nobody_resets_their_own_and_nobody_but_an_operator_anothers(world: World):
    own, officers = lose(world, "operator"), lose(world, "officer")
    before = rows()
    with pytest.raises(NotAllowed):
        reset(world, own)
    for who in ("officer", "second_officer", "province_officer", "reviewer", "buyer"):
        with pytest.raises(NotAllowed):
            reset(world, officers, who)
    with pytest.raises(ValidationError):
        reset(world, officers, reason=" ")
    with pytest.raises(InvalidState):
        reset(world, officers, party=world.parties["buyer"])
    assert rows() == before
    assert Authenticator.objects.filter(user=world["officer"]).count() == 2
    Membership.objects.filter(pk=officers.pk).update(valid_until=world.at.date() - timedelta(days=1))
    with pytest.raises(InvalidState):
        reset(world, officers)


def test_the_console_offers_it_where_somebody_has_a_factor(world: World, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["operator"], backend=BACKEND)
    where = f"/console/accounts/party/{world.parties['city'].pk}/"
    assert "Reset a lost second factor" not in client.get(where).content.decode()
    of = lose(world, "officer")
    assert "Reset a lost second factor" in client.get(where).content.decode()
    sent = {"membership": of.pk, "reason": "手机丢失"}
    assert client.post(f"{where}reset-second-factor/", {**sent, "reason": ""}).status_code == 422
    assert client.post(f"{where}reset-second-factor/", sent).status_code == 302
    assert not Authenticator.objects.filter(user=world["officer"]).exists()
