"""A partner's first day, over HTTP against a fresh site with the demo data.

The commands of `docs/partner.md` are run as they stand there, and a client that is generated from the description, and
knows nothing else of the site, goes through a whole trade.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from tests.api.generated import Refused, client_of

GUIDE = Path(settings.BASE_DIR, "docs", "partner.md")
PATIENCE = 240  # seconds


def commands() -> str:
    blocks = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert len(blocks) >= 5
    return "\n".join(blocks)


@pytest.fixture(scope="module")
def site(tmp_path_factory, migrated_file):
    """The guide's site in processes of its own: SQLite in a folder, the demo data, and the address it is served at."""
    var = tmp_path_factory.mktemp("guide") / "var"
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
    (tmp_path / "visits.csv").write_text("区县,人数\n鼓楼,3\n台江,4\n")
    draft = "from listings.models import Version; Version.objects.filter(pk=4).update(state='draft')"
    subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "shell", "-c", draft], env=environment, check=True
    )
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    for name in ("air.csv", "beds.csv"):
        assert (tmp_path / name).stat().st_size > 100, name
    (named,) = re.findall(r"(?i)x-content-sha256: (\w{64})", done.stdout)
    assert f"{named}  beds.csv" in done.stdout


def partner(site, person):
    """A client of the demo person's organisation; the key is the only thing that does not come from the description."""
    address, environment = site
    key = subprocess.run(
        [sys.executable, "manage.py", "demo_credential", person], cwd=settings.BASE_DIR, env=environment, check=True,
        capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    with urllib.request.urlopen(f"{address}/api/v1/schema/?format=json") as answer:
        return client_of(json.load(answer), address, key, f"{person}@demo.minshu.example")


def test_a_client_generated_from_the_description_plays_a_trade(site):
    buyer, officer, unit = (partner(site, person) for person in ("buyer", "officer", "provider"))
    (own,) = buyer.list_parties()["items"]
    (product,) = [row for row in buyer.list_products(limit=50)["items"] if row["title"] == "福州市医院床位使用率数据"]
    case = buyer.create_applications(product["id"], buyer=own["id"], title="床位调度", fields_wanted=["区县", "月份"])
    today = date.today()
    buyer.describe_applications(
        case["id"], beneficiaries="福州市居民", what_is_built="床位调度模型", why_these_fields="按区县和月份统计",
        security="专用服务器", people_with_access="三人", period_from=str(today),
        period_until=str(today + timedelta(days=300)),
    )  # fmt: skip
    buyer.submit_applications(case["id"])
    officer.accept_applications(case["id"])
    officer.consult_applications(case["id"])
    (asked,) = [row for row in unit.list_consultations()["items"] if row["application"] == case["id"]]
    unit.consent_consultations(asked["id"])
    officer.begin_review_applications(case["id"])
    grant = officer.approve_items(case["items"][0], reason="场景具体，字段必要")["grant"]
    with pytest.raises(Refused) as early:
        buyer.download_grant_version(grant, 1, "csv")
    assert (early.value.status, early.value.problem["code"]) == (403, "system_not_named")
    buyer.accept_grants(grant, terms_accepted=True)
    buyer.name_system_grants(grant)
    assert buyer.grant_in_effect(grant)["in_effect"] is True
    data = buyer.download_grant_version(grant, 1, "csv").decode("utf-8-sig").splitlines()
    assert data[0] == "区县,月份" and len(data) > 1
    report_late_use(buyer, officer)
    version = version_of(buyer, product)
    derived = buyer.create_derived_products(title="床位地图", description="每月", built_from=[f"{grant}:{version}"])
    buyer.publish_derived_products(derived["id"])
    (source,) = buyer.get_derived_products(derived["id"])["attribution"]
    assert (source["units"], source["version"]) == (["福州市卫生健康委员会"], 1)


def version_of(client, product):
    (version,) = [row for row in client.list_versions(limit=50)["items"] if row["product"] == product["id"]]
    return version["id"]


def report_late_use(buyer, officer):
    """The demo's older grant waits for its report: filed, accepted, and the data is served again."""
    today, grants = str(date.today()), buyer.list_grants(limit=50)["items"]
    active = {row["id"] for row in grants if row["state"] == "active"}  # another one was given back
    reports = buyer.list_reports(limit=50)["items"]
    late = [row for row in reports if row["state"] == "open" and row["end"] < today and row["grant"] in active]
    for report in late:
        buyer.file_reports(report["id"], use="训练模型")
        assert officer.accept_reports(report["id"])["state"] == "accepted"
        buyer.name_system_grants(report["grant"])
    assert late and buyer.grant_in_effect(late[0]["grant"])["code"] == "ok"
