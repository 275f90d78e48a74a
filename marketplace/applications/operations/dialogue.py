"""The dialogue on a case, and the officer's question that stops the decision clock."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Message
from marketplace.applications.states import ApplicationState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

IN_HAND = (
    ApplicationState.ACCEPTED, ApplicationState.IN_CONSULTATION, ApplicationState.UNDER_REVIEW,
    ApplicationState.EXPERT_REVIEW,
)  # fmt: skip
SPOKEN = (ApplicationState.SUBMITTED, ApplicationState.RETURNED, *IN_HAND)


@transaction.atomic
def write_message(*, application: Application, actor: User, at: datetime, text: str) -> Message:
    """Buyer, authority or an asked unit writes to the others. Changes no state; kept for ever."""
    party = permissions.speaker(actor, application, at)
    workflow.check_in(application, *SPOKEN)
    return say(ledger.begin("write", actor, at, application.article), application, actor, party, text)


@transaction.atomic
def ask_buyer(*, application: Application, actor: User, at: datetime, text: str) -> Message:
    """The officer in charge asks the buyer: the decision clock stands still until the answer. One at a time."""
    permissions.check_in_charge(actor, application, at)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *IN_HAND)
    if locked.question_at is not None:
        raise InvalidState(_("The buyer has not answered the last question yet."))
    act = ledger.begin("ask", actor, at, locked.article)
    _set_question(act, locked, at)
    clock.pause(locked, Kind.DECISION, at)
    assert locked.deciding_party is not None  # it was submitted
    return say(act, locked, actor, locked.deciding_party, text, kind="question_asked")


@transaction.atomic
def answer_officer(*, application: Application, actor: User, at: datetime, text: str) -> Message:
    """The buyer answers: the decision clock goes on."""
    permissions.check_can_reply(actor, application, at)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *IN_HAND)
    if locked.question_at is None:
        raise InvalidState(_("No question is open."))
    act = ledger.begin("answer", actor, at, locked.article)
    _set_question(act, locked, None)
    clock.go_on(locked, Kind.DECISION, at)
    return say(act, locked, actor, locked.buyer, text, kind="question_answered")


@transaction.atomic
def extend_decision(*, application: Application, actor: User, at: datetime, days: int, reason: str) -> None:
    """Give the decision more time, once, with a reason that the buyer is told."""
    permissions.check_in_charge(actor, application, at)
    require(reason=reason)
    workflow.check_in(application, *IN_HAND)
    later = clock.extend(application, Kind.DECISION, at, days)
    act = ledger.begin("extend", actor, at, application.article)
    ledger.record(act, application, detail={"days": days, "reason": reason})
    tell(
        act, recipients(application.buyer, at), "clock_extended", link=application.get_absolute_url(),
        number=application.number, clock=Kind.DECISION.label, due=last_day(later.due_at), reason=reason,
    )  # fmt: skip


def say(
    act: ledger.Act, application: Application, by: User, party: Party, text: str, *, kind: str = "message_written"
) -> Message:
    """Part of another operation: keeps a message, tells everybody in the dialogue but its author."""
    message = Message.objects.create(application=application, by=by, party=party, text=text, at=act.at)
    ledger.record(act, message, detail={"application": application, "party": party, "text": text})
    asked = Party.objects.filter(consultations__application=application).distinct()
    parties = [application.buyer, *asked, *filter(None, [application.deciding_party])]
    people = {to for one in parties for to in recipients(one, act.at)}
    tell(
        act, [to for to in people if to.ref != by.ledger_ref], kind, link=application.get_absolute_url(),
        key=f"message:{message.pk}", number=application.number, party=party, text=text,
    )  # fmt: skip
    return message


def _set_question(act: ledger.Act, application: Application, at: datetime | None) -> None:
    Application.objects.filter(pk=application.pk).update(question_at=at)
    ledger.record(act, application)
