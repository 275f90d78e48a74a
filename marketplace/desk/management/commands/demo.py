"""`manage.py demo`: load the demo data."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.desk import demo
from marketplace.desk.database import prepare


class Command(BaseCommand):
    help = "Loads the demo data, once; harmless when repeated."

    def handle(self, **options: Any) -> None:
        logging.getLogger("marketplace.wake").setLevel(logging.ERROR)  # no worker is needed to load it
        prepare()
        try:
            loaded = demo.load(at=timezone.now())
        except PermissionError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Demo data loaded." if loaded else "The demo data is there already.")
