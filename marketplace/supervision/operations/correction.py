"""After the order: evidence of correction, notice of intent and hearing, refusal to correct."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.operations.evidence import rested_on
from accounts.queries import recipients
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.documents.models import Paper
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.models import Evidence, EvidenceKind, Measure
from marketplace.supervision.operations import papers
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS, check_days_to_correct, tell_party, watching
from marketplace.supervision.operations.service import check_has_read
from marketplace.supervision.review import check_not_stayed, is_stayed
from marketplace.supervision.states import MeasureState

OPEN = (MeasureState.ISSUED, MeasureState.EVIDENCE_FILED)
ANSWERED = (MeasureState.ISSUED, MeasureState.REFUSED_TO_CORRECT)  # with evidence of correction
HEARD: Any = gettext_lazy("the party is to be heard")


@transaction.atomic
def file_evidence(*, measure: Measure, actor: User, at: datetime, text: str) -> None:
    """issued → evidence filed: the party says what it corrected. Nothing resumes before an officer lifts the order.

    Filed in time, it stops the clock of the correction: now it is the officer's turn, who has working days to judge it.
    Who corrects does not refuse, whatever it said before. Filed once a refusal was found, it changes no state: whoever
    decides reads it first.
    """
    permissions.check_can_respond(actor, measure, at)
    require(text=text)
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update())  # what ends the case meanwhile waits
    workflow.check_in(measure, *ANSWERED)
    act = ledger.begin("file_evidence", actor, at, measure.article)
    detail = {"text": text, **rested_on(measure)}
    if measure.state == MeasureState.ISSUED:
        workflow.move(act, measure, MeasureState.EVIDENCE_FILED, refuses=False, detail=detail)
        _forget_without_ground(measure, at)
        if clock.has_run_out(measure, Kind.CORRECTION, at):
            clock.stop(measure, at, Kind.CORRECTION)
        _begin_to_decide(measure, Kind.JUDGEMENT, at)
    else:
        Measure.objects.filter(pk=measure.pk).update(refuses=False)
        ledger.record(act, measure, detail=detail)
    Evidence.objects.create(measure=measure, kind=EvidenceKind.CORRECTION, text=text, by=actor, at=at)
    clock.pause(measure, Kind.CORRECTION, at)
    _tell_signatory(act, measure, text)


@transaction.atomic
def ask_for_more(*, measure: Measure, actor: User, at: datetime, reason: str, days: int | None = None) -> None:
    """evidence filed → issued: it does not show the correction yet; the party's time goes on. It is heard anew before a
    refusal is found.

    Where its time is over, it has `days` working days from now on (None: as many as it had), in a document. Raises
    ValidationError for `days` where its time goes on, InvalidState while this officer has not read all that was filed.
    """
    permissions.check_can_order(actor, measure, at)
    require(reason=reason)
    check_days_to_correct(days)
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update())  # what is filed meanwhile waits
    workflow.check_in(measure, MeasureState.EVIDENCE_FILED)
    check_has_read(measure, actor)
    is_over = clock.has_run_out(measure, Kind.CORRECTION, at)
    if days is not None and not is_over:
        raise ValidationError({"days": _("The party still has time to correct: it goes on.")})
    said: dict[str, Any] = {"reason": reason, "days": days or own_days(measure)} if is_over else {"reason": reason}
    act = ledger.begin("ask_for_more", actor, at, measure.article)
    workflow.move(act, measure, MeasureState.ISSUED, detail=said)
    forget_hearing(measure, at)
    clock.stop(measure, at, Kind.JUDGEMENT)
    if is_over:
        give_time(measure, at, said["days"])
    if is_stayed(measure):  # the time goes on when the stay ends
        clock.pause(measure, Kind.CORRECTION, at)
    else:
        clock.go_on(measure, Kind.CORRECTION, at)
    tell_party(act, measure, reason, **running_until(measure))
    if is_over:
        papers.write_measure(act, measure, Paper.EXTENSION, reason)


@transaction.atomic
def extend_correction(*, measure: Measure, actor: User, at: datetime, days: int, reason: str) -> None:
    """issued: the party gets `days` working days more to correct, with the reason; once, also where an officer or a
    review gave it new time since. What is held stays held; a refusal that it spoke of, and a hearing on that, count no
    more."""
    permissions.check_can_order(actor, measure, at)
    require(reason=reason)
    measure = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    workflow.check_in(measure, MeasureState.ISSUED)
    if was_extended(measure):
        raise InvalidState(_("The time to correct was extended already: once, also where new time was given since."))
    longer = clock.extend(measure, Kind.CORRECTION, at, days)
    # while a review has stayed it, it ends on no day yet
    until: dict[str, Any] = {} if longer.paused_at else {"due": last_day(longer.due_at)}
    forget_hearing(measure, at)
    act = ledger.begin("extend", actor, at, measure.article)
    ledger.record(act, measure, detail={"days": days, "until": until.get("due"), "reason": reason})
    people = recipients(measure.party, at) + watching(measure, at)
    tell(
        act, people, "measure_extended" if until else "measure_extended_stayed", link=measure.get_absolute_url(),
        number=measure.number, days=days, reason=reason, **until,
    )  # fmt: skip
    papers.write_measure(act, measure, Paper.EXTENSION, reason)


@transaction.atomic
def open_hearing(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """Notice of intent to find a refusal and terminate: the party has working days to be heard. State stays.

    Raises InvalidState while the party has time to correct and has not said that it refuses, and while a review stays
    the measure.
    """
    permissions.check_can_order(actor, measure, at)
    require(reason=reason)
    measure = _lock(measure)
    check_not_stayed(measure)
    _check_fails(measure, at)
    if measure.hearing_opened_at is not None:
        raise InvalidState(_("The hearing was opened already."))
    Measure.objects.filter(pk=measure.pk).update(hearing_opened_at=at)
    act = ledger.begin("open_hearing", actor, at, measure.article)
    ledger.record(act, measure, detail={"reason": reason})
    due = last_day(clock.start(measure, Kind.HEARING, at).due_at)
    tell(
        act, recipients(measure.party, at), "hearing_opened", link=measure.get_absolute_url(), number=measure.number,
        due=due, reason=reason,
    )  # fmt: skip
    if measure.required_by is not None:
        tell(
            act, recipients(measure.required_by, at), "measure_moved", link=measure.get_absolute_url(),
            number=measure.number, state=HEARD, reason=reason,
        )  # fmt: skip
    papers.write_measure(act, measure, Paper.HEARING, reason)


@transaction.atomic
def file_statement(*, measure: Measure, actor: User, at: datetime, text: str, refuses: bool = False) -> None:
    """What the party says, in the hearing or before it, and whether it refuses to correct. In a hearing it is heard by
    this, and whoever signs has working days to decide; a refusal taken back in time takes away what the hearing was
    opened for."""
    permissions.check_can_respond(actor, measure, at)
    require(text=text)
    measure = _lock(measure)
    Evidence.objects.create(measure=measure, kind=EvidenceKind.STATEMENT, text=text, by=actor, at=at)
    measure.refuses = refuses
    measure.save(update_fields=["refuses"])
    _end_hearing(measure, at)
    _forget_without_ground(measure, at)
    act = ledger.begin("file_statement", actor, at, measure.article)
    ledger.record(act, measure, detail={"text": text, **rested_on(measure), "refuses": refuses})
    _tell_signatory(act, measure, text)


@transaction.atomic
def find_refusal(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """issued or evidence filed → refusal to correct found, by an officer, after hearing the party. From then on there
    are working days to decide what follows.

    Heard it is once a hearing was opened since its last time to correct, and it has said something in it or its time
    for that is over. Raises InvalidState before, before the deadline to correct is over unless the party itself said
    that it refuses, while it has filed something that this officer has not read, and while a review stays the measure.
    """
    permissions.check_can_order(actor, measure, at)
    require(reason=reason)
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update())  # what is filed meanwhile waits
    check_not_stayed(measure)
    if measure.hearing_opened_at is None:
        raise InvalidState(_("The party has to be heard first: send the notice of intent."))
    if clock.of(measure).open().filter(kind=Kind.HEARING, due_at__gt=at).exists():  # what it says there ends it
        raise InvalidState(_("The party still has time to be heard."))
    _check_fails(measure, at)
    check_has_read(measure, actor)
    act = ledger.begin("find_refusal", actor, at, measure.article)
    workflow.move(act, measure, MeasureState.REFUSED_TO_CORRECT, detail={"reason": reason})
    clock.stop(measure, at)
    clock.start(measure, Kind.JUDGEMENT, at)
    tell_party(act, measure, reason)
    papers.write_measure(act, measure, Paper.REFUSAL_FOUND, reason, measure.remedy)


def fails_to_correct(measure: Measure, at: datetime) -> bool:
    """Whether a refusal comes into question: the time to correct has run out, or the party says that it refuses."""
    return measure.refuses or clock.has_run_out(measure, Kind.CORRECTION, at)


def was_extended(measure: Measure) -> bool:
    """Whether its time to correct was extended, that which runs now or an earlier one."""
    return clock.of(measure).filter(kind=Kind.CORRECTION, extended_days__gt=0).exists()


def own_days(measure: Measure) -> int:
    """The working days that it gave to correct last, within what an officer may give."""
    given = clock.newest(measure, Kind.CORRECTION)
    assert given is not None  # it was issued
    return min(max(given.working_days, LEAST_DAYS), MOST_DAYS)


def give_time(measure: Measure, at: datetime, days: int) -> None:
    """Part of giving new time to correct, from now on, also where it was over."""
    clock.stop(measure, at, Kind.CORRECTION)
    clock.start(measure, Kind.CORRECTION, at, length=days)


def running_until(measure: Measure) -> dict[str, date]:
    """For a message: the last day to correct, where that time runs."""
    running = clock.of(measure).running().filter(kind=Kind.CORRECTION).first()
    return {"correct_until": last_day(running.due_at)} if running else {}


def forget_hearing(measure: Measure, at: datetime) -> None:
    """Part of giving time to correct: no earlier hearing counts any more, nor that the party said that it refuses."""
    Measure.objects.filter(pk=measure.pk).update(hearing_opened_at=None, refuses=False)
    clock.stop(measure, at, Kind.HEARING, Kind.HEARD)


def _end_hearing(measure: Measure, at: datetime) -> None:
    if clock.of(measure).open().filter(kind=Kind.HEARING).exists():  # the party was heard
        clock.stop(measure, at, Kind.HEARING)
        _begin_to_decide(measure, Kind.HEARD, at)


def _begin_to_decide(measure: Measure, kind: Kind, at: datetime) -> None:
    """From now on whoever signs has its time to decide, after a stay where a review stays it."""
    clock.start(measure, kind, at)
    if is_stayed(measure):
        clock.pause(measure, kind, at)


def _forget_without_ground(measure: Measure, at: datetime) -> None:
    """Who takes a refusal back in time is heard anew, should the time run out after all."""
    if not fails_to_correct(measure, at):
        forget_hearing(measure, at)


def _check_fails(measure: Measure, at: datetime) -> None:
    if not fails_to_correct(measure, at):
        raise InvalidState(_("The party still has time to correct."))


def _lock(measure: Measure) -> Measure:
    locked = Measure.objects.select_for_update().get(pk=measure.pk)
    workflow.check_in(locked, *OPEN)
    return locked


def _tell_signatory(act: ledger.Act, measure: Measure, text: str) -> None:
    people = recipients(measure.answering, act.at)
    if measure.required_by is not None:
        people += recipients(measure.required_by, act.at)
    tell(
        act, people, "measure_moved", link=measure.get_absolute_url(),
        number=measure.number, state=MeasureState(measure.state).label, reason=text,
    )  # fmt: skip
