"""State × actor × verb, asked of the operations and of the pages: what a literal table says must come out.

`MATRIX=all` asks everybody for everything in every state: an hour. Else everybody is asked where a verb is possible;
where it is not, those who may use it in another state, and by turns one of the others. `MATRIX=done`, for the second
database, asks the operations only for what is done there, once.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from listings.operations import drift
from marketplace.errors import Refused
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.verbs import Verb, Verbs
from tests.actors import World

PEOPLE = (
    "seller", "buyer", "other_buyer", "officer", "second_officer", "conflicted_officer", "other_officer",
    "county_officer", "province_officer", "provider", "other_provider", "operator", "expert",
)  # fmt: skip
JOB = ledger.SystemActor("sweep")
EVERYBODY = frozenset(PEOPLE)
# The tables about non-public data have a smaller cast: sellers and reviewer besides those who must not decide here.
SELLERS = ("vendor", "vendor_member", "other_vendor", "reviewer")
WITH_SELLERS = (
    *SELLERS, "buyer", "other_buyer", "officer", "province_officer", "conflicted_officer", "other_officer",
    "county_officer", "seller", "provider", "operator",
)  # fmt: skip
REGULATED = (
    "accounts", "documents", "listings", "applications", "delivery", "supervision", "console", "ledger", "notices",
    "clock",
)  # fmt: skip
Table = dict[str, dict[str, str]]
ASK = os.environ.get("MATRIX", "turns")


@dataclass(frozen=True)
class Says:
    """What a verb does: the state after it, and its ledger entries as `object verb old→new` (`*`: the state before)."""

    new: str
    entries: tuple[str, ...]
    fields: Callable[[World, Any, datetime], dict[str, Any]] = lambda world, obj, at: {}
    post: Callable[[World, Any, datetime], dict[str, Any]] | None = None

    def form(self, world: World, obj: Any, at: datetime) -> dict[str, Any]:
        return (self.post or self.fields)(world, obj, at)


@dataclass(frozen=True)
class Matrix:
    """The table of one noun."""

    verbs: Verbs
    reach: Callable[[World, str], tuple[Any, datetime]]
    says: Mapping[str, Says]  # by verb; by `verb@state` where the verb says something else in that state or stage
    may: Callable[[str, str], frozenset[str] | set[str]]  # (verb, state) -> who
    possible: Callable[[str, str], bool]  # (verb, state)
    sees: Callable[[str], frozenset[str] | set[str]]
    url: str
    also: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # (verb, state) -> more entries
    first: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)  # of one person, before these
    people: tuple[str, ...] = PEOPLE
    wrong: frozenset[tuple[str, str]] = frozenset()  # (verb, state) whose input is refused by a fact: 422

    @property
    def actors(self) -> tuple[str, ...]:
        return (*self.people, "job")

    def entries(self, verb: str, state: str) -> tuple[str, ...]:
        return self.said(verb, state).entries + self.also.get((verb, state), ())

    def said(self, verb: str, state: str) -> Says:
        names = (f"{verb}@{state}", f"{verb}@{state.partition('+')[0]}", verb)
        return next(self.says[name] for name in names if name in self.says)

    def expected(self, state: str) -> Table:
        return {verb.name: {who: self._cell(verb, state, who) for who in self.actors} for verb in self.verbs.verbs}

    def expected_pages(self, state: str) -> Table:
        statuses = {"NotAllowed": "403", "InvalidState": "409", "ValidationError": "422"}
        return {
            name: {
                who: statuses.get(outcome, f"302 {outcome}") if who in self.sees(state) else "404"
                for who, outcome in row.items()
                if who != "job"
            }
            for name, row in self.expected(state).items()
        }

    def _cell(self, verb: Verb, state: str, who: str) -> str:
        if who not in self.may(verb.name, state):
            return "NotAllowed"
        if (verb.name, state) in self.wrong:
            return "ValidationError"
        if not self.possible(verb.name, state):
            return "InvalidState"
        says = self.said(verb.name, state)
        old = state.partition("@")[0].partition("+")[0]
        lines = self.first.get((verb.name, state, who), ()) + self.entries(verb.name, state)
        return " | ".join([says.new.replace("*", old), *(line.replace("*", old) for line in lines)])


def differences(actual: Table, expected: Table) -> dict[tuple[str, str], tuple[str, str]]:
    """The cells of `actual` that say something else than the table: what came out, and what should have."""
    return {
        (verb, who): (outcome, expected[verb][who])
        for verb, row in actual.items()
        for who, outcome in row.items()
        if outcome != expected[verb][who]
    }


def person(world: World, who: str) -> Any:
    return JOB if who == "job" else world[who]


def rows() -> dict[str, list[Any]]:
    """Every row of every regulated table, as the database gives it."""
    found = {}
    with connection.cursor() as cursor:
        for label, query in queries().items():
            cursor.execute(query)
            found[label] = cursor.fetchall()
    return found


@cache
def queries() -> dict[str, str]:
    return {
        model._meta.label: f'SELECT * FROM "{model._meta.db_table}" ORDER BY "{model._meta.pk.column}"'
        for label in REGULATED
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.label not in ("accounts.User", "accounts.Region")
    }


def actual(matrix: Matrix, world: World, state: str, obj: Any, at: datetime) -> Table:
    """Each cell through the operation, each success rolled back; the refusals must have left nothing in any table."""
    before, last, table = rows(), last_entry(), {}
    for turn, verb in enumerate(matrix.verbs.verbs, start=len(state)):
        fields = matrix.says[verb.name].fields(world, obj, at)
        table[verb.name] = {
            who: attempt(
                obj,
                person(world, who),
                last,
                lambda one, by, v=verb, f=fields: matrix.verbs.perform(v, one, by, at, **f),
            )
            for who in acting(matrix, verb.name, state, turn)
        }
    assert rows() == before
    return table


def acting(matrix: Matrix, verb: str, state: str, turn: int) -> list[str]:
    """Who tries the operation: see the head of this file."""
    possible = matrix.possible(verb, state)
    if ASK == "all" or (possible and ASK == "turns"):
        return list(matrix.actors)
    allowed = [who for who in matrix.actors if who in matrix.may(verb, state)]
    if ASK == "done":
        return allowed[:1] if possible else []
    others = [who for who in matrix.actors if who not in allowed]
    return [*allowed, *by_turns(others, turn)]


def by_turns(people: list[str], turn: int) -> list[str]:
    return [people[turn % len(people)]] if people else []


def attempt(obj: Any, actor: Any, last: int, act: Callable[[Any, Any], Any]) -> str:
    """What comes out of one act on a fresh copy of the object; a success is taken back."""
    try:
        with transaction.atomic():
            act(again(obj), actor)
            outcome = done(obj, actor, last)
            transaction.set_rollback(True)
        return outcome
    except (Refused, ValidationError) as error:
        return type(error).__name__


def again(obj: Any) -> Any:
    return type(obj)._base_manager.get(pk=obj.pk)


def last_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def done(obj: Any, actor: Any, last: int) -> str:
    """State after, and what the ledger holds of it: by this actor, under one operation."""
    new = list(Entry.objects.filter(pk__gt=last).order_by("pk"))
    assert {entry.actor_ref for entry in new} == {actor.ledger_ref}
    assert len({entry.operation_id for entry in new}) == 1
    if obj._meta.app_label == "listings":
        assert drift() == [], "the search does not say what the objects say"
    after = type(obj)._base_manager.filter(pk=obj.pk).values_list("state", flat=True).first()
    lines = [f"{entry.object_type.split('.')[1]} {entry.verb} {entry.old}→{entry.new}" for entry in new]
    return " | ".join([after or "gone", *lines])


def actual_pages(matrix: Matrix, world: World, state: str, obj: Any, at: datetime) -> Table:
    """Cells by posting the verb's form, each success rolled back; where the state allows it, its form is got first."""
    before, last = rows(), last_entry()
    table: Table = {verb.name: {} for verb in matrix.verbs.verbs}
    browser_of = cache(lambda who: logged_in(world[who]))
    with time_machine.travel(at, tick=False):
        for turn, verb in enumerate(matrix.verbs.verbs, start=len(state)):
            data = matrix.says[verb.name].form(world, obj, at)
            for who in asked(matrix, verb.name, state, turn):
                look = matrix.possible(verb.name, state) and who in matrix.may(verb.name, state)
                table[verb.name][who] = posted(
                    browser_of(who), matrix.url, verb, obj, data, world[who], last, look=look
                )
    assert rows() == before
    return table


def logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(matrix: Matrix, verb: str, state: str, turn: int) -> list[str]:
    """Who posts. Where the verb is possible: one each of those who may, who only see it, and who do not see it.
    Elsewhere, at every second verb, by turns one who may and one of the others: a page only asks the operation.
    """
    may, sees = matrix.may(verb, state), matrix.sees(state)
    allowed = [who for who in matrix.people if who in may]
    onlookers = [who for who in matrix.people if who in sees - may]
    outsiders = [who for who in matrix.people if who not in sees | may]
    if matrix.possible(verb, state):
        return [one for group in (allowed, onlookers, outsiders) for one in by_turns(group, turn)]
    if turn % 2 and ASK != "all":
        return []
    if allowed and turn % 4:
        return allowed[:1]
    return by_turns([*onlookers, *outsiders] or allowed, turn // 4)


def posted(client: Client, noun: str, verb: Verb, obj: Any, data: Any, actor: Any, last: int, *, look: bool) -> str:
    url = reverse(f"{noun}-{verb.name}", args=[obj.pk])
    with transaction.atomic():
        shown = client.get(url).status_code if look else None
        answer = client.post(url, data)
        outcome = str(answer.status_code)
        assert shown in (None, 200)
        if answer.status_code == 302:
            assert verb.leads_on or answer.url == obj.get_absolute_url()
            outcome = f"302 {done(obj, actor, last)}"
            transaction.set_rollback(True)
    return outcome


def check_failing_writes(
    matrix: Matrix, world: World, state: str, obj: Any, at: datetime, verbs: list[str], monkeypatch: Any
) -> None:
    """Each of these verbs, with each of its ledger writes failing in turn: nothing may be left."""
    before = rows()
    for name in verbs:
        verb, lines = matrix.verbs.get(name), matrix.entries(name, state)
        actor = next(world[who] for who in matrix.people if who in matrix.may(name, state))
        assert verb and lines, f"{name} writes nothing"
        for number in range(len(lines)):
            fields = matrix.says[name].fields(world, obj, at)
            with monkeypatch.context() as patch, pytest.raises(LedgerDown):
                fails_after(patch, number)
                matrix.verbs.perform(verb, again(obj), actor, at, **fields)
            assert rows() == before, f"{name} left something behind when ledger write {number + 1} failed"


class LedgerDown(Exception):
    pass


def fails_after(monkeypatch: Any, number: int) -> None:
    """The ledger takes `number` more entries, then fails."""
    save, left = Entry.save, [number]

    def failing(self: Entry, *args: Any, **kwargs: Any) -> None:
        if left[0] == 0:
            raise LedgerDown
        left[0] -= 1
        save(self, *args, **kwargs)

    together = Entry.objects.bulk_create

    def failing_together(entries: Iterable[Entry], *args: Any, **kwargs: Any) -> list[Entry]:
        rows = list(entries)
        if left[0] < len(rows):
            raise LedgerDown
        left[0] -= len(rows)
        return together(rows, *args, **kwargs)

    monkeypatch.setattr(Entry, "save", failing)
    monkeypatch.setattr(Entry.objects, "bulk_create", failing_together)
