"""`manage.py demo_credential`: a key for the API, of one of the demo's organisations."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import operations
from accounts.models import Membership, Role, Scope
from marketplace.desk import demo
from marketplace.desk.database import prepare


class Command(BaseCommand):
    help = "Prints a new key, valid for a day, for the organisation that a demo person owns; never in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", nargs="?", default="buyer", help="buyer, seller, officer, provider …")

    def handle(self, *, person: str, **options: Any) -> None:
        prepare()
        email = f"{person}@{demo.DOMAIN}"
        owned = Membership.objects.select_related("party", "user").filter(user__email=email, role=Role.OWNER).first()
        if not settings.DEMO or owned is None:
            raise CommandError(f"There is no demo person {email} who owns an organisation here.")
        at = timezone.now()
        credential, key = operations.create_credential(
            party=owned.party, actor=owned.user, at=at, name="demo", responsible=owned.user,
            scopes=Scope.values, expires_at=at + timedelta(days=1),
        )  # fmt: skip
        operations.agree_to_be_named(credential=credential, actor=owned.user, at=at)
        self.stdout.write(key)
