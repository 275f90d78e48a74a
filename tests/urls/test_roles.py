"""Every address × every role: what the table says, never a 5xx. `URL_ROLES=all` asks everybody everywhere.

Else an object's page, its console's file and its endpoint are asked by everybody, and every other address by one of
each group of roles that the table answers alike: another one at each address.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import EvidenceFile, Membership
from listings.models import Purpose
from listings.uploads import CHUNK_TYPE
from marketplace.clock.models import Clock
from marketplace.notices.kinds import Group
from marketplace.notices.links import address as off_address
from marketplace.supervision.standing import StandingRule
from tests.api.conftest import Partner
from tests.urls import table
from tests.urls.conftest import Rich
from tests.urls.resolver import Route, routes

ALL = os.environ.get("URL_ROLES") == "all"
ROUTES = routes()
API = [route for route in ROUTES if route.path.startswith("api/")]
PAGES = [route for route in ROUTES if not route.path.startswith("api/")]
TAKES_A_FILE = ("/upload-file/", "/announce-report/", "/add-evidence/", "/bring-hierarchy/")
UNKNOWN = ("0", "-1", str(2**63), str(2**200), "x", "%00", "%F0%9F%98%80", "..%2F..")


def values(route: Route, rich: Rich) -> dict[str, Any]:
    """What stands for each parameter of an address."""
    buyer, objects = rich.world.parties["buyer"], rich.objects
    known = {
        "credential": objects["credential"].pk, "unit": rich.world.parties["unit"].pk, "party": buyer.pk,
        "version": rich.world.version.pk, "number": rich.world.version.number, "format": "csv", "kind": "csv",
        "year": rich.world.at.year, "code": "350100", "verb": "open", "uidb36": "x", "key": "y-z",
        "token": objects["derived-product"].token,
    }  # fmt: skip
    known["pk"] = key_of(route, rich)
    known |= {"of": "product", "key": str(rich.world.product.pk)} if "of" in route.parameters else {}
    known |= {"about": "product", "key": str(rich.world.product.pk)} if "about" in route.parameters else {}
    if route.name == "supervision:review-new":
        known["about"] = "application"
    if "file" in route.parameters:
        known["file"] = file_of(route, rich)
    if route.name == "supervision:attribution":
        known["format"] = "txt"
    if route.name == "supervision:disclosure":
        known["year"] = rich.world.at.year - 1  # one that is over
    if route.name == "console:inquiry-new":
        known |= {"case": "application", "number": objects["application"].pk}
    if route.name == "console:second-pair-set":
        known |= {"party": rich.world.parties["city"].pk, "to": "on"}
    if route.name == "console:deadline":
        known["kind"] = "decision"
    if route.name == "console:purpose":
        known |= {"code": Purpose.objects.earliest("code").code, "change": "retire"}
    if route.name == "console:rule-sign":
        known |= {"monitor": "report_late", "action": "propose"}
    if route.name == "accounts:invitation":
        known["token"] = objects["invitation"].token
    if route.name == "accounts:notices-off":
        known["token"] = off_address(rich.world["buyer"].ledger_ref, [Group.values[0]], timezone.now()).split("/")[-2]
    return {name: known[name] for name in route.parameters}


def file_of(route: Route, rich: Rich) -> int:
    """A file of the very case."""
    words = {
        "part": "party",
        "source": "source-file",
        "measure": "order",
        "finding": "finding",
        "concern": "concern",
        "review": "review",
        "emergency": "emergency-plan",
        "certificate": "certificate",
        "inspection": "inspection",
    }
    noun = next(noun for word, noun in words.items() if re.search(rf"[:_]{word}", route.name))
    return EvidenceFile.objects.of(rich.objects[noun]).earliest("pk").pk


def key_of(route: Route, rich: Rich) -> int:
    if route.name == "console:rule-withdraw":
        return StandingRule.objects.earliest("pk").pk
    if route.name == "console:deadline-explain":
        return Clock.objects.open().filter(object_type="applications.application").earliest("pk").pk
    path = route.path.removeprefix("api/v1/")
    if path.startswith("console/"):
        noun = f"{path}//".split("/")[2]
        one = table.MODELS.get(noun, noun)
        return rich.objects[one].pk if one in rich.objects else 1
    noun = path.split("/")[0]
    if route.name in ("applications:start", "api:create-applications", "api:create-concerns"):
        return rich.world.product.pk
    if route.name in ("listings:version-object", "api:create-objections"):
        return rich.objects["objection"].version_id
    if path.startswith(("party/<int:pk>/credentials", "party/<int:pk>/sandbox")):
        return rich.world.parties["buyer"].pk
    if path.startswith("open/"):
        return rich.world.version.pk
    if route.name == "supervision:review-new":
        noun = "application"
    one = noun if noun in rich.objects else table.api_noun(noun)
    return rich.objects[one].pk if one in rich.objects else 1


def asked(answers: Any, everybody: bool, turn: int) -> list[str]:
    """Everybody, or by turns one of each group that is answered alike; always whoever is not logged in."""
    if everybody or ALL:
        return list(answers)
    groups: dict[Any, list[str]] = {}
    for who, status in answers.items():
        groups.setdefault(status, []).append(who)
    return [*dict.fromkeys(["", *(group[turn % len(group)] for group in groups.values())])]


def is_one(route: Route) -> bool:
    """Whether it is the address of an object itself, or no object's: small in number."""
    return route.name.endswith(("_change", "-detail")) or route.name.partition(":")[2] in table.STATES


def test_every_address_has_an_answer_in_the_table() -> None:
    unsaid = [route.name for route in PAGES if table.page(route.name) is None]
    unsaid += [route.name for route in API if table.endpoint(route.name) is None]
    assert unsaid == []
    assert len(ROUTES) > 500


def test_no_row_of_the_table_is_about_nothing() -> None:
    names = {route.name for route in ROUTES}
    assert {*table.PAGES, *table.API} - names == set()


def differences(rows: Iterable[tuple[str, str, str, Any, Any]]) -> list[str]:
    return [
        f"{method} {name} as {who or 'nobody'}: {found}, not {wanted}"
        for method, name, who, found, wanted in rows
        if found not in (wanted if isinstance(wanted, tuple) else (wanted,))
    ]


@pytest.mark.parametrize("part", range(4))
def test_pages_and_console_answer_each_role_as_the_table_says(
    rich: Rich, browser_of: Callable[[str], Client], part: int
) -> None:
    browsers: dict[str, Client] = {}
    found = []
    with time_machine.travel(rich.world.at, tick=False):
        for turn, route in enumerate(PAGES[part::4]):
            answers = table.page(route.name)
            assert answers is not None, route.name
            address = route.address(**values(route, rich))
            for who in asked(answers, is_one(route), turn):
                if who not in browsers or route.name == "account_logout":
                    browsers[who] = browser_of(who)
                response = browsers[who].get(address)
                status = response.status_code
                if who in table.NOBODY_KNOWN and answers["officer"] != 302 == status and route.name != "account_logout":
                    status = 302 if response["Location"].startswith("/accounts/login/?next=") else -302
                found.append(("GET", route.name, who, status, answers[who]))
    assert not (wrong := differences(found)), "\n".join(wrong)


@pytest.mark.parametrize("part", range(4))
def test_the_api_answers_each_role_as_the_table_says(
    rich: Rich, system_of: Callable[[str], Partner], part: int
) -> None:
    found = []
    with time_machine.travel(rich.world.at, tick=False):
        for turn, route in enumerate(API[part::4]):
            methods = table.endpoint(route.name)
            assert methods is not None, route.name
            address = route.address(**values(route, rich))
            for method, answers in methods.items():
                for who in asked(answers, is_one(route) and method == "GET", turn):
                    status = called(system_of(who), method, address)
                    found.append((method, route.name, who, status, answers[who]))
    assert not (wrong := differences(found)), "\n".join(wrong)


def called(one: Partner, method: str, address: str) -> int:
    """The status; a no is a problem with its code. What was done is taken back."""
    headers = one.headers() if method == "GET" else one.headers(**{"Idempotency-Key": "k", "Upload-Offset": "7"})
    kind = CHUNK_TYPE if method == "PUT" else "application/json"
    with transaction.atomic():
        if "/import/" in address or address.endswith(TAKES_A_FILE):
            answer = one.client.post(address, {}, headers=headers) if method == "POST" else one.client.get(address)
        else:
            answer = one.client.generic(method, address, "" if method == "GET" else b"{}", kind, headers=headers)
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json", address
            assert answer.json()["status"] == answer.status_code and answer.json()["code"]
        transaction.set_rollback(True)
    return answer.status_code


def test_unknown_values_in_an_address_are_not_found(
    rich: Rich, browser_of: Callable[[str], Client], system_of: Callable[[str], Partner]
) -> None:
    """As somebody to whom the settings and every case are open, as the buyer, and as its system."""
    found = []
    clients = {who: browser_of(who) for who in ("operator", "province_officer", "buyer")}
    system = system_of("buyer")
    with time_machine.travel(rich.world.at, tick=False):
        for turn, route in enumerate(ROUTES):
            for number, name in enumerate(route.parameters):
                for shift in range(1 if is_verb(route) and not ALL else len(UNKNOWN)):
                    value = UNKNOWN[(turn + number + shift) % len(UNKNOWN)]
                    address = route.address(**{**values(route, rich), name: value})
                    who = list(clients)[(turn + shift) % 3]
                    is_api = route in API
                    status = called(system, "GET", address) if is_api else clients[who].get(address).status_code
                    found.append(("GET", f"{route.name} {name}={value}", who, status, unknown(route, name)))
    assert not (wrong := differences(found)), "\n".join(wrong)


def is_verb(route: Route) -> bool:
    return route.parameters == ["pk"] and not is_one(route)


CLOSED = {
    "console:deadline", "console:calendar", "console:region", "accounts:credential-rotate",
    "accounts:credential-revoke", "accounts:notices-off", "console:purpose", "console:rule-sign",
    "console:rule-withdraw",
}  # fmt: skip


def unknown(route: Route, name: str) -> tuple[int, ...]:
    """404; where the address is for buttons 405, and where it is shut before anything is looked up 403."""
    if name == "file":
        return (403, 404)  # whoever sees the case and may not read its files is told no word about any
    if route in API:
        return (404, 405)
    if route.name in table.SECOND_FACTOR or route.name.startswith(("mfa_", "account_")):
        return (200, 302, 404)  # no word is told about a key
    return (403, 404) if route.name in CLOSED else (404, 405)


def test_a_membership_that_is_over_opens_nothing(rich: Rich, browser_of: Callable[[str], Client]) -> None:
    """The same session, the day after."""
    Membership.objects.filter(user=rich.world["buyer"]).update(valid_until=rich.world.at.date())
    client = browser_of("buyer")
    with time_machine.travel(rich.world.at.replace(day=rich.world.at.day + 2), tick=False):
        for noun in ("application", "grant", "report"):
            assert client.get(rich.objects[noun].get_absolute_url()).status_code == 404
