"""What an inspection asks. A list that was used is never changed: a past inspection keeps its edition."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Question(NamedTuple):
    code: str
    text: Any


EDITIONS: dict[int, tuple[Question, ...]] = {
    1: (
        Question("purpose", _("Is the data used only for the purposes that were granted?")),
        Question("people", _("Do only the people named have access, and do those who left have none?")),
        Question("storage", _("Is the data kept where the application says, and protected as it says?")),
        Question("onward", _("Was the data passed on to nobody, unless the grant allows it?")),
        Question("people_recognised", _("Has nobody tried to recognise anybody in the data?")),
        Question("attribution", _("Do derived products show their sources as they were delivered?")),
        Question("reports", _("Do the usage reports agree with what is found on the spot?")),
        Question("incidents", _("Are incidents recorded and reported in time?")),
    )
}
CURRENT = max(EDITIONS)


def questions(edition: int) -> tuple[Question, ...]:
    return EDITIONS[edition]
