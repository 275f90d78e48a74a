"""State × actor × verb through the console: the same table as for operations and pages, the same ledger entries."""

from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace.console.admin import console
from marketplace.console.site import address
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import matrix, tables

ENTER = (
    "officer", "second_officer", "conflicted_officer", "other_officer", "county_officer", "province_officer",
    "operator", "expert", "reviewer",
)  # fmt: skip
OFFICIALS = set(ENTER) - {"conflicted_officer"}
# Besides one of those whom the table allows: who belongs to two sides. Who may not enter: `test_entrance.py`.
ALWAYS = ("conflicted_officer",)
NOUNS = [noun for noun, table in tables.MATRICES.items() if console.is_registered(table.verbs.model)]


def expected(noun: str, state: str) -> matrix.Table:
    pages = tables.MATRICES[noun].expected_pages(state)
    return {
        verb: {who: outcome if who in ENTER else "404" for who, outcome in row.items()} for verb, row in pages.items()
    }


def actual(table: matrix.Matrix, world: World, state: str) -> matrix.Table:
    obj, at = table.reach(world, state)
    before, last = matrix.rows(), matrix.last_entry()
    clients: dict[str, Client] = {}
    found: matrix.Table = {verb.name: {} for verb in table.verbs.verbs}
    with time_machine.travel(at, tick=False):
        for verb in table.verbs.verbs:
            data = table.says[verb.name].form(world, obj, at)
            for who in asked(table, verb.name, state):
                client = clients.setdefault(who, log_in(world[who]))
                found[verb.name][who] = posted(client, verb, obj, data, world[who], last)
    assert matrix.rows() == before
    return found


def asked(table: matrix.Matrix, verb: str, state: str) -> list[str]:
    may = [who for who in ENTER if who in table.may(verb, state)]
    return [*dict.fromkeys([*may[:1], *ALWAYS])] if table.possible(verb, state) and may else may[:1]


def posted(client: Client, verb: Any, obj: Any, data: Any, actor: Any, last: int) -> str:
    meta = obj._meta
    url = reverse(f"console:{meta.app_label}_{meta.model_name}-{verb.name}", args=[obj.pk])
    with transaction.atomic():
        answer = client.post(url, data)
        outcome = str(answer.status_code)
        if answer.status_code == 302:
            assert answer.url.startswith("/console/") if verb.leads_on else answer.url == address(obj)
            outcome = f"302 {matrix.done(obj, actor, last)}"
            transaction.set_rollback(True)
    return outcome


def done_here(table: matrix.Matrix, verb: str, state: str) -> bool:
    return table.possible(verb, state) and not OFFICIALS.isdisjoint(table.may(verb, state))


# Pages are asked in every state, and the console's forms are the pages' (`faces.verb_page`).
CASES = [(noun, state) for noun, state in tables.fewest(done_here) if noun in NOUNS]


@pytest.mark.parametrize(("noun", "state"), CASES)
def test_the_console_allows_and_refuses_as_the_table_says(world: World, noun: str, state: str) -> None:
    table = tables.MATRICES[noun]
    found, wanted = actual(table, world, state), expected(noun, state)
    assert found == {verb: {who: wanted[verb][who] for who in row} for verb, row in found.items()}


def test_every_table_but_the_sellers_is_in_the_console() -> None:
    shown = {id(table) for queue in console._registry.values() for table in queue.tables}
    every = {noun: id(table.verbs) for noun, table in tables.MATRICES.items()}
    assert {noun for noun, key in every.items() if key not in shown} == {"product", "upload"}
    assert shown <= set(every.values())
