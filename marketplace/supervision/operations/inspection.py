"""An inspection, from its notice to its outcome (Art. 33)."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.evidence import process
from accounts.models import EvidenceFile, User
from accounts.operations import carry_recusals
from accounts.operations.evidence import attach, withdraw
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day, local_date, working_days_between
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.inspections import (
    DEFECTS,
    OPEN_INSPECTION,
    RULE,
    Inspection,
    InspectionPoint,
    InspectionState,
    Outcome,
)
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.permissions import check_can_supervise
from marketplace.supervision.permissions_inspection import (
    check_can_answer_inspection,
    check_can_inspect,
    check_can_withdraw_inspection_evidence,
    check_can_write_down,
)

ARTICLE = "Art. 33"


@transaction.atomic
def open_inspection(*, grant: Grant, actor: User, at: datetime, reason: str) -> Inspection:
    """An inspection for cause, without a plan. Raises InvalidState while another of the grant is open."""
    check_can_supervise(actor, grant, at)
    require(reason=reason)
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    workflow.check_in(grant, GrantState.ACTIVE)
    if grant.inspections.filter(state__in=OPEN_INSPECTION).exists():
        raise InvalidState(_("An inspection of this grant is open already."))
    made = Inspection.objects.create(
        grant=grant, party=grant.buyer, authority=grant.authority, reason=reason, by=actor, created_at=at
    )
    act = ledger.begin("open_inspection", actor, at, ARTICLE)
    ledger.record(act, made, new=made.state, detail={"grant": grant, "reason": reason})
    return made


@transaction.atomic
def announce_inspection(*, inspection: Inspection, actor: User, at: datetime, text: str) -> None:
    """planned → announced: the party is told what will be inspected; it begins when the time of notice is over."""
    check_can_inspect(actor, inspection, at)
    require(text=text)
    act = ledger.begin("announce_inspection", actor, at, ARTICLE)
    workflow.move(act, inspection, InspectionState.ANNOUNCED, announced_at=at, announcement=text, detail={"text": text})
    due = last_day(clock.start(inspection, Kind.INSPECTION_NOTICE, at).due_at)
    tell(
        act, recipients(inspection.party, at), "inspection_announced", link=inspection.get_absolute_url(),
        number=inspection.number, grant=inspection.grant, authority=inspection.authority, due=due, text=text,
    )  # fmt: skip


@transaction.atomic
def begin_inspection(*, inspection: Inspection, actor: User, at: datetime) -> None:
    """announced → under way. Raises InvalidState before the time of notice is over."""
    check_can_inspect(actor, inspection, at)
    workflow.check_in(inspection, InspectionState.ANNOUNCED)
    if not clock.has_run_out(inspection, Kind.INSPECTION_NOTICE, at):
        raise InvalidState(_("The time of notice is not over yet."))
    _begin(ledger.begin("begin_inspection", actor, at, ARTICLE), inspection)


@transaction.atomic
def begin_unannounced(*, inspection: Inspection, actor: User, at: datetime, reason: str) -> None:
    """planned → under way without notice, with the reason why; the party is told on the spot."""
    check_can_inspect(actor, inspection, at)
    require(reason=reason)
    workflow.check_in(inspection, InspectionState.PLANNED)
    _begin(ledger.begin("begin_unannounced", actor, at, ARTICLE), inspection, reason)


def _begin(act: ledger.Act, inspection: Inspection, reason: str = "") -> None:
    """From now on the authority has its days to report, and where it was planned to the end of the plan at least."""
    workflow.move(
        act, inspection, InspectionState.UNDER_WAY, begun_at=act.at, unannounced=reason, detail={"reason": reason}
    )
    clock.stop(inspection, act.at)
    planned = working_days_between(local_date(act.at), inspection.plan.last) if inspection.plan else 0
    length = max(clock.days(Kind.INSPECTION_REPORT), planned)
    clock.start(inspection, Kind.INSPECTION_REPORT, act.at, length=length)
    _tell(act, inspection, reason)


@transaction.atomic
def check_points(*, inspection: Inspection, actor: User, at: datetime, points: Mapping[str, tuple[str, str]]) -> None:
    """Write down what was found: question → (verdict, words). What is not in order needs words."""
    check_can_write_down(actor, inspection, at)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(inspection, InspectionState.UNDER_WAY)
    known = {question.code for question, _found in inspection.asked}
    if not points or not set(points) <= known:
        raise ValidationError(_("Choose what was found on at least one question of this inspection."))
    for code, (verdict, words) in points.items():
        if verdict in DEFECTS and not words.strip():
            raise ValidationError({f"words_{code}": _("Say what is not in order.")})
        InspectionPoint.objects.update_or_create(
            inspection=inspection, code=code, defaults={"verdict": verdict, "words": words}
        )
    act = ledger.begin("check_points", actor, at, ARTICLE)
    ledger.record(act, inspection, detail={"points": {code: list(said) for code, said in points.items()}})


def add_inspection_evidence(
    *, inspection: Inspection, actor: User, at: datetime, path: Path, note: str = ""
) -> EvidenceFile:
    """An inspector adds a file of what was found. The party sees it with the report."""
    check_can_write_down(actor, inspection, at)
    workflow.check_in(inspection, InspectionState.UNDER_WAY)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
        workflow.check_in(locked, InspectionState.UNDER_WAY)
        act = ledger.begin("add_evidence", actor, at, ARTICLE)
        return attach(act, locked, locked.authority, path, kind, subject="observation", note=note)


@transaction.atomic
def withdraw_inspection_evidence(*, inspection: Inspection, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back before the report."""
    check_can_withdraw_inspection_evidence(actor, inspection, at)
    locked = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(locked, InspectionState.UNDER_WAY)
    withdraw(ledger.begin("withdraw_evidence", actor, at, ARTICLE), locked, evidence)


@transaction.atomic
def report_inspection(*, inspection: Inspection, actor: User, at: datetime, text: str) -> None:
    """under way → reported: the party gets the report and a deadline to answer. Every question needs a verdict.

    The report names whoever inspected: the officer who signs it, and the joint inspectors of that moment.
    """
    check_can_inspect(actor, inspection, at)
    require(text=text)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(inspection, InspectionState.UNDER_WAY)
    if any(found is None for _question, found in inspection.asked):
        raise InvalidState(_("Some questions have no verdict yet."))
    act = ledger.begin("report_inspection", actor, at, ARTICLE)
    with override("zh-hans"):  # part of the report: Chinese, whatever language its officer reads
        inspectors = [[actor.name, inspection.authority.name, _("officer")]]
    inspectors += [[one.user.name, one.department, one.role] for one in inspection.taking_part]
    workflow.move(
        act, inspection, InspectionState.REPORTED, report=text, reported_at=at, inspectors=inspectors,
        detail={"text": text, "inspectors": inspectors},
    )  # fmt: skip
    clock.stop(inspection, at)
    due = last_day(clock.start(inspection, Kind.INSPECTION_ANSWER, at).due_at)
    tell(
        act, recipients(inspection.party, at), "inspection_reported", link=inspection.get_absolute_url(),
        number=inspection.number, grant=inspection.grant, due=due,
    )  # fmt: skip


@transaction.atomic
def answer_inspection(*, inspection: Inspection, actor: User, at: datetime, text: str) -> None:
    """reported → answered, once, late as well as in time; the officers are told, and have working days to close it."""
    check_can_answer_inspection(actor, inspection, at)
    require(text=text)
    act = ledger.begin("answer_inspection", actor, at, ARTICLE)
    workflow.move(act, inspection, InspectionState.ANSWERED, answer=text, answered_at=at, detail={"text": text})
    clock.stop(inspection, at)
    clock.start(inspection, Kind.INSPECTION_OUTCOME, at)
    tell(
        act, recipients(inspection.authority, at), "inspection_answered", link=inspection.get_absolute_url(),
        number=inspection.number, party=inspection.party,
    )  # fmt: skip


@transaction.atomic
def follow_up_points(*, inspection: Inspection, actor: User, at: datetime) -> None:
    """A finding for each point that is not in order, in one act; each can be turned into an order from there, though
    not by who has stepped back from the inspection."""
    check_can_inspect(actor, inspection, at)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(inspection, InspectionState.REPORTED, InspectionState.ANSWERED)
    act, made = ledger.begin("follow_up_points", actor, at, ARTICLE), 0
    for point in inspection.points.filter(verdict__in=DEFECTS).order_by("pk"):
        key = f"{RULE}:{inspection.pk}:{point.code}"
        opened = open_finding(act, inspection.grant, RULE, key, ARTICLE, number=inspection.number, what=point.words)
        if opened is not None:
            carry_recusals(inspection, opened)
            made += 1
    if not made:
        raise InvalidState(_("Nothing is not in order that is no finding yet."))
    ledger.record(act, inspection, detail={"findings": made})


@transaction.atomic
def close_inspection(*, inspection: Inspection, actor: User, at: datetime, outcome: str, text: str) -> None:
    """answered → closed, or reported → closed once the time to answer is over. The party is told.

    Raises ValidationError for an outcome that contradicts what was found.
    """
    check_can_inspect(actor, inspection, at)
    require(text=text)
    workflow.check_in(inspection, InspectionState.REPORTED, InspectionState.ANSWERED)
    late = clock.has_run_out(inspection, Kind.INSPECTION_ANSWER, at)
    if inspection.state == InspectionState.REPORTED and not late:
        raise InvalidState(_("The party still has time to answer."))
    _check_outcome(inspection, outcome)
    act = ledger.begin("close_inspection", actor, at, ARTICLE)
    said: dict[str, Any] = {"outcome": outcome, "text": text}
    workflow.move(act, inspection, InspectionState.CLOSED, outcome=outcome, closing=text, closed_at=at, detail=said)
    clock.stop(inspection, at)
    _release_all(inspection, at)
    _tell(act, inspection, text)


@transaction.atomic
def cancel_inspection(*, inspection: Inspection, actor: User, at: datetime, reason: str) -> None:
    """planned, announced or under way → cancelled, with reasons. A party that was told is told."""
    check_can_inspect(actor, inspection, at)
    require(reason=reason)
    was_told = inspection.state != InspectionState.PLANNED
    act = ledger.begin("cancel_inspection", actor, at, ARTICLE)
    workflow.move(act, inspection, InspectionState.CANCELLED, closing=reason, closed_at=at, detail={"reason": reason})
    clock.stop(inspection, at)
    _release_all(inspection, at)
    if was_told:
        _tell(act, inspection, reason)


def _check_outcome(inspection: Inspection, outcome: str) -> None:
    keys = inspection.finding_keys()
    if outcome == Outcome.IN_ORDER and keys:
        raise ValidationError({"outcome": _("The report says that something is not in order.")})
    if outcome == Outcome.PUT_RIGHT and not keys:
        raise ValidationError({"outcome": _("The report says that everything is in order.")})
    if outcome == Outcome.FOLLOWED_UP and not Finding.objects.filter(occasion_key__in=keys).exists():
        raise ValidationError({"outcome": _("No finding was opened on what is not in order.")})


def _release_all(inspection: Inspection, at: datetime) -> None:
    """When it is over joint inspectors see it no more; the report goes on naming them."""
    inspection.joint.filter(ended_at=None).update(ended_at=at)


def _tell(act: ledger.Act, inspection: Inspection, reason: str) -> None:
    tell(
        act, recipients(inspection.party, act.at), "inspection_moved", link=inspection.get_absolute_url(),
        number=inspection.number, state=InspectionState(inspection.state).label, reason=reason,
    )  # fmt: skip
