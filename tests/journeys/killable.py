"""The processes of a site whose time and death a test chooses: `python -m tests.journeys.killable PREFIX ASKED…`.

For each line of JSON that it reads it starts one, as `manage.py up` or a unit of `deploy/` starts it, in a session of
its own, and answers with its number. Beat asks for what is ASKED only, and every second. To read the code takes
seconds, and is done once: each process is a fork.
"""

import json
import os
import re
import runpy
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any


def before_write(number: int, die: Callable[[], None]) -> Callable[..., Any]:
    """A wrapper of a connection's statements that dies before the write of this number."""
    written = 0

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal written
        written += sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        if written == number:
            die()
        return execute(sql, *rest)

    return count


def die_together() -> None:
    """kill -9 of the process and all that it started."""
    os.killpg(0, signal.SIGKILL)


def unanswered(application: Callable[..., Iterable[bytes]]) -> Callable[..., Any]:
    """The web server does all that it is asked for and dies before it has said so."""

    def work(environ: Any, start_response: Any) -> Any:
        list(application(environ, lambda *_: None))
        die_together()

    return work


def commands(listener: socket.socket) -> dict[str, list[str]]:
    """Module and arguments of each process: as under `up`, and `unit-worker` as its unit says."""
    from django.conf import settings

    from marketplace.desk import processes

    unit = (settings.BASE_DIR / "deploy" / "minshu-worker.service").read_text()
    found = re.search(r"^ExecStart=\S+/(celery .*)$", unit, re.MULTILINE)
    assert found
    children = (processes.worker(), processes.beat(), processes.web(listener))
    return {"unit-worker": shlex.split(found[1]), **{child.name: child.command[2:] for child in children}}


def become(command: list[str], at: str, dies_at: int, log: Path) -> None:
    """In the fork. `dies_at`: the number of a write; -1: the first answer."""
    import time_machine
    from django.db.backends.signals import connection_created

    from marketplace import wsgi

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with log.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    time_machine.travel(datetime.fromisoformat(at), tick=True).start()
    if dies_at > 0:
        guard = before_write(dies_at, die_together)
        connection_created.connect(lambda connection, **_: connection.execute_wrappers.append(guard), weak=False)
    elif dies_at < 0:
        wsgi.application = unanswered(wsgi.application)
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def main(prefix: str, *asked: str) -> None:
    import django
    from django.conf import settings
    from django.urls import get_resolver

    from marketplace.celery import app

    django.setup()

    from marketplace.desk import processes

    processes.die_with_parent(os.getppid())
    get_resolver().url_patterns  # noqa: B018  (reads all views)
    app.loader.import_default_modules()
    app.conf.broker_transport_options |= {"global_keyprefix": prefix}  # not the queues of whoever else is on this Redis
    app.conf.beat_schedule = {name: {**app.conf.beat_schedule[name], "schedule": 1.0} for name in asked}
    listener = socket.create_server(("127.0.0.1", 0))
    what = commands(listener)
    print(listener.getsockname()[1], flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        role, at, dies_at = json.loads(line)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            processes.die_with_parent(parent)
            become(what[role], at, dies_at, settings.VAR_DIR / f"{role}.log")
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
