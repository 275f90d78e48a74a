"""A unit's answer, or its silence."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Consultation, Route
from marketplace.applications.states import ApplicationState, ConsultationState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def consent(*, consultation: Consultation, actor: User, at: datetime) -> None:
    """asked → consented."""
    permissions.check_can_answer(actor, consultation, at)
    _answer("consent", consultation, ConsultationState.CONSENTED, actor, at)


@transaction.atomic
def consent_in_part(*, consultation: Consultation, actor: User, at: datetime, conditions: str) -> None:
    """asked → consented in part: the conditions become terms of whatever is granted."""
    permissions.check_can_answer(actor, consultation, at)
    require(conditions=conditions)
    _answer("consent_in_part", consultation, ConsultationState.CONSENTED_IN_PART, actor, at, conditions=conditions)


@transaction.atomic
def object_to(*, consultation: Consultation, actor: User, at: datetime, reason: str) -> None:
    """asked → refused, with reasons."""
    permissions.check_can_answer(actor, consultation, at)
    require(reason=reason)
    _answer("object", consultation, ConsultationState.REFUSED, actor, at, reason=reason)


@transaction.atomic
def record_no_answer(*, consultation: Consultation, actor: User, at: datetime) -> None:
    """asked → no answer, by the officer in charge, once the unit's time is over. Silence is never consent."""
    permissions.check_can_record_silence(actor, consultation, at)
    if not clock.has_run_out(consultation, Kind.CONSULTATION, at):
        raise InvalidState(_("The unit still has time to answer."))
    _answer("record_no_answer", consultation, ConsultationState.NO_ANSWER, actor, at)


def article_of(application: Application) -> str:
    """Units consent under Art. 15 and are heard under Art. 16; an application may have items of both."""
    by_consent = application.items.filter(route=Route.ON_APPLICATION).exists()
    heard = application.items.filter(route=Route.SECONDARY_DEVELOPMENT).exists()
    return "Arts 15, 16" if by_consent and heard else "Art. 15" if by_consent else "Art. 16"


def _answer(verb: str, consultation: Consultation, new: str, actor: User, at: datetime, **fields: str) -> None:
    application = consultation.application
    workflow.check_in(application, ApplicationState.IN_CONSULTATION)
    if consultation.round != application.round:
        raise InvalidState(_("This question belongs to an earlier round."))
    act = ledger.begin(verb, actor, at, article_of(application))
    workflow.move(act, consultation, new, answered_by=actor, answered_at=at, detail=fields, **fields)
    clock.stop(consultation, at)
    authority = application.authority
    assert isinstance(authority, Party)
    tell(
        act, recipients(authority, at), "consultation_answered", link=application.get_absolute_url(),
        number=application.number, unit=consultation.unit, state=ConsultationState(new).label,
    )  # fmt: skip
