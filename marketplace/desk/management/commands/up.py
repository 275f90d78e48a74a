"""`manage.py up`: the whole site on one machine, with no service to install.

Starts and supervises an embedded Valkey server (unless REDIS_URL names another), a Celery worker, beat and
the web server; what dies is started again. One signal stops all of them in order.
"""

import fcntl
import http.client
import os
import signal
import socket
import time
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from marketplace.desk import processes
from marketplace.ledger import triggers

ANSWER_WITHIN = 90  # seconds from start to the first answer; a slow machine needs about 15


class Command(BaseCommand):
    help = "Migrate, load the demo data into an empty database, and run the whole site until stopped."
    requires_system_checks = ()  # they want a migrated database: see prepare()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="0 takes any free port.")
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *args: Any, port: int, host: str, **options: Any) -> None:
        os.umask(0o077)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C
        children: list[processes.Child] = []
        with lock_var_dir(), listen(host, port) as listener:
            try:
                self.run_site(children, listener, address_of(listener, host))
            except KeyboardInterrupt:
                self.stdout.write("Stopping.")
            finally:
                for name in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(name, signal.SIG_IGN)
                for child in reversed(children):
                    child.stop()
                processes.remove_socket_folder()
        self.stdout.write("Stopped.")

    def run_site(self, children: list[processes.Child], listener: socket.socket, address: str) -> None:
        """Fills `children` in the order of their start, so that the caller can stop them in any case."""
        if settings.EMBEDDED_SOCKET:
            children.append(processes.embedded_server(settings.EMBEDDED_SOCKET))
            children[0].start()
            processes.wait_for(children[0])
        self.prepare()
        children += [processes.worker(), processes.beat(), processes.web(listener)]
        self.supervise(children, address)

    def prepare(self) -> None:
        """Everything that must be there before a process serves or works."""
        refuse_unguarded_ledger()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("compile_translations")
        self.check(databases=["default"])
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO and not get_user_model()._default_manager.exists():
            self.stdout.write("Loading the demo data.")
            self.stdout.flush()
            call_command("demo")
        connections.close_all()

    def supervise(self, children: list[processes.Child], address: str) -> None:
        give_up, answered = time.monotonic() + ANSWER_WITHIN, False
        while True:
            for child in children:
                if sentence := child.watch():
                    self.stderr.write(sentence)
            if not answered and (answered := answers(address)):
                self.greet(address)
            if not answered and time.monotonic() > give_up:
                raise CommandError(f"The site did not answer within {ANSWER_WITHIN} seconds: see above.")
            time.sleep(0.2)

    def greet(self, address: str) -> None:
        self.stdout.write(f"\nMinshu answers on {address}/ (Ctrl-C stops it)\n")
        if settings.DEMO:
            try:
                call_command("demo_accounts", stdout=self.stdout)
            except CommandError as error:  # a database without demo data
                self.stdout.write(str(error))
            connections.close_all()
        self.stdout.flush()


def lock_var_dir() -> IO[str]:
    """Make the folders, and keep everybody else's `up` off them for as long as the file stays open."""
    for name in ("", "static", "files", "mail", "valkey"):
        (settings.VAR_DIR / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (settings.VAR_DIR / "up.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CommandError(
            f"A site is already running on {settings.VAR_DIR}: stop it, or set another VAR_DIR."
        ) from None
    return lock


def listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}. "
            "Another port: `make run PORT=8001`, or `manage.py up --port 8001`."
        ) from None


def address_of(listener: socket.socket, host: str) -> str:
    """The address to visit. Unless SITE_URL is set, it is also what notices and attributions print."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"
    if "SITE_URL" not in os.environ:
        os.environ["SITE_URL"] = settings.SITE_URL = address
    return address


def refuse_unguarded_ledger() -> None:
    """Before `migrate` silently puts missing triggers back. Without entries, it was only interrupted."""
    if "ledger_entry" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM ledger_entry LIMIT 1")
        written = cursor.fetchone() is not None
    if written:
        try:
            triggers.require(connection)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error


def answers(address: str) -> bool:
    site = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    try:
        site.request("GET", "/")
        return site.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        site.close()
