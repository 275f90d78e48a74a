"""Where this thread is at work: on the site, or in a sandbox with a database, files, a cache and a clock of its own.

What differs there is asked here and nowhere else. A sandbox is entered by `inside` only, for one request or job.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import load_backend
from django.utils import timezone

SANDBOX_QUOTA = 200 * 1024**2
site_now = timezone.now  # before the app `sandboxes` puts `now` in its place


@dataclass
class Place:
    """A sandbox: its number, its folder, and how far its clock is ahead."""

    number: int
    folder: Path
    ahead: timedelta
    site: Any = None  # the site's own connection, while this thread is inside

    @property
    def key_prefix(self) -> str:
        return f"sandbox_{self.number}_"


_here: ContextVar[Place | None] = ContextVar("place", default=None)


def current() -> Place | None:
    """The sandbox that this thread is in; None on the site itself."""
    return _here.get()


def now() -> datetime:
    """The time here: a sandbox may be ahead of the site."""
    place = current()
    return site_now() + place.ahead if place else site_now()


def quota() -> int:
    """Bytes that the files of one party may take. A sandbox has eight parties and stands on the site's disk."""
    return min(SANDBOX_QUOTA, settings.PARTY_QUOTA) if current() else settings.PARTY_QUOTA


@contextmanager
def inside(place: Place) -> Iterator[None]:
    """Everything that this thread asks the database, the storage, the cache or the clock for, it asks the sandbox's.

    The connection itself is exchanged, so that no query can reach the site's rows, whichever code makes it.
    """
    if current() is not None or not isinstance(storages["default"], PlacedStorage):
        raise RuntimeError("a sandbox is entered from the site, and its files must have a place of their own")
    if not (place.folder / "db.sqlite3").exists():
        raise FileNotFoundError(place.folder)  # SQLite would make an empty one
    own = connection_to(place.folder / "db.sqlite3")
    place.site, connections[DEFAULT_DB_ALIAS] = connections[DEFAULT_DB_ALIAS], own
    token = _here.set(place)
    try:
        yield
    finally:
        _here.reset(token)
        connections[DEFAULT_DB_ALIAS] = place.site
        own.close()


@contextmanager
def back_on_site() -> Iterator[None]:
    """For what is kept about the sandbox itself: within `inside`, the site's own database for a moment."""
    place = current()
    assert place is not None
    own, connections[DEFAULT_DB_ALIAS] = connections[DEFAULT_DB_ALIAS], place.site
    token = _here.set(None)
    try:
        yield
    finally:
        _here.reset(token)
        connections[DEFAULT_DB_ALIAS] = own


def connection_to(path: Path) -> Any:
    """A new connection to an SQLite file, with the options of the embedded default."""
    wanted = {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": dict(settings.SQLITE_OPTIONS)}
    filled = connections.configure_settings({DEFAULT_DB_ALIAS: wanted})[DEFAULT_DB_ALIAS]
    return load_backend(filled["ENGINE"]).DatabaseWrapper(filled, DEFAULT_DB_ALIAS)


class PlacedStorage(FileSystemStorage):
    """Files lie in MEDIA_ROOT; a sandbox's in its own folder."""

    @property
    def base_location(self) -> str:  # type: ignore[override]
        place = current()
        return str(place.folder / "files") if place else str(settings.MEDIA_ROOT)

    @property
    def location(self) -> str:  # type: ignore[override]
        return self.base_location


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """Django's own, and the sandbox's number where there is one."""
    place = current()
    return f"{key_prefix}{place.key_prefix if place else ''}:{version}:{key}"
