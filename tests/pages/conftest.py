"""The demo data as a site to walk through, in regions of its own beside the tests' world."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from marketplace.desk import demo
from marketplace.desk.cast import invented_regions
from tests.workflow.memory import remembering

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def load_demo(folder: Path) -> None:
    real, demo.real_regions = demo.real_regions, invented_regions
    before, django_settings.MEDIA_ROOT = django_settings.MEDIA_ROOT, folder
    try:
        with remembering():
            demo.load(at=timezone.now())
    finally:
        demo.real_regions, django_settings.MEDIA_ROOT = real, before


def demo_user(key: str) -> User:
    return User.objects.get(email=f"{key}@{demo.DOMAIN}")


@pytest.fixture(scope="module")
def demo_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The demo data for all tests of a module, rolled back after them."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        load_demo(tmp_path_factory.mktemp("demo") / "files")
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def visitor(demo_site: None, db: None) -> Callable[..., Client]:
    """`visitor("officer", "en")`: a client logged in as a demo person; without a name, nobody."""

    def visit(key: str = "", language: str = "zh-hans") -> Client:
        client = Client()
        client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
        if key:
            client.force_login(demo_user(key), backend=BACKEND)
        return client

    return visit
