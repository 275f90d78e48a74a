"""Who gets in, and that nobody can write there but by a verb or a setting."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Capability, Membership, Party, User
from marketplace.applications.models import Application
from marketplace.console.admin import console
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import matrix

Enter = Callable[..., Client]
OUTSIDE = ("seller", "buyer", "other_buyer", "provider")


def addresses() -> dict[str, str]:
    """Every address of the console by its name, with an object's key that exists nowhere."""
    samples = {
        "pk": "987654", "kind": "decision", "year": "2026", "code": "350000", "monitor": "report_late",
        "action": "hold", "change": "retire", "file": "987654", "case": "finding", "number": "987654",
        "party": "987654", "to": "on",
    }  # fmt: skip

    def walk(patterns: list[Any], prefix: str) -> dict[str, str]:
        found = {}
        for pattern in patterns:
            where = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                found |= walk(pattern.url_patterns, where)
            elif isinstance(pattern, URLPattern):
                for name, sample in samples.items():
                    where = where.replace(f"<int:{name}>", sample).replace(f"<str:{name}>", sample)
                found[str(pattern.name)] = "/" + where
        return found

    (resolver,) = (one for one in get_resolver().url_patterns if str(one.pattern) == "console/")
    return walk(resolver.url_patterns, "console/")


ADDRESSES = addresses()


def test_without_a_login_every_address_leads_to_the_sites_own(world: World) -> None:
    for address in ADDRESSES.values():
        for method in (Client().get, Client().post):
            answer = method(address)
            assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={address}"), address
    assert len(ADDRESSES) > 90
    assert not [name for name in ADDRESSES if name.endswith(("login", "logout", "password_change", "_delete", "_add"))]


def test_outside_its_roles_the_console_does_not_exist(world: World, enter: Enter) -> None:
    User.objects.filter(pk=world["buyer"].pk).update(is_staff=True, is_superuser=True)
    clients = [enter(who) for who in OUTSIDE]
    for number, address in enumerate(ADDRESSES.values()):  # each by one of them: they differ in nothing here
        client = clients[number % len(clients)]
        assert (client.get(address).status_code, client.post(address).status_code) == (404, 404), address
    assert [client.get("/console/").status_code for client in clients] == [404] * 4


def test_the_second_factor_stands_before_the_console_for_every_role(
    world: World, enter: Enter, overseer: User, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    for client in (enter("officer"), enter("operator"), enter("expert"), log_in(overseer)):
        assert client.get("/console/").url == "/accounts/2fa/"


def test_a_party_that_is_lapsed_or_barred_opens_the_console_to_nobody(world: World, enter: Enter) -> None:
    assert enter("officer").get("/console/").status_code == 200
    Party.objects.filter(pk=world.parties["city"].pk).update(state="barred")
    assert enter("officer").get("/console/").status_code == 404
    Membership.objects.filter(user=world["operator"]).update(valid_until="2026-01-01")
    assert enter("operator").get("/console/").status_code == 404
    Capability.objects.filter(kind="expert").update(valid_until="2026-01-01")
    assert enter("expert").get("/console/").status_code == 404


def test_each_role_has_its_own_queues(world: World, enter: Enter, overseer: User) -> None:
    def shown(client: Client) -> list[str]:
        return [way.url for way in client.get("/console/").wsgi_request.ways]  # type: ignore[attr-defined]

    assert shown(enter("operator")) == [
        "/console/", "/console/accounts/party/", "/console/supervision/review/", "/console/standing-rules/",
        "/console/settings/",
    ]  # fmt: skip
    assert shown(enter("expert")) == [
        "/console/", "/console/listings/version/", "/console/applications/application/",
    ]  # fmt: skip
    assert "/console/supervision/finding/" in shown(log_in(overseer))
    assert "/console/applications/item/" not in shown(log_in(overseer))
    assert enter("operator").get("/console/applications/application/").status_code == 403
    assert enter("officer").get("/console/accounts/party/").status_code == 403
    assert enter("officer").get("/console/settings/").status_code == 403


@pytest.mark.parametrize("who", ["officer", "operator"])
def test_nothing_regulated_can_be_added_changed_or_deleted_not_even_by_a_superuser(
    world: World, enter: Enter, application: Application, who: str
) -> None:
    """Django's usual addresses and every page of lists and files: refused whatever is posted, and nothing changes."""
    User.objects.filter(pk=world[who].pk).update(is_staff=True, is_superuser=True)
    client, before = enter(who), matrix.rows()
    for model, queue in console._registry.items():
        row = model._base_manager.first()
        key = row.pk if row else 1
        data = {"state": "approved", "_save": "1", "post": "yes", "action": "delete_selected", "_selected_action": key}
        for tail in ("", "add/", f"{key}/", f"{key}/change/", f"{key}/delete/", f"{key}/history/", "autocomplete/"):
            status = client.post(f"{queue.address}{tail}", data).status_code
            assert status in (403, 404, 405), (model, tail, status)
        assert not queue.has_add_permission(client) and not queue.has_change_permission(client)
        assert not queue.has_delete_permission(client) and queue.actions is None
    assert matrix.rows() == before


def test_reading_pages_refuse_to_be_posted_to(world: World, enter: Enter) -> None:
    client = enter("officer")
    for name, address in ADDRESSES.items():
        if name == "index" or (name.endswith(("_changelist", "_change")) and "-" not in name):
            assert client.post(address).status_code == 405, address


def test_the_site_links_to_the_console_only_for_those_who_may_enter(world: World, enter: Enter) -> None:
    linked = {who: b'href="/console/"' in enter(who).get("/todo/").content for who in ("officer", "expert", *OUTSIDE)}
    assert linked == {"officer": True, "expert": True} | dict.fromkeys(OUTSIDE, False)


ROLES = {
    "officer": "authority", "county_officer": "authority", "reviewer": "reviewer", "expert": "expert",
    "operator": "operator", "overseer": "oversight",
}  # fmt: skip


@pytest.mark.parametrize("who", ROLES)
def test_a_queue_of_another_role_is_refused_with_every_file_in_it(
    world: World, enter: Enter, application: Application, who: str
) -> None:
    client, refused = enter(who), 0
    for model, queue in console._registry.items():
        is_theirs = ROLES[who] in queue.roles
        row = model._base_manager.first()
        assert client.get(queue.address).status_code == (200 if is_theirs else 403), model
        if not is_theirs:
            refused += 1
            assert client.get(f"{queue.address}{row.pk if row else 1}/").status_code in (403, 404), model
            assert client.post(f"{queue.address}{row.pk if row else 1}/read/", {"reason": "x"}).status_code in (
                403,
                404,
            )
    assert refused
