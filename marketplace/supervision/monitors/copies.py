"""Copies already delivered: whether their holder has said where they are, and certified that they are destroyed."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import BigIntegerField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from accounts.states import PartyState
from marketplace.applications.models import Grant, open_holds
from marketplace.applications.states import ENDED, GrantState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, last_day, local_date
from marketplace.delivery.models import Delivery
from marketplace.supervision import closeout, operations
from marketplace.supervision.closeout import Whereabouts
from marketplace.supervision.evidence_time import kept_as_evidence, spans_of, stands
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors.base import CHUNK, WATCHER, Case, Scope, within
from marketplace.supervision.states import FindingState


def _asked(kind: str, scope: Scope, wanted: Q, clocks: Q) -> Iterator[tuple[Grant, Clock]]:
    """The grants with an open clock of this kind, and the clock: two queries, however many there are."""
    rows = Clock.objects.open().filter(clocks, object_type=Grant._meta.label_lower, kind=kind)
    by_id = {int(row.object_id): row for row in rows}
    grants = within(Grant.objects.filter(wanted, pk__in=list(by_id)), scope, "buyer")
    for grant in grants.select_related("buyer", "authority", "product__seller").order_by("pk"):
        yield grant, by_id[grant.pk]


def suspended(at: datetime) -> Q:
    return Q(Exists(open_holds(at, grant=OuterRef("pk"))))


def unsaid(at: datetime, scope: Scope) -> Iterator[Case]:
    """Grants whose holder has not said where the copies are in the time for it, during which they were suspended:
    whether they still are matters no more."""
    grant_id = Cast(OuterRef("object_id"), BigIntegerField())
    over = Q(Exists(open_holds(OuterRef("due_at"), grant=grant_id)), due_at__lte=at)
    for grant, asked in _asked(Kind.WHEREABOUTS, scope, Q(), over):
        words = {"number": grant.number, "day": last_day(asked.due_at)}
        yield Case(f"whereabouts_unsaid:{grant.pk}:{asked.pk}", grant, grant.buyer, grant.authority_id, words)


def still_unsaid(at: datetime, scope: Scope) -> Iterator[Case]:
    """Open findings since which nothing was said. That the suspension is over says nothing: what follows from that is
    an officer's to decide."""
    said = Whereabouts.objects.filter(grant=OuterRef("grant"), at__gte=OuterRef("created_at"))
    waiting = Finding.objects.filter(~Exists(said), rule="whereabouts_unsaid", state=FindingState.OPEN)
    for finding in within(waiting, scope, "party").select_related("grant", "party").order_by("pk"):
        yield Case(finding.occasion_key, finding.grant, finding.party, finding.authority_id)


def unsaid_tomorrow(at: datetime, scope: Scope) -> Iterator[Case]:
    """Those that have to say it today or tomorrow."""
    soon = Q(due_at__gt=at, due_at__lte=due_after(at, 1))
    for grant, asked in _asked(Kind.WHEREABOUTS, scope, suspended(at), soon):
        words = {"number": grant.number, "day": last_day(asked.due_at)}
        yield Case(f"whereabouts_due:{grant.pk}:{asked.pk}", grant, grant.buyer, grant.authority_id, words)


def unasked(at: datetime, scope: Scope) -> Iterator[Grant]:
    """Grants that are suspended no more without an act: a precaution has ended by itself."""
    for grant, _asked_clock in _asked(Kind.WHEREABOUTS, scope, ~suspended(at), Q()):
        yield grant


def drop(grant: Grant, at: datetime) -> bool:
    return operations.drop_whereabouts(grant=grant, actor=WATCHER, at=at)


def not_closed_out(at: datetime, scope: Scope) -> Iterator[Case]:
    """Grants that are over, whose holder has not certified in time that the copies are destroyed, nor had to keep them
    as evidence while that time ran."""
    for grant, asked in _overdue(at, scope, missed=False):
        words = {"number": grant.number, "day": last_day(asked.due_at)}
        yield Case(f"not_closed_out:{grant.pk}:{asked.pk}", grant, grant.buyer, grant.authority_id, words)


def _overdue(at: datetime, scope: Scope, *, missed: bool) -> Iterator[tuple[Grant, Clock]]:
    """The grants whose time to destroy the copies is over, and the clock: those of which no sweep has seen that the
    copies were evidence meanwhile, or the others."""
    found = list(_asked(Kind.DESTRUCTION, scope, Q(), Q(due_at__lte=at, paused_at=None)))
    for first in range(0, len(found), CHUNK):
        chunk = found[first : first + CHUNK]
        spans = spans_of(grant.pk for grant, _asked_clock in chunk)
        yield from (row for row in chunk if stands(row[1], spans.get(row[0].pk, ())).differs(row[1]) == missed)


def over_unasked(at: datetime, scope: Scope) -> Iterator[Grant]:
    """Grants whose period is over, or that ended before anybody was asked at the end, under which something was
    delivered, and whose holder was asked for nothing yet. Nobody is asked for one that ended without a successor."""
    over = Q(state=GrantState.ACTIVE, ends__lt=local_date(at)) & ~closeout.asked(Kind.DESTRUCTION)
    ended = Q(state__in=ENDED) & ~closeout.asked(Kind.DESTRUCTION, ever=True)
    gone = Q(buyer__state=PartyState.ENDED, buyer__merged_into=None) | Q(buyer__merged_into__state=PartyState.ENDED)
    delivered = Exists(Delivery.objects.filter(grant=OuterRef("pk")))
    for owing in (over, ended):  # asked one after the other: together no index would serve
        rows = within(Grant.objects.filter(owing, delivered, certificate=None).exclude(gone), scope, "buyer")
        yield from rows.select_related("buyer", "authority").order_by("pk")


def ask_certificate(grant: Grant, at: datetime) -> bool:
    return bool(ask_certificates([grant], at))


def ask_certificates(grants: Sequence[Grant], at: datetime) -> int:
    return operations.begin_close_outs(grants=grants, actor=WATCHER, at=at)


def evidence_changed(at: datetime, scope: Scope) -> Iterator[Grant]:
    """Grants whose copies have become evidence since their holder was asked to destroy them, or are it no longer; and
    those of which no sweep has seen it until that time was over."""
    running = Q(paused_at=None, due_at__gt=at)
    for wanted, clocks in (
        (kept_as_evidence(), running),
        (~kept_as_evidence(), Q(paused_at__isnull=False)),
    ):
        for grant, _clock in _asked(Kind.DESTRUCTION, scope, wanted, clocks):
            yield grant
    for grant, _clock in _overdue(at, scope, missed=True):
        yield grant


def keep_or_go_on(grant: Grant, at: datetime) -> bool:
    return operations.keep_as_evidence(grant=grant, actor=WATCHER, at=at)
