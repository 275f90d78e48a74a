"""`manage.py reindex`: build the search anew from what is on offer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from listings import operations
from listings.search import triggers


class Command(BaseCommand):
    help = "Rebuilds every row of the search; with --check only names what does not agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail where index and rows differ")

    def handle(self, **options: Any) -> None:
        if not options["check"]:
            triggers.install(connection)
            self.stdout.write(f"{operations.reindex()} rows in the search")
            return
        differing = operations.drift()
        for name in differing:
            self.stdout.write(name)
        if differing:
            raise SystemExit(1)
