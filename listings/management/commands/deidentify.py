"""`manage.py deidentify suggest|apply FILE …`: recipes, as `python -m listings.deidentification`."""

from argparse import REMAINDER
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from listings.deidentification.recipe import cli


class Command(BaseCommand):
    help = "Suggests the recipe with which a data file passes (suggest FILE), or applies one (apply FILE)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs=REMAINDER, help="suggest FILE …, or apply FILE --recipe R --out OUT")

    def handle(self, **options: Any) -> None:
        code = cli.run(options["arguments"])
        if code:
            raise SystemExit(code)
