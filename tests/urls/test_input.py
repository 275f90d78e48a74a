"""What a stranger puts into a form: other people's numbers where an object is chosen, markup and rubbish where text is.

Read from the forms of the verbs, as pages and API show them: a new verb is asked without a word here. Each verb is
asked once, in a state in which a person could do it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django import forms
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace.ledger.models import Entry
from marketplace.verbs import ReasonForm, RefusalForm, Verb
from tests.actors import World
from tests.api.conftest import Partner, partner  # noqa: F401
from tests.api.test_matrix import as_json, noun_of, partners
from tests.pages.conftest import BACKEND
from tests.workflow import matrix, stages, tables
from tests.workflow.memory import remembered_sandbox  # noqa: F401

SCRIPT = "<script>alert(1)</script>\"'{{7*7}}&<"
RUBBISH = ("a\0b", "\x01\x08\x1b\x7f\u202e" + "x" * 300_000)  # seven of the latter fill what a form may send
NO_NUMBER = ("0", "-1", str(2**63), str(2**200), "x", "a\0b")
KEYS = (forms.ModelChoiceField, forms.ModelMultipleChoiceField)


# These ask which finding they answer only where there is one.
ANSWERING = {"propose_order", "revoke", "draft_notice", "draft_take_down", "require_take_down"}


def fields_of(verb: Verb, kinds: tuple[type[forms.Field], ...]) -> list[str]:
    """Fields of these kinds that the form's class declares; a choice among things is no text."""
    return [name for name, field in verb.form.base_fields.items() if isinstance(field, kinds)]  # type: ignore[attr-defined]


def is_text(field: forms.Field) -> bool:
    return type(field) in (forms.CharField, forms.EmailField, forms.URLField)


def takes_keys(table: matrix.Matrix, name: str, state: str) -> bool:
    verb = table.verbs.get(name)
    # which precaution ends is asked only where several hold the grant: tests/supervision/test_precautions.py
    asks = verb is not None and name != "lift_precaution" and bool(fields_of(verb, KEYS))
    return asks and able(table, name, state)


def able(table: matrix.Matrix, name: str, state: str) -> bool:
    return table.possible(name, state) and bool(table.may(name, state)) and (name, state) not in table.wrong


def speaks_its_own_words(table: matrix.Matrix, name: str, state: str) -> bool:
    """Of the many verbs that only take a reason, those of each object's first states are enough."""
    verb = table.verbs.get(name)
    if verb is None or not able(table, name, state) or verb.form in (ReasonForm, RefusalForm):
        return False
    return any(is_text(field) for field in verb.form.base_fields.values())  # type: ignore[attr-defined]


def cases(counts: Callable[[matrix.Matrix, str, str], bool]) -> list[Any]:
    """(noun, state, verbs): each verb once."""
    left, found = set(), []
    for noun, state in tables.fewest(counts):
        table = tables.MATRICES[noun]
        verbs = [
            v.name for v in table.verbs.verbs if counts(table, v.name, state) and (id(table.verbs), v.name) not in left
        ]
        left |= {(id(table.verbs), name) for name in verbs}
        if verbs:
            found.append(pytest.param(noun, state, verbs, id=f"{noun}-{state}"))
    return found


def chances(
    noun: str, state: str, verbs: list[str], world: World
) -> Iterator[tuple[Verb, Any, Any, dict[str, Any], Any]]:
    """Each verb with its object, somebody who may do it, what would be right to send, and its form."""
    table = tables.MATRICES[noun]
    obj, at = table.reach(world, state)
    if noun != "finding" and not ANSWERING.isdisjoint(verbs):
        stages.another_finding(obj, at)
    for name in verbs:
        verb = table.verbs.get(name)
        assert verb is not None
        actor = world[next(who for who in table.people if who in table.may(name, state))]
        data = table.says[name].form(world, obj, at)
        form = verb.form(target=matrix.again(obj), actor=actor, at=at)
        with time_machine.travel(at, tick=False):
            yield verb, obj, actor, data, form


def browser(actor: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(actor, backend=BACKEND)
    return client


def foreign(field: Any) -> list[str]:
    """Numbers of what is there but not to be chosen here, and of nothing at all."""
    there = field.queryset.model._base_manager.exclude(pk__in=field.queryset.values("pk")).order_by("-pk")
    return [*(str(pk) for pk in there.values_list("pk", flat=True)[:3]), *NO_NUMBER]


@pytest.mark.parametrize(("noun", "state", "verbs"), cases(takes_keys))
def test_what_is_not_to_be_chosen_is_refused_by_name(
    world: World, noun: str, state: str, verbs: list[str], settings: Any
) -> None:
    """On the page and through the API: 422 with the field named, and nothing changes in any table."""
    settings.API_RATE = "1000000/min"
    table, tried = tables.MATRICES[noun], 0
    for verb, obj, actor, data, form in chances(noun, state, verbs, world):
        # A party that is not verified yet has no system, and nobody else's sees it.
        system = None if noun == "party" else partners(world, key_of(world, actor))[0]
        client = browser(actor)
        before = matrix.rows()
        for name, field in form.fields.items():
            if not isinstance(field, KEYS):
                continue
            for value in foreign(field):
                many = isinstance(field, forms.ModelMultipleChoiceField)
                answer = client.post(reverse(f"{table.url}-{verb.name}", args=[obj.pk]), {**data, name: value})
                assert (answer.status_code, name in answer.context["form"].errors) == (422, True), (verb.name, value)
                body = {one: as_json(given) for one, given in data.items()} | {name: [value] if many else value}
                assert system is None or refused_by_api(system, table, verb, obj, body, name), (verb.name, name, value)
                tried += 1
        assert matrix.rows() == before
    assert tried >= len(NO_NUMBER)


def key_of(world: World, actor: Any) -> str:
    return next(key for key, person in world.cast.people.items() if person.pk == actor.pk)


def refused_by_api(
    system: Partner, table: matrix.Matrix, verb: Verb, obj: Any, body: dict[str, Any], name: str
) -> bool:
    answer = system.post(f"{noun_of(table.verbs)}/{obj.pk}/{verb.name.replace('_', '-')}/", body)
    return answer.status_code == 422 and name in answer.json()["errors"]


@pytest.mark.parametrize(("noun", "state", "verbs"), cases(speaks_its_own_words))
def test_markup_is_shown_as_text_and_rubbish_refused_by_name(
    world: World, noun: str, state: str, verbs: list[str], settings: Any
) -> None:
    settings.API_RATE = "1000000/min"
    table = tables.MATRICES[noun]
    for verb, obj, actor, data, form in chances(noun, state, verbs, world):
        names = [name for name, field in form.fields.items() if is_text(field) and not field.disabled]
        client, address = browser(actor), reverse(f"{table.url}-{verb.name}", args=[obj.pk])
        for value in RUBBISH:
            before = Entry.objects.count()
            answer = client.post(address, {**data, **dict.fromkeys(names, value)})
            wrong = set(answer.context["form"].errors) if answer.status_code == 422 else set()
            unlimited = {name for name in names if "\0" not in value and too_long(form.fields[name], value) is False}
            assert set(names) - unlimited <= wrong, (verb.name, value[:10], wrong)
            assert Entry.objects.count() == before
        with transaction.atomic():
            shows_as_text(client, client.post(address, {**data, **with_script(form, names)}), obj, verb, names)
            transaction.set_rollback(True)


def too_long(field: Any, value: str) -> bool:
    return field.max_length is not None and len(value) > field.max_length


def with_script(form: Any, names: list[str]) -> dict[str, str]:
    return {name: SCRIPT[: form.fields[name].max_length] for name in names}


def shows_as_text(client: Client, answer: Any, obj: Any, verb: Verb, names: list[str]) -> None:
    """Kept and escaped wherever it is shown, or refused with the field named."""
    if answer.status_code == 422:
        assert set(names) & set(answer.context["form"].errors), verb.name
        assert harmless(answer), verb.name
        return
    assert answer.status_code == 302, (verb.name, answer.status_code)
    pages = {answer["Location"], obj.get_absolute_url(), "/todo/", "/notices/"}
    for address in pages:
        assert harmless(client.get(address)), (verb.name, address)


def harmless(answer: Any) -> bool:
    html = answer.content.decode()
    return "<script>alert" not in html and "49&amp;" not in html and "\"'{{7*7}}" not in html


SURROGATES = ('{"reason": "\\ud800"}', '{"\\udfff": 1}', '{"reason": "\\u0000"}', '{"reason": ["\\ud83d"]}')


@pytest.mark.parametrize("body", SURROGATES)
def test_text_that_no_database_holds_is_refused(
    world: World,
    offered_grant: Any,
    partner: Any,  # noqa: F811
    body: str,
) -> None:
    one, before = partner("buyer"), matrix.rows()
    answer = one.client.post(
        f"/api/v1/grants/{offered_grant.pk}/decline/", body, content_type="application/json",
        headers=one.headers(**{"Idempotency-Key": "k"}),
    )  # fmt: skip
    assert answer.status_code in (400, 422)
    assert matrix.rows() == before
