"""Copies already delivered: what their holder owes when the grant is suspended, and at its end. Part of those acts."""

from datetime import datetime

from accounts.queries import recipients
from marketplace.applications.models import Grant, Hold, open_holds
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, end_of_day, last_day
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell


def was_delivered(grant: Grant) -> bool:
    """Whether anything went out under it, so that there are copies."""
    return Grant.objects.filter(pk=grant.pk, deliveries__isnull=False).exists()


def owes_destruction(grant: Grant) -> bool:
    """Whether copies went out, and nobody has accepted yet that they are destroyed: such a grant is not closed out."""
    return was_delivered(grant) and not Grant.objects.filter(pk=grant.pk, certificate__state="accepted").exists()


def ask_whereabouts(act: ledger.Act, grant: Grant, begun_by: Hold, holder: list[Recipient]) -> None:
    """A suspension begins: its holder has the working days of the terms to say where the copies are, and is told.

    Nothing where nothing was delivered, nor for a further hold on a grant that is suspended already.
    """
    if open_holds(act.at, grant=grant).exclude(pk=begun_by.pk).exists() or not was_delivered(grant):
        return
    clock.stop(grant, act.at, Kind.WHEREABOUTS)  # of a precaution that has ended by itself
    asked = clock.start(grant, Kind.WHEREABOUTS, act.at, length=grant.terms.get("whereabouts_working_days"))
    tell(
        act, holder, "whereabouts_asked", link=grant.get_absolute_url(), key=f"whereabouts:{asked.pk}",
        number=grant.number, due=last_day(asked.due_at),
    )  # fmt: skip


def ask_certificate(act: ledger.Act, grant: Grant) -> bool:
    """The grant is over: its holder has the working days of the terms to destroy the copies and certify it. It is told.

    They run from the grant's last day, and from today where they would be over before it is told. Nothing where nothing
    was delivered, or where it was asked before. Returns whether it was asked now.
    """
    known = clock.of(grant).open().filter(kind=Kind.DESTRUCTION).exists()
    if known or Grant.objects.filter(pk=grant.pk, certificate__isnull=False).exists() or not was_delivered(grant):
        return False
    since, length = min(act.at, end_of_day(grant.ends)), grant.terms.get("destruction_working_days")
    is_late = due_after(since, clock.days(Kind.DESTRUCTION) if length is None else length) <= act.at
    restart_certificate(act, grant, act.at if is_late else since)
    return True


def restart_certificate(act: ledger.Act, grant: Grant, since: datetime) -> None:
    """Part of that, and of returning a certificate: the holder's time to destroy and certify runs from `since`."""
    asked = clock.start(grant, Kind.DESTRUCTION, since, length=grant.terms.get("destruction_working_days"))
    tell_due(act, grant, asked)


def tell_due(act: ledger.Act, grant: Grant, asked: Clock) -> None:
    """The holder is told until when it destroys and certifies; again where that day has moved."""
    due = last_day(asked.due_at)
    tell(
        act, recipients(grant.buyer, act.at), "certificate_asked", link=grant.get_absolute_url(),
        key=f"destruction:{asked.pk}:{due}", number=grant.number, due=due,
    )  # fmt: skip
