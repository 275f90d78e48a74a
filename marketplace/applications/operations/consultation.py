"""A unit's answer, or its silence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.permissions import check_is_job
from accounts.queries import authority_for, recipients
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Consultation, Item, Route
from marketplace.applications.operations.dialogue import say
from marketplace.applications.queries import items_of, people_in_charge
from marketplace.applications.states import UNANSWERED, ApplicationState, ConsultationState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def consent(*, consultation: Consultation, actor: User, at: datetime) -> None:
    """asked → consented."""
    permissions.check_can_answer(actor, consultation, at)
    answer_consultation("consent", consultation, ConsultationState.CONSENTED, actor, at)


@transaction.atomic
def consent_in_part(
    *,
    consultation: Consultation,
    actor: User,
    at: datetime,
    conditions: str = "",
    fields: Mapping[Item, Sequence[str]] | None = None,
) -> None:
    """asked → consented in part: conditions become terms of whatever is granted, `fields` limit it (item → fields)."""
    permissions.check_can_answer(actor, consultation, at)
    narrowed = None if fields is None else _narrowed(consultation, fields)
    if narrowed is None and not conditions.strip():
        raise ValidationError(_("Name conditions, or consent to fewer fields; else consent in full."))
    answer_consultation(
        "consent_in_part", consultation, ConsultationState.CONSENTED_IN_PART, actor, at, conditions=conditions,
        fields=narrowed,
    )  # fmt: skip


@transaction.atomic
def object_to(*, consultation: Consultation, actor: User, at: datetime, reason: str) -> None:
    """asked → refused, with reasons."""
    permissions.check_can_answer(actor, consultation, at)
    require(reason=reason)
    answer_consultation("object", consultation, ConsultationState.REFUSED, actor, at, reason=reason)


@transaction.atomic
def record_no_answer(*, consultation: Consultation, actor: User, at: datetime) -> None:
    """asked → no answer, by the officer in charge, once the unit's time is over. Silence is never consent."""
    permissions.check_can_record_silence(actor, consultation, at)
    if not clock.has_run_out(consultation, Kind.CONSULTATION, at):
        raise InvalidState(_("The unit still has time to answer."))
    answer_consultation("record_no_answer", consultation, ConsultationState.NO_ANSWER, actor, at)


def article_of(application: Application) -> str:
    """Units consent under Art. 15 and are heard under Art. 16; an application may have items of both."""
    by_consent = application.items.filter(route=Route.ON_APPLICATION).exists()
    heard = application.items.exclude(route=Route.ON_APPLICATION).exists()
    return "Arts 15, 16" if by_consent and heard else "Art. 15" if by_consent else "Art. 16"


@transaction.atomic
def ask_from_unit(*, consultation: Consultation, actor: User, at: datetime, text: str) -> None:
    """asked → question: the unit asks the buyer, and its clock stands still until the answer."""
    permissions.check_can_answer(actor, consultation, at)
    _check_current(consultation)
    act = ledger.begin("ask", actor, at, article_of(consultation.application))
    workflow.move(act, consultation, ConsultationState.QUESTION)
    clock.pause(consultation, Kind.CONSULTATION, at)
    say(act, consultation.application, actor, consultation.unit, text, kind="question_asked")


@transaction.atomic
def answer_unit(*, consultation: Consultation, actor: User, at: datetime, text: str) -> None:
    """question → asked: the buyer answers, and the unit's clock goes on."""
    permissions.check_can_reply_to_unit(actor, consultation, at)
    _check_current(consultation)
    act = ledger.begin("answer", actor, at, article_of(consultation.application))
    workflow.move(act, consultation, ConsultationState.ASKED)
    clock.go_on(consultation, Kind.CONSULTATION, at)
    application = consultation.application
    say(act, application, actor, application.buyer, text, kind="question_answered")


@transaction.atomic
def extend_consultation(*, consultation: Consultation, actor: User, at: datetime, days: int, reason: str) -> None:
    """The officer in charge gives a unit more time, once, with a reason."""
    permissions.check_can_record_silence(actor, consultation, at)
    require(reason=reason)
    workflow.check_in(consultation, *UNANSWERED)
    _check_current(consultation)
    later = clock.extend(consultation, Kind.CONSULTATION, at, days)
    act = ledger.begin("extend", actor, at, article_of(consultation.application))
    ledger.record(act, consultation, detail={"days": days, "reason": reason})
    application = consultation.application
    tell(
        act, recipients(consultation.unit, at) + recipients(application.buyer, at), "clock_extended",
        link=application.get_absolute_url(), number=application.number, clock=Kind.CONSULTATION.label,
        due=last_day(later.due_at), reason=reason,
    )  # fmt: skip


@transaction.atomic
def escalate_consultation(*, consultation: Consultation, actor: ledger.SystemActor, at: datetime) -> bool:
    """A unit's time is over: the unit is reminded, the officer in charge and the unit's own authority are told. Once.

    Looks again under the lock; returns whether it did something. Silence is recorded by an officer, never here.
    """
    check_is_job(actor)
    locked = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    silent = locked.state == ConsultationState.ASKED and clock.has_run_out(locked, Kind.CONSULTATION, at)
    if locked.escalated_at is not None or not silent:
        return False
    Consultation.objects.filter(pk=locked.pk).update(escalated_at=at)
    act = ledger.begin("escalate", actor, at, article_of(consultation.application))
    ledger.record(act, locked)
    application, unit = locked.application, locked.unit
    words: dict[str, Any] = {"link": application.get_absolute_url(), "number": application.number, "unit": unit}
    tell(act, recipients(unit, at), "consultation_overdue", **words)
    above = authority_for(unit.region, at)
    told = people_in_charge(application) + (recipients(above, at) if above else [])
    tell(act, told, "consultation_escalated", **words)
    return True


def _check_current(consultation: Consultation) -> None:
    workflow.check_in(consultation.application, ApplicationState.IN_CONSULTATION)
    if consultation.round != consultation.application.round:
        raise InvalidState(_("This question belongs to an earlier round."))


def _narrowed(consultation: Consultation, fields: Mapping[Item, Sequence[str]]) -> dict[str, list[str]]:
    """Per item that holds the unit's data, the fields consented to: none that was not asked for."""
    items = {item.pk: item for item in items_of(consultation)}
    for item, names in fields.items():
        if item.pk not in items or set(names) - set(items[item.pk].fields):
            raise ValidationError({"fields": _("Consent to fields that were asked for.")})
    chosen = {item.pk: set(names) for item, names in fields.items()}
    return {
        str(pk): [name for name in item.fields if pk not in chosen or name in chosen[pk]] for pk, item in items.items()
    }


def answer_consultation(
    verb: str, consultation: Consultation, new: str, actor: User, at: datetime, **fields: Any
) -> ledger.Act:
    """Part of an operation that has checked who answers: the state, the clock, the notice to the authority."""
    application = consultation.application
    _check_current(consultation)
    act = ledger.begin(verb, actor, at, article_of(application))
    workflow.move(act, consultation, new, answered_by=actor, answered_at=at, detail=fields, **fields)
    clock.stop(consultation, at)
    authority = application.authority
    assert isinstance(authority, Party)
    tell(
        act, recipients(authority, at), "consultation_answered", link=application.get_absolute_url(),
        number=application.number, unit=consultation.unit, state=ConsultationState(new).label,
    )  # fmt: skip
    return act
