"""Partners: systems of the named people's organisations, over HTTP."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.expressions import RawSQL
from django.test import Client

from accounts import operations
from accounts.models import Membership, Party, Role, Scope, User
from accounts.queries import credential_of
from marketplace.api import queries
from tests.actors import World
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ALL = tuple(Scope.values)


class Partner:
    """A client that sends a key, names a person on every write, and a fresh Idempotency-Key."""

    def __init__(self, key: str = "", person: User | None = None) -> None:
        self.key, self.person, self.client = key, person, Client()

    def headers(self, **more: str) -> dict[str, str]:
        known = {"Accept-Language": "en"}
        if self.key:
            known["Authorization"] = f"Bearer {self.key}"
        if self.person:
            known["Responsible-Person"] = self.person.email
        return {**known, **more}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers())

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        sent = self.headers(**{"Idempotency-Key": key or uuid.uuid4().hex, **headers})
        files = {name: value for name, value in (body or {}).items() if hasattr(value, "read")}
        if files:
            return self.client.post(f"/api/v1/{path}", body, headers=sent)
        text = json.dumps(body) if body is not None else ""
        return self.client.post(f"/api/v1/{path}", text, content_type="application/json", headers=sent)


def credential_for(world: World, party: Party, *, person: User, scopes: tuple[str, ...] = ALL, days: int = 730) -> str:
    """A key of this party for this person, made by its owner."""
    owner = Membership.objects.filter(party=party, role=Role.OWNER).earliest("pk").user
    made, key = operations.create_credential(
        party=party, actor=owner, at=world.at, name="system", responsible=person, scopes=scopes,
        expires_at=world.at + timedelta(days=days),
    )  # fmt: skip
    operations.agree_to_be_named(credential=made, actor=person, at=world.at)
    return key


@pytest.fixture
def partner(world: World) -> Callable[..., Partner]:
    """`partner("buyer")`: a system of the buyer's organisation, for the buyer; `party` names another of theirs."""

    def of(who: str, *, party: str = "", scopes: tuple[str, ...] = ALL) -> Partner:
        person = world[who]
        joined = Membership.objects.filter(user=person).select_related("party").order_by("pk")
        chosen = world.parties[party] if party else joined[0].party
        return Partner(credential_for(world, chosen, person=person, scopes=scopes), person)

    return of


@pytest.fixture
def feed_sees_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's own transaction never ends: on PostgreSQL let the feed see into it. `test_races.py` does not."""
    monkeypatch.setattr(queries, "SETTLED", RawSQL("(%s)::bigint", [2**62]))


def credential_in(world: World, one: Partner) -> Any:
    return credential_of(one.key, world.at)
