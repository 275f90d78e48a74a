"""State × actor × verb through the API: the same table as for operations and pages, the same ledger entries."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import transaction

from accounts.models import Membership
from accounts.queries import credential_of
from marketplace.api.models import IdempotencyKey
from marketplace.api.resources import RESOURCES
from marketplace.ledger.models import Entry
from marketplace.verbs import Verbs
from tests.actors import World
from tests.api.conftest import Partner, credential_for
from tests.workflow import matrix, tables

STATUSES = {"NotAllowed": "403", "InvalidState": "409", "ValidationError": "422"}
RANK = {"404": 0, "403": 1, "409": 2}


def noun_of(verbs: Verbs) -> str:
    return next(resource.noun for resource in RESOURCES if verbs in resource.tables)


def as_json(value: Any) -> Any:
    """What the table gives a form, as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return True if value == "on" else value


def partners(world: World, who: str) -> list[Partner]:
    """One for each organisation of a person: a system acts as one of them at a time."""
    person = world[who]
    parties = [row.party for row in Membership.objects.filter(user=person).select_related("party")]
    return [Partner(credential_for(world, party, person=person), person) for party in parties]


def expected(noun: str, state: str) -> matrix.Table:
    table = tables.MATRICES[noun]
    # A party that asks to be verified has no credential yet: its people's other parties do not see it.
    blind = {"other_buyer", "provider"} if noun in ("party", "party-ending") else set()
    cells = {
        name: {
            who: STATUSES.get(outcome, outcome) if who in table.sees(state) - blind else "404"
            for who, outcome in row.items()
            if who != "job"
        }
        for name, row in table.expected(state).items()
    }
    if noun in ("measure", "order-46") and state in ("proposed", "dropped"):
        # Who belongs to both sides sees the proposal as the city and may answer as the buyer, but not in one request.
        for name in ("file_evidence", "file_statement"):
            cells[name]["conflicted_officer"] = "403"
    if noun == "review" and state.startswith("lodged"):
        cells["recuse"]["conflicted_officer"] = "403"  # whose system acts for the buyer
    return cells


def actual(table: matrix.Matrix, world: World, state: str) -> matrix.Table:
    by = {verb.name: asked(table, verb.name, state, turn) for turn, verb in enumerate(table.verbs.verbs)}
    systems = {who: partners(world, who) for who in {one for some in by.values() for one in some}}
    obj, at = table.reach(world, state)
    before, last, noun = matrix.rows(), matrix.last_entry(), noun_of(table.verbs)
    found: matrix.Table = {verb.name: {} for verb in table.verbs.verbs}
    with time_machine.travel(at, tick=False):
        for verb in table.verbs.verbs:
            data = {name: as_json(value) for name, value in table.says[verb.name].form(world, obj, at).items()}
            address = f"{noun}/{obj.pk}/{verb.name.replace('_', '-')}/"
            for who in by[verb.name]:
                tried = [posted(one, address, data, obj, last) for one in systems[who]]
                found[verb.name][who] = max(tried, key=lambda outcome: RANK.get(outcome, 3))
    assert matrix.rows() == before
    assert not IdempotencyKey.objects.exists()
    return found


def asked(table: matrix.Matrix, verb: str, state: str, turn: int) -> list[str]:
    """One of those who may; where it is possible also, two of the three at each verb: one of those who see it but may
    not, one of those who do not see it, and who belongs to two sides. Elsewhere every second verb."""
    may, sees = table.may(verb, state), table.sees(state)
    allowed = [who for who in table.people if who in may]
    if not table.possible(verb, state):
        return allowed[:1] if turn % 2 or matrix.ASK == "all" else []
    groups = [[who for who in table.people if who in sees - may], [who for who in table.people if who not in sees]]
    others = [*(matrix.by_turns(group, turn) for group in groups), ["conflicted_officer"]]
    if matrix.ASK != "all":
        del others[turn % 3]
    return [*dict.fromkeys([*allowed[:1], *(one for group in others for one in group)])]


def posted(one: Partner, address: str, data: Any, obj: Any, last: int) -> str:
    with transaction.atomic():
        answer = one.post(address, data)
        if answer.status_code not in (200, 201, 204):
            assert answer["Content-Type"] == "application/problem+json" and answer.json()["code"]
            return str(answer.status_code)
        outcome = matrix.done(obj, one.person, last)
        through = credential_of(one.key, Entry.objects.latest("pk").at)
        kinds = set(Entry.objects.filter(pk__gt=last).values_list("actor_kind", flat=True))
        assert through is not None and kinds == {f"partner:{through.pk}"}
        transaction.set_rollback(True)
    return outcome


def done_by_people(table: matrix.Matrix, verb: str, state: str) -> bool:
    return table.possible(verb, state) and bool(table.may(verb, state))


# Operations and pages are asked in every state; the API asks the same `Verbs.check`.
CASES = tables.fewest(done_by_people)


@pytest.mark.parametrize(("noun", "state"), CASES)
def test_the_api_allows_and_refuses_as_the_table_says(world, noun, state, settings):
    settings.API_RATE = "100000/min"
    table = tables.MATRICES[noun]
    found, wanted = actual(table, world, state), expected(noun, state)
    assert found == {verb: {who: wanted[verb][who] for who in row} for verb, row in found.items()}


def test_every_verb_of_every_table_is_an_endpoint():
    assert {id(table) for resource in RESOURCES for table in resource.tables} == {
        id(table.verbs) for table in tables.MATRICES.values()
    }
