"""Named people and a trade to start from.

The world, the invented cast and a published product, is made once per worker through the operations; each test sees it
in its own transaction. After a transactional test it is put back (`snapshot`).
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from accounts.models import Party, User
from listings.models import Product, Version
from marketplace.applications.models import Application, Grant
from marketplace.clock.working_days import SHANGHAI
from marketplace.desk.cast import PARTIES, PEOPLE, Cast, assemble, real_regions
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import (
    apply_for,
    consult,
    decide,
    list_version,
    make_entry,
    make_product,
    make_version,
    sign_rules,
)
from tests import snapshot
from tests.workflow.memory import remembering

DOMAIN = "test.example"
PASSWORD = "test-password-1"
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)  # a Monday


@dataclass(frozen=True)
class World:
    """The cast, a published product with its version, and the moment after its publication."""

    cast: Cast
    product: Product
    version: Version
    fields: list[str]
    at: datetime

    def __getitem__(self, key: str) -> User:
        return self.cast[key]

    @property
    def parties(self) -> Any:
        return self.cast.parties


def build(folder: Path) -> None:
    """Everything the world consists of, in the database and under MEDIA_ROOT."""
    cast = assemble(regions=real_regions(), at=BEGAN, domain=DOMAIN, password=PASSWORD)
    sign_rules(cast, BEGAN)
    product = make_product(cast, make_entry(cast, BEGAN), BEGAN)
    with remembering():
        version = make_version(product, cast, BEGAN, write_visits(folder / "visits.csv"), VISIT_ROLES, about="persons")
    list_version(version, cast, BEGAN)


def load() -> World:
    """The world as the database has it."""
    people = {key: User.objects.get(email=f"{key.replace('_', '-')}@{DOMAIN}") for key in ("operator", *PEOPLE)}
    parties = {key: Party.objects.get(name=name) for key, (name, *_rest) in PARTIES.items()}
    parties["operator"] = Party.objects.get(memberships__user=people["operator"])
    version = Version.objects.select_related("product").get(product__seller=parties["developer"])
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    assert version.published_at is not None
    return World(Cast(parties, people), version.product, version, fields, version.published_at + timedelta(hours=10))


@pytest.fixture(scope="session")
def world_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, world_files: Path, migrated_file: Path | None
) -> None:
    """Build the world once, after the test database is there."""
    with django_db_blocker.unblock():
        if migrated_file and not migrated_file.exists():
            keep_database(migrated_file)
        before, django_settings.MEDIA_ROOT = django_settings.MEDIA_ROOT, world_files / "files"
        build(world_files)
        snapshot.take("world", world_files)
        django_settings.MEDIA_ROOT = before


def keep_database(target: Path) -> None:
    """Copy the empty SQLite database to `target`, whole or not at all: other workers may be reading there."""
    target.parent.mkdir(exist_ok=True)
    for stale in target.parent.glob("migrated-*.sqlite3"):
        stale.unlink(missing_ok=True)
    with TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / target.name
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
        copy.replace(target)


@pytest.fixture
def world(db: None, world_files: Path, settings: Any) -> World:
    """A fresh copy of the world for one test."""
    shutil.copytree(world_files / "files", settings.MEDIA_ROOT, dirs_exist_ok=True)
    return load()


@pytest.fixture
def application(world: World) -> Application:
    """Submitted by the buyer, for all fields of the product."""
    return apply_for(world.product, world.cast, world.at, world.fields)


@pytest.fixture
def offered_grant(world: World, application: Application) -> Grant:
    """Consulted, consented, approved: terms are offered."""
    consult(application, world.cast, world.at)
    return decide(application, world.cast, world.at)


@pytest.fixture
def grant(world: World, offered_grant: Grant) -> Grant:
    """Terms accepted: in effect from now for a year."""
    from marketplace.applications.operations import accept_grant

    accept_grant(grant=offered_grant, actor=world["buyer"], at=world.at, terms_accepted=True)
    return offered_grant
