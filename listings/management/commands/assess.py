"""`manage.py assess FILE`: the assessment of Art. 17 by the site's thresholds."""

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from listings.deidentification import cli


class Command(BaseCommand):
    help = "Can anybody be recognised in this file? Exit code 0: passes, 2: fails, 1: cannot be read."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.error = lambda message: parser.exit(cli.UNREADABLE, f"{message}\n")  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        cli.add_arguments(parser)
        parser.set_defaults(engine=settings.RISK_ENGINE)

    def handle(self, **options: Any) -> None:
        raise SystemExit(cli.run(SimpleNamespace(**options), rules=settings.RISK_RULES))
