"""What anybody may say without a login: a sealed name and contact, and a code that opens the answer."""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounts import sealing
from accounts.models import User
from marketplace.ledger import entries as ledger

PUBLIC = ledger.SystemActor("public")
KEEP_CONTACT = timedelta(days=183)  # after the answer: as long as an action before the court may be brought


class Lodged(NamedTuple):
    """What was said and the code that, with its number, opens its answer. The code is shown once and kept nowhere."""

    made: Any
    code: str


class FromAnybody(models.Model):
    """Somebody's word: of a user, or of whoever follows it with number and code, of which only the hash is kept.

    Name and contact are sealed together, and erased some time after the answer.
    """

    letter = ""  # of its numbers

    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    person_sealed = models.TextField(blank=True, editable=False)
    code_hash = models.CharField(max_length=64, editable=False)

    class Meta:
        abstract = True

    @property
    def number(self) -> str:
        return f"{self.letter}{self.pk:06d}"

    def person(self) -> dict[str, str]:
        """Name and contact, opened; empty where none was given or they were erased."""
        opened: dict[str, str] = json.loads(sealing.unseal(self.person_sealed)) if self.person_sealed else {}
        return opened

    def opens_with(self, code: str) -> bool:
        return secrets.compare_digest(self.code_hash, hash_of(code.strip()))


def new_code() -> str:
    return secrets.token_urlsafe(12)


def hash_of(code: str) -> str:
    """96 random bits need no salt and no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()


def seal_person(name: str, contact: str) -> str:
    person = {key: value.strip() for key, value in (("name", name), ("contact", contact)) if value.strip()}
    if any(len(value) > 200 for value in person.values()):
        raise ValidationError(_("Name and contact have at most 200 characters each."))
    return sealing.seal(json.dumps(person, ensure_ascii=False)) if person else ""


def find(rows: models.QuerySet[Any], number: str, code: str) -> Any:
    """The row with this number, if the code is its own; else None."""
    digits = number.strip().upper().removeprefix(rows.model.letter)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        return None
    found = rows.filter(pk=int(digits)).first()
    return found if found and found.opens_with(code) else None


def erase_person(row: FromAnybody, due: models.QuerySet[Any], actor: ledger.SystemActor, at: datetime) -> bool:
    """Name and contact go where `row` is among those due. Returns whether there was anything."""
    if not due.filter(pk=row.pk).exclude(person_sealed="").update(person_sealed=""):
        return False
    ledger.record(ledger.begin("erase", actor, at), row)
    return True


def reseal_people(model: type[FromAnybody]) -> int:
    """After a change of keys: names and contacts sealed again under the first. Returns how many."""
    rows = list(model._base_manager.select_for_update(of=("self",)).exclude(person_sealed=""))
    for row in rows:
        model._base_manager.filter(pk=row.pk).update(person_sealed=sealing.reseal(row.person_sealed))
    return len(rows)
