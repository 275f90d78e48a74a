"""`manage.py rotate_field_keys`: seal everything again under the first of FIELD_KEYS."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import operations
from listings.operations import reseal_objectors
from marketplace.desk.database import prepare
from marketplace.supervision.operations import reseal_reporters


class Command(BaseCommand):
    help = (
        "Seals identity numbers, objectors, reporters and second factors under the first of FIELD_KEYS; "
        "then drop the others."
    )

    def handle(self, **options: Any) -> None:
        prepare()
        try:
            with transaction.atomic():
                sealed = operations.reseal_everything() + reseal_objectors() + reseal_reporters()
        except InvalidToken as error:
            raise CommandError("A key that is still needed is missing from FIELD_KEYS; nothing was changed.") from error
        self.stdout.write(f"Sealed again: {sealed}.")
