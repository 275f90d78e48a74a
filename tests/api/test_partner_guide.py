"""`docs/partner.md` stays true: its commands are run, as they stand there, against a fresh site with the demo data."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

GUIDE = Path(settings.BASE_DIR, "docs", "partner.md")
PATIENCE = 240  # seconds


def commands() -> str:
    blocks = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert len(blocks) >= 5
    return "\n".join(blocks)


@pytest.fixture
def site(tmp_path, migrated_file, django_db_setup):
    """The guide's site in processes of its own: SQLite in a folder, the demo data, and the address it is served at."""
    var = tmp_path / "var"
    var.mkdir(mode=0o700)
    if migrated_file and migrated_file.exists():
        shutil.copyfile(migrated_file, var / "minshu.sqlite3")
    away = {"DATABASE_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0", "VAR_DIR": str(var), "LOG_LEVEL": "CRITICAL"}
    environment = {**os.environ, **away}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "demo"], cwd=settings.BASE_DIR, env=environment, check=True, timeout=PATIENCE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [*manage, "runserver", "--noreload", address.removeprefix("http://")], cwd=settings.BASE_DIR, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"{address}/health/")
        yield address, environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def wait_for(address: str) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"{address} does not answer")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on the PATH")
def test_every_command_of_the_guide_works_as_it_stands_there(site, tmp_path):
    address, environment = site
    written = commands().replace("http://127.0.0.1:8000", address)
    assert address in written
    program = written.replace(".venv/bin/python manage.py", f"{sys.executable} {settings.BASE_DIR / 'manage.py'}")
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    for name in ("air.csv", "beds.csv"):
        assert (tmp_path / name).stat().st_size > 100, name
    (named,) = re.findall(r"(?i)x-content-sha256: (\w{64})", done.stdout)
    assert f"{named}  beds.csv" in done.stdout
