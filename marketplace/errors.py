"""The ways in which an operation says no. One place per face turns them into an answer (`faces.py`)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """Nothing was changed, recorded or sent. `str()` is a sentence for the person who asked."""

    status = 400


class NotAllowed(Refused):
    """This person may not do this, whatever the state (403)."""

    status = 403


class InvalidState(Refused):
    """Nobody may do this now: the state, a clock or a missing fact stands against it (409)."""

    status = 409


class StaleState(InvalidState):
    """Somebody else was faster (409)."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else has just changed this. Reload the page and look again."))


class TooLarge(Refused):
    """The upload was cut off at the limit (413)."""

    status = 413


def require_remedy(text: str) -> None:
    """Every refusal, order and termination names the remedy against it (Art. 45)."""
    if not text.strip():
        raise ValidationError({"remedy": _("Name the remedy against this.")})
