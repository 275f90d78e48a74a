"""The level above takes a case of public data over from the authority below it (Art. 45)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import assign
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications.models import Application, Grant
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.states import ApplicationState
from marketplace.errors import NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_above
from marketplace.supervision.deadlines import level_above
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.review import Review
from marketplace.supervision.states import STANDING_MEASURE, FindingState, MeasureState

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
    """An open finding about a grant, with that grant and all that is open about it, goes to the level above."""
    permissions_above.check_can_take(actor, finding, at)
    require(reason=reason)
    workflow.check_in(finding, FindingState.OPEN)
    assert finding.grant_id is not None  # the check has refused others
    _take(finding, {finding.grant_id}, actor, at, reason)


@transaction.atomic
def take_measure(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """A measure that is proposed or stands, with the grants it holds and all that is open about them, goes up; so
    does a review of it: the level above decides it alone."""
    permissions_above.check_can_take(actor, measure, at)
    require(reason=reason)
    workflow.check_in(measure, *OPEN_MEASURE)
    _take(measure, set(measure.held.values_list("grant", flat=True)), actor, at, reason)


def _take(case: Finding | Measure, grants: set[int], actor: User, at: datetime, reason: str) -> None:
    before, above = _levels(case.authority, at)
    grants = _bound_together(grants)
    rows: list[Grant | Finding | Measure | Review] = [
        *Grant.objects.select_for_update().filter(pk__in=grants, authority=before).order_by("pk"),
        *Finding.objects.filter(grant__in=grants, state=FindingState.OPEN, authority=before).order_by("pk"),
        *Measure.objects.filter(held__grant__in=grants, state__in=OPEN_MEASURE, authority=before).distinct(),
    ]
    if case.pk not in {row.pk for row in rows if type(row) is type(case)}:
        rows.append(case)
    rows += (
        Review.objects.open().filter(measure__in=[row.pk for row in rows if isinstance(row, Measure)]).order_by("pk")
    )
    act = ledger.begin("take_case", actor, at, ARTICLE)
    for row in rows:
        levels = {"above": level_above(above, at)} if isinstance(row, Review) else {}
        type(row)._base_manager.filter(pk=row.pk).update(authority=above, **levels)
        ledger.record(act, row, detail={"reason": reason, "before": before, "after": above})
    case.authority = above
    tell(
        act, recipients(before, at), "case_taken", link=case.get_absolute_url(), object=case, authority=above,
        reason=reason,
    )  # fmt: skip


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
