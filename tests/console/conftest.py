"""People at the console's door, among them an overseer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import operations
from accounts.models import CapabilityKind, User
from marketplace.clock.working_days import local_date
from marketplace.desk.cast import _code
from tests.actors import World
from tests.pages.conftest import BACKEND
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def log_in(person: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(person, backend=BACKEND)
    return client


@pytest.fixture
def enter(world: World) -> Callable[..., Client]:
    return lambda who, language="en": log_in(world[who], language)


def make_overseer(world: World, region: Any, key: str = "another-overseer") -> User:
    person = operations.set_up_account(at=world.at, email=f"{key}@test.example", name="宋察", password=None)
    body = operations.register_party(actor=person, at=world.at, name="网信办", region=region, uscc=_code())
    until = local_date(world.at + timedelta(days=700))
    operations.verify_party(
        party=body, actor=world["operator"], at=world.at, evidence="公函", valid_until=until,
        capabilities={CapabilityKind.OVERSIGHT: until}, level="",
    )  # fmt: skip
    return person


@pytest.fixture
def overseer(world: World) -> User:
    """Of the city's cyberspace office."""
    return world["overseer"]
