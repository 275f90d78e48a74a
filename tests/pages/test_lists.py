"""Every list there is, of pages, of the console and of the API: a hundred rows ask the database as often as one."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Membership
from marketplace.api.resources import RESOURCES
from marketplace.applications.models import Grant
from marketplace.console.admin import console
from tests import crowd
from tests.actors import World
from tests.api.conftest import Partner, credential_for, feed_sees_this_test  # noqa: F401
from tests.console.conftest import log_in
from tests.pages.test_queries import MOST, asked

PAGES = (
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
    ("officer", "/concerns/"),
    ("officer", "/incidents/"),
    ("officer", "/incident-notices/"),
    ("officer", "/reviews/"),
    ("officer", "/emergency-plans/"),
    ("officer", "/inspections/"),
    ("provider", "/standing-consents/"),
    ("buyer", "/derived/"),
    ("buyer", "/register/"),
    ("buyer", "/notices/"),
    ("operator", "/parties/"),
    ("officer", "/console/orders/sign/"),
)
FIXED = {"overview", "officer /", "events"}  # these show no page of twenty rows, or more
LIMITS = {
    "overview": 31,  # no list: it counts what waits in each of the queues
    "buyer /register/": 17,  # three deadlines and the calendar say what is final
}
Lists = dict[str, tuple[Client, str]]


def pages(world: World) -> Lists:
    return {f"{who} {address}": (log_in(world[who]), address) for who, address in PAGES}


def queues(world: World) -> Lists:
    officer, operator = log_in(world["officer"]), log_in(world["operator"])
    found: Lists = {"overview": (officer, "/console/")}
    for queue in console._registry.values():
        name, address = queue.opts.model_name, queue.address + ("?show=all" if queue.list_filter else "")
        found[str(name)] = (operator if name == "party" else officer, address)
    return found


def resources(world: World) -> Lists:
    def system(who: str) -> Client:
        party = Membership.objects.filter(user=world[who]).earliest("pk").party
        return Client(headers=Partner(credential_for(world, party, person=world[who]), world[who]).headers())

    reader, seller, operator = system("province_officer"), system("seller"), system("operator")
    theirs = {"uploads": seller, "parties": operator}
    nouns = [*(resource.noun for resource in RESOURCES), "events"]
    return {noun: (theirs.get(noun, reader), f"/api/v1/{noun}/") for noun in nouns}


def rows_of(client: Client, address: str) -> int:
    answer = client.get(address)
    if address.startswith("/api/"):
        return len(answer.json()["items"])
    if address == "/console/":
        return len(answer.context["rows"])
    if "cl" in answer.context:
        return len(answer.context["cl"].result_list)
    return len(answer.context["products"] if address == "/" else answer.context["page"].object_list)


def is_search(address: str) -> bool:
    return "q=" in address


@pytest.mark.parametrize("face", [pages, queues, resources], ids=lambda face: face.__name__)
@pytest.mark.usefixtures("feed_sees_this_test")
def test_every_list_asks_as_often_for_a_hundred_rows_as_for_one(
    world: World, grant: Grant, face: Callable[[World], Lists]
) -> None:
    crowd.one_of_each(world, grant)
    crowd.one_of_the_rest(world, grant)
    with time_machine.travel(world.at, tick=False):
        lists = face(world)
        one = {name: (asked(*where), rows_of(*where)) for name, where in lists.items()}
        crowd.grow(grant, 99)
        many: dict[str, tuple[int, int]] = {name: (asked(*where), rows_of(*where)) for name, where in lists.items()}
        followed = {name: second_page(*where) for name, where in lists.items() if face is pages}
    short = {name: rows for name, (_count, rows) in many.items() if rows < 20 and name not in FIXED}
    assert {name: rows for name, (_count, rows) in one.items() if not rows} == {}
    assert short == {}
    more = {name: (one[name][0], count) for name, (count, _rows) in many.items() if not same(name, one, count)}
    assert more == {}, "asked for one row, and for a hundred"
    over = {name: count for name, (count, _rows) in many.items() if count > LIMITS.get(name, MOST)}
    assert over == {}
    assert {name: count for name, count in followed.items() if count > LIMITS.get(name, MOST)} == {}


def same(name: str, one: Any, count: int) -> bool:
    """A search asks less once the titles alone fill a page."""
    return bool(count == one[name][0] or (is_search(name) and count < one[name][0]))


def second_page(client: Client, address: str) -> int:
    page = client.get(address).context.get("page")
    if not page or not page.next:
        return 0
    return asked(client, f"{address}{'&' if '?' in address else '?'}page={page.next}")
