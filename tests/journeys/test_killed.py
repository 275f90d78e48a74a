"""kill -9 of a process in the middle of its work: what it left half done was never done, the next one does all of it.

Each child is a process of its own with its own connection; it kills itself just before the n-th row that it writes.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from marketplace.applications.models import Hold
from marketplace.ledger.models import Entry
from marketplace.notices import operations as notices
from marketplace.notices.models import Outbox
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.sweep import sweep
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def dying(number: int | None) -> Iterator[None]:
    """Kill this process before its write of this number."""
    written = 0

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal written
        written += sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        if written == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield


def in_child(act: Callable[[], Any], number: int | None = None) -> int:
    """Run `act` in a process of its own, which dies at this write; 0 when it was done, -9 when it was killed."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            with dying(number):
                act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_until_done(act: Callable[[], Any], step: int, check: Callable[[], None] = lambda: None) -> int:
    """Die ever later, until the process gets through; how often it was killed."""
    number = 1
    while (code := in_child(act, number)) == -signal.SIGKILL:
        check()
        number += step
    assert code == 0
    return number // step


def outcome() -> dict[str, Any]:
    """What has been done, without keys: every change of a state is an entry."""
    return {
        "entries": Counter(Entry.objects.values_list("object_type", "verb", "old", "new", "actor_ref")),
        "reports": sorted(UsageReport.objects.values_list("grant", "start", "state")),
        "findings": Counter(Finding.objects.values_list("grant", "rule", "state")),
        "holds": Counter(Hold.objects.values_list("grant", "code", "state")),
        "measures": Counter(Measure.objects.values_list("party", "state")),
        "notices": Counter(Outbox.objects.values_list("kind", "channel", "recipient_ref")),
    }


def undisturbed(act: Callable[[], Any]) -> dict[str, Any]:
    """What comes of it where nobody is killed; taken back."""
    with transaction.atomic():
        act()
        done = outcome()
        transaction.set_rollback(True)
    return done


def test_sweep_killed_at_each_write_has_done_everything_once_in_the_end(world):
    _grant, at = stages.late_reports(world)
    expected = undisturbed(lambda: sweep(at=at))
    assert killed_until_done(lambda: sweep(at=at), 1) > 5
    assert outcome() == expected
    assert in_child(lambda: sweep(at=at)) == 0
    assert outcome() == expected


def test_order_killed_while_it_is_signed_is_not_signed_at_all(world):
    grant = stages.active_grant(world)
    measure = stages.proposal(world, grant)
    before = outcome()

    def issue() -> None:
        stages.issue(Measure.objects.get(pk=measure.pk), world, world.at)

    def nothing_happened() -> None:
        assert outcome() == before

    expected = undisturbed(issue)
    assert killed_until_done(issue, 2, nothing_happened) > 4
    assert outcome() == expected
    assert not grant.is_in_effect(world.at)


def test_mails_whose_sender_is_killed_go_out_at_least_once_under_one_name(world, application, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    at, waiting = world.at, Outbox.objects.filter(channel="email", state="pending").count()
    number = 2
    while in_child(lambda at=at: notices.send_due(at=at), number) == -signal.SIGKILL:  # between a mail and its mark
        at += notices.LEASE  # what the dead one had taken is free again
        number += 6
    assert not Outbox.objects.filter(state="pending").exists()
    names = Counter(line for file in Path(tmp_path).glob("*.log") for line in file.read_text().splitlines()
                    if line.startswith("Message-ID:"))  # fmt: skip
    rows = Outbox.objects.filter(channel="email", state="sent").values_list("pk", flat=True)
    assert set(names) == {f"Message-ID: <outbox-{pk}@minshu>" for pk in rows}
    assert sum(names.values()) > len(names) == waiting > 0


PROGRAM = """
import sys, time_machine
from datetime import datetime
time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=True).start()
from marketplace.celery import app
app.conf.beat_schedule = {"sweep": {"task": "supervision.sweep", "schedule": 1.0}}
app.conf.task_default_queue, app.conf.task_routes = sys.argv[2], {}
if sys.argv[3] == "beat":
    app.Beat(schedule=sys.argv[4], quiet=True).run()
else:
    import django
    django.setup()
    from django.db.backends.signals import connection_created
    from tests.journeys.test_killed import dying
    if int(sys.argv[4]):
        holding = []
        def guard(connection, **rest):
            if not holding:
                holding.append(dying(int(sys.argv[4])))
                holding[0].__enter__()
        connection_created.connect(guard)
    app.worker_main(["worker", "-P", "solo", "-l", "ERROR", "--without-gossip", "--without-mingle"])
"""


def started(at: datetime, queue: str, *what: str) -> subprocess.Popen[bytes]:
    """A worker or a beat as the site runs them, on this test's database, for which it is `at`."""
    database = django_settings.DATABASES["default"]
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "marketplace.settings"}
    program = [sys.executable, "-c", PROGRAM, at.isoformat(), queue, *what]
    return subprocess.Popen(program, env=environment, cwd=django_settings.BASE_DIR)


@pytest.mark.skipif(
    connection.vendor != "postgresql" or not os.environ.get("REDIS_URL"), reason="needs PostgreSQL and Redis"
)
def test_worker_and_beat_killed_in_the_middle_of_a_sweep_are_replaced_and_all_is_done_once(world, tmp_path):
    _grant, at = stages.late_reports(world)
    expected, queue = undisturbed(lambda: sweep(at=at)), f"killed-{os.getpid()}-{time.time_ns()}"
    processes = [
        started(at, queue, "beat", str(tmp_path / "beat")), started(at, queue, "worker", "9"),
    ]  # fmt: skip
    try:
        assert processes[1].wait(60) == -signal.SIGKILL
        processes[0].kill()
        half = outcome()
        assert half != expected
        processes += [started(at, queue, "beat", str(tmp_path / "beat")), started(at, queue, "worker", "0")]
        until = time.monotonic() + 60
        while outcome() != expected and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(1)  # one more sweep at least
        assert outcome() == expected
    finally:
        for process in processes:
            process.kill()
            process.wait(10)
