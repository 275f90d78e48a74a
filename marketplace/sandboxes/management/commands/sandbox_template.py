"""`manage.py sandbox_template`: fill an empty database for sandboxes; called by the site itself, in a process apart."""

import logging
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.models import User
from marketplace.desk.cast import assemble, real_regions
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import list_version, make_entry, make_product, make_version, sign_rules
from marketplace.elsewhere import site_now
from marketplace.notices.models import Channel, Outbox
from marketplace.sandboxes.operations import DOMAIN

DAYS_AGO = 60


class Command(BaseCommand):
    help = "Fills an empty SQLite database with what a fresh sandbox holds; reads content types on standard input."

    def handle(self, **options: Any) -> None:
        logging.getLogger("marketplace.wake").setLevel(logging.ERROR)
        call_command("migrate", verbosity=0)
        if connection.vendor != "sqlite" or User.objects.exists():
            raise CommandError("This is only for an empty SQLite database.")
        with transaction.atomic(), tempfile.TemporaryDirectory(prefix="minshu-sandbox-") as scratch:
            _take_numbers(sys.stdin.read())
            _play(Path(scratch))
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _take_numbers(kept: str) -> None:
    ContentType.objects.all().delete()
    for row in serializers.deserialize("json", kept):
        row.save()
    ContentType.objects.clear_cache()


def _play(scratch: Path) -> None:
    at = site_now() - timedelta(days=DAYS_AGO)
    cast = assemble(regions=real_regions(), at=at, domain=DOMAIN, password=None, tag="(沙盒)")
    sign_rules(cast, at)
    product = make_product(cast, make_entry(cast, at), at)
    version = make_version(product, cast, at, write_visits(scratch / "visits.csv"), VISIT_ROLES, about="persons")
    list_version(version, cast, at)
    Outbox.objects.filter(channel=Channel.EMAIL).delete()  # no mail leaves a sandbox
