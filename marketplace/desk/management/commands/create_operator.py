"""`manage.py create_operator`: start a new site with its platform operator and that operator's first person."""

import getpass
import os
from datetime import date
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import operations
from accounts.models import Capability, CapabilityKind, Region, User
from marketplace.desk.database import prepare
from marketplace.errors import Refused

PASSWORD = "OPERATOR_PASSWORD"
ASKED = {
    "organisation": "Name of the organisation: ",
    "uscc": "Its unified social credit code: ",
    "name": "Name of its first person: ",
    "email": "E-mail of that person: ",
    "valid_until": "Verified until (YYYY-MM-DD): ",
}


class Command(BaseCommand):
    help = (
        "Starts a new site: its platform operator, verified, and that operator's first person as owner. Refuses where "
        f"an operator exists. Asks for what no option gives; the password comes from {PASSWORD} or a prompt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, question in ASKED.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=question.rstrip(": "))
        parser.add_argument("--region", default="350000", help="code of the region it serves; by default the province")

    def handle(self, **options: Any) -> None:
        prepare()
        if Capability.objects.filter(kind=CapabilityKind.OPERATOR).exists():
            raise CommandError("This site has an operator already.")
        given = {name: options[name] or input(question) for name, question in ASKED.items()}
        try:
            region = Region.objects.get(code=options["region"])
            user = self.start(region, date.fromisoformat(given.pop("valid_until")), **given)
        except Region.DoesNotExist as error:
            raise CommandError("There is no such region.") from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except (Refused, ValueError, IntegrityError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The site is started. {user.email} logs in, then sets up a second factor.")

    @transaction.atomic
    def start(self, region: Region, until: date, *, organisation: str, uscc: str, name: str, email: str) -> User:
        at, password = timezone.now(), os.environ.get(PASSWORD) or getpass.getpass()
        person = User(email=email, name=name)
        person.full_clean(exclude=["password"])
        validate_password(password, person)
        user = operations.set_up_account(at=at, email=email, name=name, password=password)
        operations.found_operator(founder=user, at=at, name=organisation, region=region, uscc=uscc, valid_until=until)
        return user
