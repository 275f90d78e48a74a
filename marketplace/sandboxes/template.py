"""The sandbox that all others are copies of: migrated, peopled and with a product on offer, made once per edition.

It is made by a process of its own (`manage.py sandbox_template`), for Django keeps the numbers of its content types
for the whole process; the template gets the site's numbers, so that what is kept is right in both.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db.migrations.loader import MigrationLoader

STORY = 1  # raise it when what a fresh sandbox holds has changed
PATIENCE = 300  # seconds


def root() -> Path:
    return Path(settings.SANDBOX_DIR)


@cache
def edition() -> str:
    """Of the tables and of what is in them: a sandbox of another edition is not entered."""
    nodes = sorted(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)
    return sha256(json.dumps([STORY, nodes]).encode()).hexdigest()[:12]


def folder() -> Path:
    return root() / f"template-{edition()}"


def is_made() -> bool:
    return folder().exists()


def make(start: Path | None = None) -> None:
    """Make it, whole or not at all. Two at once make it twice and keep one.

    `start` is an empty database with all migrations, if there is one: they take most of the time.
    """
    if is_made():
        return
    root().mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root(), prefix="making-") as made:
        if start:
            shutil.copyfile(start, Path(made, "db.sqlite3"))
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{made}/db.sqlite3", "VAR_DIR": made}
        kept = serializers.serialize("json", [*ContentType.objects.order_by("pk"), *Permission.objects.order_by("pk")])
        subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "sandbox_template"],
            cwd=settings.BASE_DIR, env=environment, input=kept, text=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        if not is_made():
            Path(made, "files").mkdir(exist_ok=True)
            Path(made).rename(folder())


def copy(target: Path, finish: Callable[[Path], None]) -> None:
    """A fresh sandbox at `target` after `finish` has added what is its own: whole or not at all."""
    with tempfile.TemporaryDirectory(dir=root(), prefix="making-") as made:
        fresh = Path(made, "copy")
        shutil.copytree(folder(), fresh)
        finish(fresh)
        if not target.exists():
            fresh.rename(target)
