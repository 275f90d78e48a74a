"""`manage.py demo_accounts`: the demo logins."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.desk import demo
from marketplace.desk.database import prepare


class Command(BaseCommand):
    help = "Lists role, e-mail and password of the demo logins; refuses where there is no demo data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a JSON list")

    def handle(self, **options: Any) -> None:
        prepare()
        if not settings.DEMO or not demo.is_loaded():
            raise CommandError("There is no demo data here: `manage.py demo` loads it (never in production).")
        rows = demo.accounts()
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in rows:
            self.stdout.write(f"{row['email']:<44} {row['password']:<20} {row['role']} · {row['name']}")
