"""Copies already delivered: what their holder owes when the grant is suspended, and at its end. Part of those acts."""

from collections.abc import Sequence
from datetime import datetime

from accounts.queries import People, recipients
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, end_of_day, last_day
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Message, tell, tell_each


def was_delivered(grant: Grant) -> bool:
    """Whether anything went out under it, so that there are copies."""
    return Grant.objects.filter(pk=grant.pk, deliveries__isnull=False).exists()


def owes_destruction(grant: Grant) -> bool:
    """Whether copies went out, and nobody has accepted yet that they are destroyed: such a grant is not closed out."""
    return was_delivered(grant) and not Grant.objects.filter(pk=grant.pk, certificate__state="accepted").exists()


def ask_whereabouts(suspended: Sequence[tuple[ledger.Act, Grant]], people: People) -> None:
    """Suspensions begin at one moment: their holders have the working days of the terms to say where the copies are,
    and are told. Nothing where nothing was delivered."""
    delivered = Grant.objects.filter(pk__in=[grant.pk for _act, grant in suspended], deliveries__isnull=False)
    copies = set(delivered.values_list("pk", flat=True).distinct())
    asked = [(act, grant) for act, grant in suspended if grant.pk in copies]
    if not asked:
        return
    at, grants = asked[0][0].at, [grant for _act, grant in asked]
    clock.stop_each(grants, at, Kind.WHEREABOUTS)  # of a precaution that has ended by itself
    lengths = [grant.terms.get("whereabouts_working_days") for grant in grants]
    clocks = clock.start_each(grants, Kind.WHEREABOUTS, at, lengths=lengths)
    tell_each([
        Message(
            act, people(grant.buyer), "whereabouts_asked", grant.get_absolute_url(), f"whereabouts:{begun.pk}",
            {"number": grant.number, "due": last_day(begun.due_at)},
        )
        for (act, grant), begun in zip(asked, clocks, strict=True)
    ])  # fmt: skip


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
