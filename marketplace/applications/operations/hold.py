"""Holds: part of a measure, a precaution or the grant's own terms, never an operation of their own."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts.queries import People, recipients
from listings import operations as listing
from marketplace import workflow
from marketplace.applications.models import Grant, Hold, HoldCode, open_holds
from marketplace.applications.operations.copies import ask_whereabouts
from marketplace.applications.states import HoldState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Message, tell, tell_each


class Pause(NamedTuple):
    """What a hold is opened for: the grant, whence the hold comes, why it stops being served."""

    act: ledger.Act
    grant: Grant
    source_ref: str
    reason: str


def lock_grants(keys: Collection[int]) -> None:
    """In one order, lest two who lock several wait for each other."""
    list(Grant.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))


def open_hold(
    act: ledger.Act, grant: Grant, code: str, source_ref: str, *, reason: str, ends_at: datetime | None = None
) -> None:
    """Stop serving a grant for one reason. A hold of the same reason and source that is open already is kept.

    Locks the grant, as the gate does: a download that was let through before is recorded before the hold, none after.
    """
    open_holds_for([Pause(act, grant, source_ref, reason)], code, ends_at=ends_at)


def open_holds_for(pauses: Sequence[Pause], code: str, *, ends_at: datetime | None = None) -> list[Hold]:
    """What `open_hold` does, for many at once and for one moment. Returns the holds that are new."""
    grants = {pause.grant.pk for pause in pauses}
    lock_grants(grants)
    same = Hold.objects.filter(grant__in=grants, code=code, state=HoldState.OPEN)
    known = set(same.values_list("grant", "source_ref"))
    new = [pause for pause in pauses if (pause.grant.pk, pause.source_ref) not in known]
    if not new:
        return []
    at = new[0].act.at
    suspended = set(open_holds(at, grant__in=grants).values_list("grant", flat=True))
    holds = Hold.objects.bulk_create(
        Hold(
            grant=pause.grant, code=code, source_ref=pause.source_ref, reason=pause.reason, opened_at=at,
            opened_by_ref=pause.act.actor.ledger_ref, ends_at=ends_at,
        )
        for pause in new
    )  # fmt: skip
    details = [
        {"grant": pause.grant, "code": code, "source": pause.source_ref, "reason": pause.reason} for pause in new
    ]
    ledger.record_each([pause.act for pause in new], holds, details, new=HoldState.OPEN)
    _stop_built(new, holds, ends_at)
    people = People(at)
    tell_each([_opened(pause, hold, people) for pause, hold in zip(new, holds, strict=True)])
    begun = {pause.grant.pk: pause for pause in reversed(new) if pause.grant.pk not in suspended}
    ask_whereabouts([(pause.act, pause.grant) for pause in begun.values()], people)
    return holds


def _stop_built(pauses: Sequence[Pause], holds: Sequence[Hold], ends_at: datetime | None) -> None:
    built = listing.built_under(ledger.reference(pause.grant) for pause in pauses)
    for pause, hold in zip(pauses, holds, strict=True):
        if (ref := ledger.reference(pause.grant)) in built:
            reason = f"{pause.grant.number}: {HoldCode(hold.code).label}"
            listing.stop_products(pause.act, ref, ledger.reference(hold), ends_at=ends_at, reason=reason)


def _opened(pause: Pause, hold: Hold, people: People) -> Message:
    grant = pause.grant
    words: dict[str, Any] = {"number": grant.number, "reason": HoldCode(hold.code).label}
    told, link, key = people(grant.buyer), grant.get_absolute_url(), f"hold:{hold.pk}"
    if hold.ends_at is None:
        return Message(pause.act, told, "hold_opened", link, key, words)
    words |= {"text": pause.reason, "day": last_day(hold.ends_at)}
    return Message(pause.act, told, "hold_opened_until", link, key, words)


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
