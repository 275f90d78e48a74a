"""Copies already delivered: what their holder owes when the grant is suspended, and at its end. Part of those acts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from accounts.queries import People
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, end_of_day, last_day
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Message, tell_each


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


def ask_certificates(over: Sequence[tuple[ledger.Act, Grant]], people: People) -> list[tuple[Grant, Clock]]:
    """Grants are over: their holders have the working days of the terms to destroy the copies and certify it, and are
    told.

    They run from the grant's last day, and from today where they would be over before it is told. Nothing where nothing
    was delivered, or where it was asked before. Returns what is asked now, with its clock.
    """
    owing = Grant.objects.filter(pk__in=[grant.pk for _act, grant in over], deliveries__isnull=False, certificate=None)
    copies = set(owing.values_list("pk", flat=True).distinct())
    running = Clock.objects.open().filter(
        object_type=Grant._meta.label_lower, object_id__in=[str(key) for key in copies], kind=Kind.DESTRUCTION
    )
    copies -= {int(key) for key in running.values_list("object_id", flat=True)}
    asked = [(act, grant) for act, grant in over if grant.pk in copies]
    usual, due = clock.days(Kind.DESTRUCTION), cache(due_after)  # many end on the same day
    return _restart(asked, [_since(act, grant, usual, due) for act, grant in asked], people)


def _since(act: ledger.Act, grant: Grant, usual: int, due: Callable[[datetime, int], datetime]) -> datetime:
    since, length = min(act.at, end_of_day(grant.ends)), grant.terms.get("destruction_working_days")
    is_late = due(since, usual if length is None else length) <= act.at
    return act.at if is_late else since


def restart_certificate(act: ledger.Act, grant: Grant) -> None:
    """Part of returning a certificate: the holder's time to destroy and certify runs anew."""
    _restart([(act, grant)], [act.at], People(act.at))


def _restart(
    asked: Sequence[tuple[ledger.Act, Grant]], since: Sequence[datetime], people: People
) -> list[tuple[Grant, Clock]]:
    grants = [grant for _act, grant in asked]
    lengths = [grant.terms.get("destruction_working_days") for grant in grants]
    clocks = clock.start_each(grants, Kind.DESTRUCTION, since, lengths=lengths)
    tell_each([_due(act, grant, begun, people) for (act, grant), begun in zip(asked, clocks, strict=True)])
    return list(zip(grants, clocks, strict=True))


def tell_due(act: ledger.Act, grant: Grant, asked: Clock) -> None:
    """The day until which the holder destroys and certifies has moved: it is told again."""
    tell_each([_due(act, grant, asked, People(act.at))])


def _due(act: ledger.Act, grant: Grant, asked: Clock, people: People) -> Message:
    due = last_day(asked.due_at)
    return Message(
        act, people(grant.buyer), "certificate_asked", grant.get_absolute_url(), f"destruction:{asked.pk}:{due}",
        {"number": grant.number, "due": due},
    )  # fmt: skip
