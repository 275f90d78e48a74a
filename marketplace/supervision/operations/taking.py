"""The level above takes a case of public data over from the authority below it (Art. 45)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import assign
from accounts.permissions import check_not_own_case, check_not_recused
from accounts.queries import level_above, recipients
from marketplace import workflow
from marketplace.applications.models import Application, Grant
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.states import ApplicationState
from marketplace.clock.models import Clock
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell
from marketplace.supervision import permissions_above
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.deadlines import clocks_about, clocks_of, explainable
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inspections import OPEN_INSPECTION, Inspection
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.occasions import Lapse
from marketplace.supervision.operations.finding import reporters_of
from marketplace.supervision.operations.incident import lock, tell_handling
from marketplace.supervision.operations.second_pair import overtake_signature
from marketplace.supervision.permissions import parties_of_grant
from marketplace.supervision.review import Review
from marketplace.supervision.states import (
    LIVING_CONCERN,
    STANDING_MEASURE,
    ConcernState,
    FindingState,
    MeasureState,
)

ARTICLE = "Art. 45"
TAKEN = (ApplicationState.SUBMITTED, *IN_HAND)
OPEN_MEASURE = (MeasureState.PROPOSED, *STANDING_MEASURE)


@transaction.atomic
def take_application(*, application: Application, actor: User, at: datetime, reason: str) -> None:
    """The competent authority becomes the level above; the officer who takes it is in charge where somebody was.

    Deadlines run on. The authority below and the buyer are told why; a new round after a return stays with the level
    above. Raises NotAllowed for whoever is not of that level.
    """
    permissions_above.check_can_take(actor, application, at)
    require(reason=reason)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *TAKEN)
    before, above = _levels(locked.authority, at)
    act = ledger.begin("take_case", actor, at, ARTICLE)
    _keep_lapses([locked], before, at)
    Application.objects.filter(pk=application.pk).update(authority=above, taken_from=before)
    application.authority, application.taken_from = above, before
    if locked.state in IN_HAND:
        assign(act, application, actor, reason=reason)
    ledger.record(act, application, detail={"reason": reason, "before": before, "after": above})
    told = recipients(before, at) + recipients(application.buyer, at)
    tell(
        act, told, "case_taken", link=application.get_absolute_url(), object=application, authority=above, reason=reason
    )


@transaction.atomic
def take_finding(*, finding: Finding, actor: User, at: datetime, reason: str) -> None:
    """An open finding about a grant goes to the level above with that grant and all that is open about it: findings,
    measures, inspections, reports of misuse. One about a party alone, with its reports and the measure proposed on it.
    """
    permissions_above.check_can_take(actor, finding, at)
    require(reason=reason)
    workflow.check_in(finding, FindingState.OPEN)
    _take(finding, {finding.grant_id} if finding.grant_id else set(), actor, at, reason)


@transaction.atomic
def take_measure(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """A measure that is proposed or stands, with the grants it holds and all that is open about them, goes up; so
    does a review of it: the level above decides it alone. What somebody signed first is signed anew by the level above,
    if at all."""
    permissions_above.check_can_take(actor, measure, at)
    require(reason=reason)
    workflow.check_in(measure, *OPEN_MEASURE)
    _take(measure, set(measure.held.values_list("grant", flat=True)), actor, at, reason)


@transaction.atomic
def take_concern(*, concern: Concern, actor: User, at: datetime, reason: str) -> None:
    """An open report goes to the level above; one of misuse with the grants that it is about and all that is open about
    those. Who reported is told as well. Raises InvalidState where it has become an open finding, or one of those grants
    has one: it goes with that."""
    permissions_above.check_can_take(actor, concern, at)
    require(reason=reason)
    concern = Concern.objects.select_for_update(of=("self",)).get(pk=concern.pk)
    grants = _misused(concern)
    about = Q(grant__in=grants) | Q(pk=concern.finding_id)
    if Finding.objects.filter(about, state=FindingState.OPEN, authority=concern.authority).exists():
        raise InvalidState(_("A finding about the same grant is open: take that over, and this report goes with it."))
    workflow.check_in(concern, ConcernState.OPEN)
    _take(concern, grants, actor, at, reason, also=reporters_of(concern, at))


@transaction.atomic
def take_incident(*, incident: Incident, actor: User, at: datetime, reason: str) -> None:
    """The level above decides about an open incident; deadlines run on, and the grants that it reaches stay where they
    are. The authority below, who reported, seller, units and overseers are told, and read it as before."""
    permissions_above.check_can_take(actor, incident, at)
    require(reason=reason)
    lock(incident)
    before, above = _levels(incident.authority, at)
    act = ledger.begin("take_case", actor, at, ARTICLE)
    tell_handling(act, incident, "case_taken", object=incident, authority=above, reason=reason)
    incident.authority = above
    incident.save(update_fields=["authority"])
    ledger.record(act, incident, detail={"reason": reason, "before": before, "after": above})


def _take(
    case: Finding | Measure | Concern, grants: set[int], actor: User, at: datetime, reason: str,
    also: Sequence[Recipient] = (),
) -> None:  # fmt: skip
    before, above = _levels(case.authority, at)
    rows = _open_about(_bound_together(grants), before, case)
    if case.pk not in {row.pk for row in rows if type(row) is type(case)}:
        rows.append(case)
    rows += (
        Review.objects.open().filter(measure__in=[row.pk for row in rows if isinstance(row, Measure)]).order_by("pk")
    )
    for row in rows:
        _check_on_no_side(row, actor, at)
    act = ledger.begin("take_case", actor, at, ARTICLE)
    _keep_lapses(rows, before, at)
    for row in rows:
        type(row)._base_manager.filter(pk=row.pk).update(authority=above, **_moved_along(row, before, above, at))
        ledger.record(act, row, detail={"reason": reason, "before": before, "after": above})
        if isinstance(row, Measure):
            overtake_signature(act, row)
    case.authority = above
    tell(
        act, [*recipients(before, at, case.party), *also], "case_taken", link=case.get_absolute_url(), object=case,
        authority=above, reason=reason,
    )  # fmt: skip


def _check_on_no_side(row: Any, actor: User, at: datetime) -> None:
    """Nobody takes over what is their own case, or what they have stepped back from, by taking what it goes with."""
    sides = parties_of_grant(row) if isinstance(row, Grant) else permissions_above.ROWS[type(row)].sides(row)
    check_not_own_case(actor, sides, at)
    check_not_recused(actor, row)


def _keep_lapses(rows: Sequence[Any], before: Party, at: datetime) -> None:
    """What the authority below had let run out by now stays its lapse, unless it was another's before."""
    late = explainable(Clock.objects.filter(clocks_of([before.pk]), clocks_about(rows)), at)
    Lapse.objects.bulk_create(
        [Lapse(clock=clock, due_at=clock.due_at, authority=before) for clock in late.order_by("pk")],
        ignore_conflicts=True,
    )


def _open_about(grants: set[int], authority: Party, case: Finding | Measure | Concern) -> list[Any]:
    """The grants, locked, and what this authority has open about them, or about this finding."""
    own = {"authority": authority}
    about = Q(grant__in=grants) | (Q(pk=case.pk) if isinstance(case, Finding) else Q(pk__in=()))
    findings = Finding.objects.filter(about, state=FindingState.OPEN, **own)
    answering, reported = Q(finding__in=findings.values("pk")), Q(grant__in=grants, kind=ConcernKind.MISUSE)
    return [
        *Grant.objects.select_for_update().filter(pk__in=grants, **own).order_by("pk"),
        *findings.order_by("pk"),
        *Measure.objects.filter(Q(held__grant__in=grants) | answering, state__in=OPEN_MEASURE, **own).distinct(),
        *Concern.objects.filter(reported | answering, state__in=LIVING_CONCERN, **own).order_by("pk"),
        *Inspection.objects.filter(grant__in=grants, state__in=OPEN_INSPECTION, **own).order_by("pk"),
    ]


def _moved_along(row: Any, before: Party, above: Party, at: datetime) -> dict[str, Party | None]:
    """What else names the authority: of a review the level above it, of a report who answers it."""
    if isinstance(row, Review):
        return {"above": level_above(above, at)}
    return {"responder": above} if isinstance(row, Concern) and row.responder_id == before.pk else {}


def _misused(concern: Concern) -> set[int]:
    """The grants whose misuse is reported: the one that is named, or those that a derived product is built on."""
    if concern.kind != ConcernKind.MISUSE:
        return set()
    if concern.derived is not None:
        return set(concern.derived.built_from.values_list("grant", flat=True))
    return {concern.grant_id} if concern.grant_id else set()


def _bound_together(grants: set[int]) -> set[int]:
    """The grants, and those that an open measure holds together with one of them: each measure has one authority."""
    while True:
        holding = Measure.objects.filter(held__grant__in=grants, state__in=OPEN_MEASURE)
        together = grants | set(Grant.objects.filter(measures__measure__in=holding).values_list("pk", flat=True))
        if together == grants:
            return grants
        grants = together


def _levels(authority: Party | None, at: datetime) -> tuple[Party, Party]:
    above = level_above(authority, at) if authority else None
    if authority is None or above is None:
        raise NotAllowed(_("Nobody is above this authority."))
    return authority, above
