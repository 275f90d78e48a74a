"""The ways in which an operation says no. One place per face turns them into an answer (`faces.py`)."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """Nothing was changed, recorded or sent. `str()` is a sentence for the person who asked."""

    status = 400
    is_recorded = False


class NotAllowed(Refused):
    """This person may not do this, whatever the state (403)."""

    status = 403


def is_allowed(check: Callable[..., None], *given: Any) -> bool:
    """Whether a check of a person's right lets pass: for what is shown, or left out, before anything is done."""
    try:
        check(*given)
    except NotAllowed:
        return False
    return True


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


MISSING = {
    "reason": _("Give the reason."),
    "evidence": _("Name the evidence."),
    "remedy": _("Name the remedy against this."),
    "facts": _("State the facts."),
    "demand": _("Say what has to be corrected."),
    "text": _("Write what there is to say."),
    "question": _("Write what there is to say."),
    "answer": _("Write what there is to say."),
    "summary": _("Write what there is to say."),
    "conditions": _("Name the conditions."),
    "source": _("Name the source."),
    "name": _("Give the name."),
    "name_en": _("Give the name."),
}


def require(**texts: str) -> None:
    """Refuses an act without its words, whatever the face: reasons are mandatory, and every refusal, order and
    termination names its remedy (Art. 45). Raises ValidationError naming each empty text."""
    if empty := {name: MISSING.get(name, MISSING["text"]) for name, text in texts.items() if not text.strip()}:
        raise ValidationError(empty)
