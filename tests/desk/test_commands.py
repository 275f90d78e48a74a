"""The commands: walkthrough, sweep, demo, demo_accounts."""

import csv
import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Capability, User
from listings.models import Product
from marketplace.clock.working_days import SHANGHAI
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision.monitors import MONITORS
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db


def play(*arguments: str) -> tuple[int, list[dict], str]:
    """Exit code, steps and standard error of a walkthrough."""
    out, err = StringIO(), StringIO()
    try:
        call_command("walkthrough", "--json", *arguments, stdout=out, stderr=err)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def write(path: Path, header: tuple[str, ...], data: list[tuple]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *data])
    return path


def test_walkthrough_plays_the_whole_trade_and_its_lines_are_objects(world):
    others = set(Product.objects.listed())
    mine = {table: data for table, data in rows().items() if table in ("applications.Grant", "applications.Hold")}
    code, steps, err = play()
    assert (code, err) == (0, "")
    assert all({"step", "actor", "outcome", "state", "ledger"} <= set(step) for step in steps)
    assert {step["outcome"] for step in steps} == {"done", "refused"}
    assert all(step["ledger"] == [] for step in steps if step["outcome"] == "refused")
    assert all(step["reasons"] for step in steps if step["outcome"] == "refused")
    assert [step["state"] for step in steps if step["step"] == "service terminated"] == ["terminated"]
    orders = [
        entry["verb"]
        for step in steps
        for entry in step["ledger"]
        if entry["object"].startswith("supervision.measure:")
    ]
    assert [verb for verb in orders if verb != "propose_order"] == [
        "issue_order", "file_evidence", "lift_order", "issue_order", "open_hearing", "file_statement", "read_evidence",
        "find_refusal", "terminate",
    ]  # fmt: skip
    assert set(Product.objects.listed()) == others  # what it listed is withdrawn again
    assert rows()["applications.Grant"][: len(mine["applications.Grant"])] == mine["applications.Grant"]


def test_walkthrough_prints_sentences_without_json(world):
    out = StringIO()
    call_command("walkthrough", stdout=out)
    lines = out.getvalue().splitlines()
    assert sum(line.startswith("✓") for line in lines) > 40
    assert sum(line.startswith("✗") for line in lines) > 10


def test_walkthrough_touches_no_grant_or_notice_of_others(world, grant):
    from tests.workflow import stages

    stages.application(world, "submitted")
    told = set(Outbox.objects.values_list("pk", flat=True))
    assert play()[0] == 0
    assert grant.reports.count() == 0
    people = {user.ledger_ref for user in world.cast.people.values()}
    assert not Outbox.objects.exclude(pk__in=told).filter(recipient_ref__in=people).exists()


@pytest.mark.parametrize("about", ["none", "persons"])
def test_file_with_phone_numbers_in_a_text_column_is_refused_naming_it(tmp_path, about):
    data = [(f"区{n % 3}", f"请回电 1380013{n:04d},谢谢") for n in range(90)]
    path = write(tmp_path / "notes.csv", ("区县", "备注"), data)
    code, steps, err = play("--data", str(path), "--about", about)
    assert code == 2
    reasons = steps[-1]["reasons"]
    assert steps[-1]["outcome"] == "refused"
    assert "备注" in [reason["column"] for reason in reasons]
    assert "备注" in err
    assert "1380013" not in err + json.dumps(steps)


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.csv"
    if kind == "oversize":
        with path.open("wb") as file:
            file.write(b"a,b\n1,2\n")
            file.truncate(101 * 1024 * 1024)  # sparse
        return path
    path.write_bytes(
        {
            "empty": b"",
            "header-only": b"a,b\n",
            "ragged": b"a,b\n1,2\n3,4,5\n",
            "binary": bytes(range(256)) * 64,
            "not-utf8-nor-gb18030": b"a,b\n\xff\xff\xfe,2\n",
        }[kind]
    )
    return path


@pytest.mark.parametrize("kind", ["empty", "header-only", "ragged", "binary", "oversize", "not-utf8-nor-gb18030"])
def test_file_that_cannot_be_traded_ends_in_two_with_a_sentence(tmp_path, kind):
    code, steps, err = play("--data", str(bad_file(tmp_path, kind)))
    assert code == 2
    assert (steps[-1]["outcome"], len(steps[-1]["reasons"]) >= 1) == ("refused", True)
    assert len(steps[-1]["reasons"][0]["text"]) > 10
    assert err.startswith("The file was refused: ")
    assert not Product.objects.listed().filter(title="走查数据产品").exists()


@pytest.mark.parametrize("option", ["--quasi-identifiers", "--sensitive", "--subject"])
def test_column_that_the_file_has_not_ends_in_two(tmp_path, option):
    path = write(tmp_path / "data.csv", ("a", "b"), [(n % 2, n % 3) for n in range(60)])
    code, _steps, err = play("--data", str(path), option, "没有这一列")
    assert code == 2
    assert "没有这一列" in err


def test_file_about_nobody_with_unique_rows_goes_all_the_way(tmp_path):
    from marketplace.desk.sample_data import write_air_quality

    code, _steps, err = play("--data", str(write_air_quality(tmp_path / "air.csv")), "--about", "none")
    assert (code, err) == (0, "")


def test_five_visits_of_each_patient_end_in_two_when_the_subject_is_named(tmp_path):
    data = [(f"P{n:03d}", f"区{n // 5}", "甲乙丙"[visit % 3]) for n in range(100) for visit in range(5)]
    path = write(tmp_path / "visits.csv", ("患者", "区县", "科类"), data)
    marks = ("--quasi-identifiers", "区县", "--sensitive", "科类", "--subject", "患者")
    code, steps, _err = play("--data", str(path), *marks)
    assert (code, [reason["code"] for reason in steps[-1]["reasons"]]) == (2, ["k_too_small"])


def test_walkthrough_of_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(CommandError, match="no file"):
        play("--data", str(tmp_path / "nothing.csv"))


@pytest.mark.parametrize("command", ["walkthrough", "demo", "demo_accounts"])
def test_nothing_of_the_demo_runs_in_production(settings, command):
    settings.DEMO = False
    before = rows()
    with pytest.raises(CommandError):
        call_command(command)
    assert rows() == before


def test_demo_twice_is_harmless_and_its_logins_work(client):
    Capability.objects.all().delete()  # the tests' own cast steps aside
    with pytest.raises(CommandError):
        call_command("demo_accounts")
    call_command("demo", stdout=StringIO())
    before = rows()
    call_command("demo", stdout=StringIO())
    assert rows() == before
    out = StringIO()
    call_command("demo_accounts", "--json", stdout=out)
    accounts = json.loads(out.getvalue())
    assert {frozenset(account) for account in accounts} == {frozenset({"role", "name", "email", "password"})}
    assert len({account["role"] for account in accounts}) == len(accounts) == 18
    for account in accounts:
        assert client.login(email=account["email"], password=account["password"])
    plain = StringIO()
    call_command("demo_accounts", stdout=plain)
    assert all(account["email"] in plain.getvalue() for account in accounts)
    assert User.objects.filter(email__in=[account["email"] for account in accounts], is_superuser=True).count() == 0


def swept(*arguments: str) -> list[dict]:
    out = StringIO()
    call_command("sweep", "--json", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_sweep_tells_what_each_monitor_found_and_did(world, grant):
    at = world.at.isoformat()
    lines = swept("--at", at)
    assert [line["monitor"] for line in lines] == [monitor.name for monitor in MONITORS]
    said = {"monitor": "report_schedule", "article": "Art. 16", "failed": 0}
    assert said | {"found": 1, "did": 1} in lines
    assert said | {"found": 0, "did": 0} in swept("--at", at)


def test_sweep_takes_a_time_without_zone_as_shanghais(world, grant):
    swept("--at", "2026-04-01T00:00")
    assert grant.reports.count() == 2
    entry = Entry.objects.filter(verb="schedule_report").first()
    assert entry.at == datetime(2026, 4, 1, tzinfo=SHANGHAI)


def test_sweep_refuses_what_is_no_time(world):
    with pytest.raises(CommandError, match="ISO"):
        swept("--at", "morgen")


def test_sweep_says_when_a_row_failed(world, grant, monkeypatch):
    from marketplace.supervision import operations

    def broken(**_):
        raise RuntimeError

    monkeypatch.setattr(operations, "schedule_reports", broken)
    with pytest.raises(SystemExit) as end, transaction.atomic():
        swept("--at", world.at.isoformat())
    assert end.value.code == 1
