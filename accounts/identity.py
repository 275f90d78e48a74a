"""Numbers of identity documents: what is checked of them, and how little is shown."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from stdnum.iso7064 import mod_11_2

from accounts import sealing

ADULT_YEARS = 18  # Civil Code Art. 18: an adult acts alone


class DocumentKind(models.TextChoices):
    RESIDENT = "resident", _("resident identity card")
    PASSPORT = "passport", _("passport")
    PERMIT = "permit", _("travel or residence permit")


def normalise(number: str) -> str:
    return re.sub(r"[\s-]", "", number).upper()


def check_document(kind: str, number: str, day: date) -> None:
    """A resident number's check digit and date of birth, adults only; of other documents no more than the shape.

    The county code is not checked: codes retire. Raises ValidationError for `id_number`, never repeating the number.
    """
    if kind != DocumentKind.RESIDENT:
        if not re.fullmatch(r"[0-9A-Z]{5,20}", number):
            raise ValidationError({"id_number": _("A document number has 5 to 20 letters and digits.")})
        return
    born = _born(number)
    if born is None or not mod_11_2.is_valid(number):
        raise ValidationError(
            {"id_number": _("This is no resident identity number: its date or check digit is wrong.")}
        )
    if (born.year + ADULT_YEARS, born.month, born.day) > (day.year, day.month, day.day):
        raise ValidationError({"id_number": _("Only adults can be registered.")})


def seal_document(kind: str, number: str) -> dict[str, str]:
    """The columns of a party under which a document is kept."""
    return {"id_kind": kind, "id_encrypted": sealing.seal(number), "id_hmac": indexes(kind, number)[0]}


def indexes(kind: str, number: str) -> list[str]:
    """Blind indexes of a document under each key, the one in use first."""
    return sealing.blind_indexes(f"{kind}:{number}")


def mask(sealed: str) -> str:
    """First and last two characters of a sealed number, asterisks between."""
    number = sealing.unseal(sealed)
    return f"{number[0]}{'*' * (len(number) - 3)}{number[-2:]}"


def _born(number: str) -> date | None:
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
