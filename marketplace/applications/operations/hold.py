"""Holds: part of a measure, a precaution or the grant's own terms, never an operation of their own."""

from datetime import datetime

from accounts.queries import recipients
from listings import operations as listing
from marketplace import workflow
from marketplace.applications.models import Grant, Hold, HoldCode, open_holds
from marketplace.applications.operations.copies import ask_whereabouts
from marketplace.applications.states import HoldState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


def open_hold(
    act: ledger.Act, grant: Grant, code: str, source_ref: str, *, reason: str, ends_at: datetime | None = None
) -> Hold:
    """Stop serving a grant for one reason. A hold of the same reason and source that is open already is kept.

    Locks the grant, as the gate does: a download that was let through before is recorded before the hold, none after.
    """
    Grant.objects.select_for_update().get(pk=grant.pk)
    hold = Hold.objects.filter(grant=grant, code=code, source_ref=source_ref, state=HoldState.OPEN).first()
    if hold is not None:
        return hold
    hold = Hold.objects.create(
        grant=grant, code=code, source_ref=source_ref, reason=reason, opened_at=act.at,
        opened_by_ref=act.actor.ledger_ref, ends_at=ends_at,
    )  # fmt: skip
    ledger.record(
        act, hold, new=hold.state, detail={"grant": grant, "code": code, "source": source_ref, "reason": reason}
    )
    listing.stop_products(
        act, ledger.reference(grant), ledger.reference(hold), ends_at=ends_at,
        reason=f"{grant.number}: {HoldCode(code).label}",
    )  # fmt: skip
    holder = recipients(grant.buyer, act.at)
    tell(
        act, holder, "hold_opened", link=grant.get_absolute_url(),
        key=f"hold:{hold.pk}", number=grant.number, reason=HoldCode(code).label,
    )  # fmt: skip
    ask_whereabouts(act, grant, hold, holder)
    return hold


def lift_hold(
    act: ledger.Act, grant: Grant, code: str, source_ref: str, new: str = HoldState.LIFTED
) -> int:  # fmt: skip
    """Lift (or annul) the open hold of this reason and source, if there is one. Returns how many are left open.

    With the last of them nobody asks any more where the copies are.
    """
    Grant.objects.select_for_update().get(pk=grant.pk)
    lifted = Hold.objects.filter(grant=grant, code=code, source_ref=source_ref, state=HoldState.OPEN).first()
    others = open_holds(act.at, grant=grant)
    if lifted is None:
        return others.count()
    left = others.exclude(pk=lifted.pk).count()
    workflow.move(act, lifted, new, lifted_at=act.at, lifted_by_ref=act.actor.ledger_ref)
    if left == 0:
        clock.stop(grant, act.at, Kind.WHEREABOUTS)
    listing.resume_products(act, [ledger.reference(lifted)])
    tell(
        act, recipients(grant.buyer, act.at), "hold_lifted", link=grant.get_absolute_url(),
        key=f"lift:{lifted.pk}", number=grant.number, left=left,
    )  # fmt: skip
    return left
