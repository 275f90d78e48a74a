"""`make bench`: builds a database of its own, measures, writes bench.jsonl, takes the database away."""

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ENGINE = ("gate",)  # needs no database
ALONE = ("sweep",)  # in a database of its own
SCALES = {"small": (20_000, 1_000, 10), "medium": (200_000, 3_000, 20), "full": (1_000_000, 10_000, 40)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    if given.only == "identifiers":  # needs no site
        from tests.bench import identifiers
        from tests.bench.measure import Bench

        identifiers.run(Bench(f"{given.scale}, files", Path("bench.jsonl")), None)
        return
    with tempfile.TemporaryDirectory(prefix="minshu-bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        if given.only not in (*ENGINE, *ALONE):
            _run(given, Path(folder), _measure)
        if given.only in ("", *ALONE):
            _run(given, Path(folder), _measure_sweep)
        if given.only in ("", *ENGINE):
            _measure_engine(given, Path(folder))


def _run(given: Any, folder: Path, measure: Callable[[Any, Path], None]) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from marketplace import celery_app

    celery_app.conf.broker_url = "memory://"
    settings.DEBUG = False
    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.DATABASES["default"]["TEST"].update(NAME=_name(folder), **_postgresql(connection))
    before = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(given, folder)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def _measure_engine(given: Any, folder: Path) -> None:
    from tests.bench import gate
    from tests.bench.measure import Bench

    gate.run(Bench(given.scale, Path("bench.jsonl"), fresh=given.only != ""), given.scale, folder)


def _measure_sweep(given: Any, folder: Path) -> None:
    from django.db import connection
    from django.utils import timezone

    from tests.bench import data, sweep
    from tests.bench.measure import Bench

    _cast, grant = data.a_trade(folder, timezone.now() - timedelta(days=60))
    bench = Bench(f"{given.scale}, {connection.vendor}", Path("bench.jsonl"), fresh=given.only != "")
    sweep.run(bench, given.scale, grant)


def _name(folder: Path) -> str:
    return f"bench_minshu_{os.getpid()}" if os.environ.get("DATABASE_URL") else str(folder / "bench.sqlite3")


def _postgresql(connection: Any) -> dict[str, str]:
    return {"CHARSET": "UTF8", "TEMPLATE": "template0"} if connection.vendor == "postgresql" else {}


def _measure(given: Any, folder: Path) -> None:
    from django.db import connection
    from django.utils import timezone

    from tests.bench import attacks, data, identifiers, lists, pages, search, suggest
    from tests.bench.measure import Bench

    paths: dict[str, Callable[[Bench, Any], None]] = {
        "search": search.run, "lists": lists.run, "pages": pages.run, "attacks": attacks.run,
        "identifiers": identifiers.run, "suggest": suggest.run,
    }  # fmt: skip
    count, users, grants = SCALES[given.scale]
    print(f"{connection.vendor}, {count} products, {users} buyers with {grants} grants each: building …", flush=True)
    cast, grant = data.a_trade(folder, timezone.now() - timedelta(days=60))
    data.products(grant.product, count)
    people = data.buyers(grant, users, grants)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    bench = Bench(f"{given.scale}, {connection.vendor}", Path("bench.jsonl"))
    for name, measure in paths.items():
        if given.only in ("", name):
            measure(bench, SimpleNamespace(cast=cast, people=people))


if __name__ == "__main__":
    main()
