"""An officer's precaution: holds a grant before any order, with a reason and an end of its own (Art. 34)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace import workflow
from marketplace.applications.models import Grant, Hold, HoldCode, open_holds
from marketplace.applications.operations import lift_hold, open_hold
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions

ARTICLE = "Art. 34"
REST_DAYS = 60  # so long after a precaution no other is taken on the same grant: it must not replace an order


@transaction.atomic
def take_precaution(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """Pause an active grant while something is looked into. Ends by itself after 10 working days by default."""
    permissions.check_can_supervise(actor, grant, at)
    require(reason=reason)
    workflow.check_in(Grant.objects.select_for_update().get(pk=grant.pk), GrantState.ACTIVE)
    hold_as_precaution(ledger.begin("take_precaution", actor, at, ARTICLE), grant, reason)


def hold_as_precaution(act: ledger.Act, grant: Grant, reason: str) -> None:
    """Part of another operation, which has locked the grant. Raises InvalidState so soon after an earlier one."""
    since = act.at - timedelta(days=REST_DAYS)
    if Hold.objects.filter(grant=grant, code=HoldCode.PRECAUTION, opened_at__gt=since).exists():
        raise InvalidState(_("A precaution was taken already and is not renewed: propose an order, or let it go."))
    open_hold(
        act, grant, HoldCode.PRECAUTION, str(act.operation_id), reason=reason,
        ends_at=due_after(act.at, clock.days(Kind.PRECAUTION)),
    )  # fmt: skip


@transaction.atomic
def lift_precaution(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """End a precaution before its time. Holds for other reasons stay."""
    permissions.check_can_supervise(actor, grant, at)
    require(reason=reason)
    workflow.check_in(grant, GrantState.ACTIVE)
    hold = open_holds(at, grant=grant, code=HoldCode.PRECAUTION).first()
    if hold is None:
        raise InvalidState(_("No precaution holds this grant."))
    act = ledger.begin("lift_precaution", actor, at, ARTICLE)
    lift_hold(act, grant, HoldCode.PRECAUTION, hold.source_ref)
    ledger.record(act, grant, detail={"reason": reason})
