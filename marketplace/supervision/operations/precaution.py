"""A precaution: holds a grant before any order, with a reason and an end of its own (Art. 34).

An officer's; of non-public data, in an incident, also its seller's (`incident_telling.hold_affected`).
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
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
from marketplace.supervision.precautions import is_resting, source_of

ARTICLE = "Art. 34"


@transaction.atomic
def take_precaution(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """Pause an active grant while something is looked into. Ends by itself after 10 working days by default."""
    permissions.check_can_act_on(actor, grant, at)
    require(reason=reason)
    workflow.check_in(Grant.objects.select_for_update().get(pk=grant.pk), GrantState.ACTIVE)
    hold_as_precaution(ledger.begin("take_precaution", actor, at, ARTICLE), grant, reason, cause=grant)


def hold_as_precaution(act: ledger.Act, grant: Grant, reason: str, *, cause: Model) -> None:
    """Part of another operation, which has locked the grant.

    `cause` is the incident or finding that it is for, or the grant itself. Raises InvalidState so soon after an earlier
    one for the same cause; what holds the grant for another cause is no obstacle.
    """
    if is_resting(grant, cause, act.at):
        raise InvalidState(_("A precaution was taken already and is not renewed: propose an order, or let it go."))
    open_hold(
        act, grant, HoldCode.PRECAUTION, f"{source_of(cause)}{act.operation_id}", reason=reason,
        ends_at=due_after(act.at, clock.days(Kind.PRECAUTION)),
    )  # fmt: skip


@transaction.atomic
def lift_precaution(*, grant: Grant, actor: User, at: datetime, reason: str, hold: Hold | None = None) -> None:
    """End a precaution before its time. Holds for other reasons stay, and precautions for other causes.

    Raises ValidationError where several hold the grant and `hold` does not say which of them ends.
    """
    permissions.check_is_in_charge(actor, grant, at)
    require(reason=reason)
    workflow.check_in(grant, GrantState.ACTIVE)
    standing = list(open_holds(at, grant=grant, code=HoldCode.PRECAUTION).order_by("pk"))
    if not standing or (hold and hold not in standing):
        raise InvalidState(_("No precaution holds this grant."))
    if hold is None and len(standing) > 1:
        raise ValidationError({"hold": _("Several precautions hold this grant: say which of them ends.")})
    act = ledger.begin("lift_precaution", actor, at, ARTICLE)
    lift_hold(act, grant, HoldCode.PRECAUTION, (hold or standing[0]).source_ref)
    ledger.record(act, grant, detail={"reason": reason})
