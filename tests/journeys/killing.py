"""Killing processes in the middle of their work: forks of a test, or a site's own worker, beat and web server."""

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from marketplace.applications.models import Hold
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision.models import Finding, Measure, UsageReport
from tests.journeys.killable import before_write

needs_services = pytest.mark.skipif(
    connection.vendor != "postgresql" or not os.environ.get("REDIS_URL"), reason="needs PostgreSQL and Redis"
)


@contextmanager
def dying(number: int | None) -> Iterator[None]:
    """Kill this process before its write of this number."""
    with connection.execute_wrapper(before_write(number or -1, lambda: os.kill(os.getpid(), signal.SIGKILL))):
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


class Site:
    """A worker, a beat, a web server as the site runs them, on this test's database and at a time of its choice.
    Beat asks for what is `asked`, each second."""

    def __init__(self, folder: Path, *asked: str, **variables: str) -> None:
        address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**django_settings.DATABASES["default"])
        environment = {**os.environ, "DATABASE_URL": address, "VAR_DIR": str(folder), **variables}
        environment["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
        self.prefix = f"killed-{os.getpid()}-{time.time_ns()}:"
        self.forks = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.killable", self.prefix, *asked], env=environment,
            cwd=django_settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.running: dict[str, int] = {}
        self.address = f"127.0.0.1:{self._answer()}"

    def _answer(self) -> int:
        assert self.forks.stdout
        return int(self.forks.stdout.readline())

    def start(self, *roles: str, at: datetime, dies_at: int = 0) -> None:
        """Where it dies by itself, all of it does: before the write of this number, or (-1) before it answers."""
        assert self.forks.stdin
        for role in roles:
            print(json.dumps([role, at.isoformat(), dies_at]), file=self.forks.stdin, flush=True)
            self.running[role] = self._answer()

    def kill(self) -> None:
        """kill -9 of all that runs, each with whatever it has started."""
        for pid in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self.running.clear()

    def is_alive(self, role: str) -> bool:
        return Path(f"/proc/{self.running[role]}").exists()

    def close(self) -> None:
        self.kill()
        self.forks.kill()
        self.forks.communicate()
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            if left := list(broker.scan_iter(f"{self.prefix}*", count=10_000)):
                broker.delete(*left)


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every mail, and says so a while later: who is killed meanwhile has sent it and does not know."""

    daemon_threads = True

    def __init__(self, slow: float) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.slow, self.mails = slow, list[tuple[str, str, bytes]]()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def take(self, content: bytes) -> None:
        mail = message_from_bytes(content)
        self.mails.append((mail["Message-ID"], mail["To"], mail.get_payload(decode=True)))
        time.sleep(self.slow)

    def wait_for_mails(self, number: int) -> None:
        """Until so many are taken."""
        wait_until(lambda: len(self.mails) >= number)

    def copies(self) -> Counter[str]:
        """How often each mail came, by its Message-ID."""
        return Counter(name for name, _to, _text in self.mails)


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        with suppress(OSError):  # it was killed
            self.say("220 here")
            while verb := self.rfile.readline()[:4].upper():
                if verb != b"DATA":
                    self.say("221 bye" if verb == b"QUIT" else "250 yes")
                    continue
                self.say("354 go on")
                lines = [b""]
                while lines[-1] != b".\r\n":
                    lines.append(self.rfile.readline())
                    if not lines[-1]:
                        return  # half a mail is none
                self.server.take(b"".join(lines[:-1]))
                self.say("250 taken")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def site_with_mail(folder: Path, *asked: str, slow: float = 1) -> Iterator[tuple[Site, MailServer]]:
    with MailServer(slow) as server:
        site = Site(folder, *asked, EMAIL_URL=server.url)
        try:
            yield site, server
        finally:
            site.close()
            server.shutdown()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it does not come about"
        time.sleep(0.1)
