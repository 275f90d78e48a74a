"""`manage.py sweep`: run every monitor once."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from marketplace.desk.database import prepare
from marketplace.supervision.sweep import sweep


class Command(BaseCommand):
    help = "Runs every monitor once and prints what each found and did."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", help="ISO time to look from; by default now")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, **options: Any) -> None:
        at = _moment(options["at"]) if options["at"] else timezone.now()
        if at > timezone.now() and not settings.DEMO:
            raise CommandError("From a later day only a demonstration is swept: here grants would pause for nothing.")
        prepare()
        results = sweep(at=at)
        for result in results:
            if options["json"]:
                self.stdout.write(json.dumps(result._asdict()))
            else:
                counts = f"found {result.found}, did {result.did}, failed {result.failed}"
                self.stdout.write(f"{result.monitor} ({result.article}): {counts}")
        if any(result.failed for result in results):
            raise SystemExit(1)


def _moment(text: str) -> datetime:
    """An ISO time; without a zone it is Shanghai's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is no ISO time, such as 2027-01-31T18:00+08:00.") from error
    if not 2000 <= moment.year < 2200:  # outside, working days cannot be counted
        raise CommandError(f"“{text}” is out of reach: give a time from 2000 to 2199.")
    return moment if moment.tzinfo else timezone.make_aware(moment)
