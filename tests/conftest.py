"""What every test stands on: database, cache and folder of its own, no task sent, a browser."""

import gc
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.app.task import Task
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import translation

from marketplace import celery_app
from tests import snapshot

pytest_plugins = ["tests.actors", "tests.demo"]
KEY_FUNCTION = "marketplace.elsewhere.cache_key"


def pytest_configure() -> None:
    django_settings.WHITENOISE_AUTOREFRESH = True  # else each test client lists all static files
    django_settings.CACHES["default"] = cache_of_this_worker()
    celery_app.conf.broker_url = "memory://"  # `sent_tasks` guards each test; this, what wider fixtures send


def pytest_collection_finish() -> None:
    """What is loaded now stays: the collector need not look at it again at every turn, a fifth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_unconfigure() -> None:
    gc.unfreeze()


def cache_of_this_worker() -> dict[str, str]:
    """Redis when REDIS_URL names one, in a database per xdist worker; else this process's memory."""
    if not os.environ.get("REDIS_URL"):
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "KEY_FUNCTION": KEY_FUNCTION}
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    address = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{1 + number % 15}")  # a server has 16
    return {
        "BACKEND": "marketplace.caching.ResilientRedisCache", "LOCATION": address.geturl(),
        "KEY_FUNCTION": KEY_FUNCTION,
    }  # fmt: skip


@pytest.fixture(scope="session")
def migrated_file() -> Path | None:
    """SQLite only: where a database with all migrations of this tree is kept from one run to the next."""
    if not django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return None
    root = django_settings.BASE_DIR
    digest = hashlib.sha256()
    for source in sorted(
        [*root.glob("*/migrations/*.py"), *root.glob("*/*/migrations/*.py"), *root.glob("*/*/triggers.py")]
    ):
        digest.update(str(source.relative_to(root)).encode() + source.read_bytes())
    digest.update((root / "deploy/requirements-dev.lock").read_bytes())  # other apps' migrations
    return root / ".pytest_cache" / f"migrated-{digest.hexdigest()[:16]}.sqlite3"


@pytest.fixture(scope="session")
def django_db_keepdb(migrated_file: Path | None) -> bool:
    return migrated_file is not None and migrated_file.exists()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    migrated_file: Path | None,
    django_db_keepdb: bool,
) -> None:
    test_database = django_settings.DATABASES["default"].setdefault("TEST", {})
    if migrated_file:
        # A file, as in production: in memory, concurrent writers fail with "table is locked".
        test_database["NAME"] = tmp_path_factory.mktemp("database") / "test.sqlite3"
        if django_db_keepdb:
            shutil.copyfile(migrated_file, test_database["NAME"])
    else:
        test_database.update(CHARSET="UTF8", TEMPLATE="template0")  # a bare container's cluster is SQL_ASCII


@pytest.fixture(scope="session", autouse=True)
def _world_again_after_a_commit() -> Iterator[None]:
    """A transactional test leaves the database as every test finds it: with the world in it."""
    flush = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: snapshot.put_back()
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def _own_cache_and_files(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.SANDBOX_DIR = tmp_path / "sandboxes"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    translation.activate(settings.LANGUAGE_CODE)  # a request before may have left its own
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def sent_tasks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """No task leaves a test. The list holds (name, arguments) of those that would have."""
    sent: list[tuple[str, tuple[Any, ...]]] = []

    def note(self: Task, args: Any = (), *_: Any, **__: Any) -> None:
        sent.append((self.name, tuple(args or ())))

    monkeypatch.setattr(Task, "apply_async", note)
    return sent


@pytest.fixture
def run_tasks(monkeypatch: pytest.MonkeyPatch, sent_tasks: list[tuple[str, tuple[Any, ...]]]) -> None:
    """For a test that wants its tasks done at once, in this process, as they are sent."""

    def apply_now(self: Task, args: Any = (), kwargs: Any = None, **_: Any) -> None:
        sent_tasks.append((self.name, tuple(args or ())))
        self.apply(args=args, kwargs=kwargs, throw=True)

    monkeypatch.setattr(Task, "apply_async", apply_now)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The machine's Chromium under Playwright; `browser.new_context(locale=…)` gives a fresh visitor."""
    chromium = find_chromium(shutil.which)
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium on the PATH: apt install chromium")
        pytest.skip("no chromium on the PATH")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def find_chromium(which: Callable[[str], str | None]) -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := which(name))), None)
