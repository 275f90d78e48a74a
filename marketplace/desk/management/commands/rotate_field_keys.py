"""`manage.py rotate_field_keys`: seal everything again under the first of FIELD_KEYS."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from accounts import operations
from marketplace.desk.database import prepare


class Command(BaseCommand):
    help = "Seals identity numbers and second factors under the first of FIELD_KEYS; afterwards drop the others."

    def handle(self, **options: Any) -> None:
        prepare()
        try:
            sealed = operations.reseal_everything()
        except InvalidToken as error:
            raise CommandError("A key that is still needed is missing from FIELD_KEYS; nothing was changed.") from error
        self.stdout.write(f"Sealed again: {sealed}.")
