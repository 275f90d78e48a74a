"""The demo data as a site to walk through, in regions of its own beside the tests' world; made once per worker."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.models import User
from marketplace.desk import demo
from marketplace.desk.cast import invented_regions
from tests import snapshot
from tests.workflow.memory import remembering


def demo_user(key: str) -> User:
    return User.objects.get(email=f"{key}@{demo.DOMAIN}")


@pytest.fixture(scope="session")
def demo_data(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], None]:
    """Puts the demo data into the database, which are made once per worker; a test that commits, or `demo_site`, takes
    them away again."""
    folder = tmp_path_factory.mktemp("demo")
    real, demo.real_regions = demo.real_regions, invented_regions
    before, django_settings.MEDIA_ROOT = django_settings.MEDIA_ROOT, folder / "files"
    with django_db_blocker.unblock(), remembering():
        demo.load(at=timezone.now())
        snapshot.take("demo", folder)
        snapshot.put_back()
    demo.real_regions, django_settings.MEDIA_ROOT = real, before
    return lambda: snapshot.put_back("demo")


@pytest.fixture(scope="module")
def demo_site(demo_data: Callable[[], None], django_db_blocker: Any) -> Iterator[None]:
    """The demo data for all tests of a module."""
    with django_db_blocker.unblock():
        demo_data()
    yield
    with django_db_blocker.unblock():
        snapshot.put_back()
