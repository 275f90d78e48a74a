"""Why a deadline ran out, said by whoever it bound (Art. 45)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import level_above, recipients
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.deadlines import explainable, explained_by, lapses_at, went_up
from marketplace.supervision.occasions import Explanation

ARTICLE = "Art. 45"


@transaction.atomic
def explain_overdue(*, clock: Clock, actor: User, at: datetime, reason: str, is_at_fault: bool = False) -> Explanation:
    """Keep the reason why a deadline ran out, and whether its authority was at fault; a clock that runs runs on.

    Also once the duty was done, if too late. Once for each day on which it was due. Recorded with the case; the level
    above is told where the deadline went up. Raises InvalidState where it has not run out or was explained already.
    """
    due = explained_by(clock)
    if due is None:
        raise NotAllowed(_("This deadline binds no authority."))
    permissions.check_can_explain(actor, due, at)
    require(reason=reason)
    clock = Clock.objects.select_for_update().get(pk=clock.pk)
    if not explainable(Clock.objects.filter(pk=clock.pk), at).exists():
        raise InvalidState(_("This deadline has not run out."))
    if Explanation.objects.filter(clock=clock, due_at=clock.due_at).exists():
        raise InvalidState(_("A reason was given already."))
    made = Explanation.objects.create(
        clock=clock, due_at=clock.due_at, is_at_fault=is_at_fault, reason=reason, by=actor, at=at
    )
    act = ledger.begin("explain_overdue", actor, at, ARTICLE)
    ledger.record(
        act, due.obj, detail={"deadline": clock.kind, "due_at": clock.due_at, "at_fault": is_at_fault, "reason": reason}
    )
    has_gone_up = Clock.objects.filter(went_up(clock.ended_at or at), pk=clock.pk).exists()
    above = level_above(due.owner, at) if has_gone_up else None
    if above is not None:
        tell(
            act, recipients(above, at, due.party), "overdue_explained", link=due.obj.get_absolute_url(),
            authority=due.owner, clock=Kind(clock.kind).label, object=due.obj, due=last_day(lapses_at(clock)),
            reason=reason,
        )  # fmt: skip
    return made
