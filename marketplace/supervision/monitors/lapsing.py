"""Verifications, mandates and documents that lapse, or have (Arts 17, 45)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import Capability, CapabilityKind, Party, valid_on
from accounts.queries import People
from accounts.states import PartyState
from listings.models import GOVERNED, Nature, SourceFile, Version
from listings.states import ON_OFFER, ProductState
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors.base import WATCHER, Case, Scope, Told, within
from marketplace.supervision.operations import lapsed


def lapsed_sellers(at: datetime, scope: Scope) -> Iterable[Version]:
    return lapsed.lapsed_unnoticed(at, scope)


def notice_lapsed(version: Version, at: datetime) -> bool:
    return operations.notice_lapsed(version=version, actor=WATCHER, at=at)


def renewed_sellers(at: datetime, scope: Scope) -> Iterable[Finding]:
    return lapsed.renewed(at, scope).order_by("pk")


def notice_renewed(finding: Finding, at: datetime) -> bool:
    return operations.notice_renewed(finding=finding, actor=WATCHER, at=at)


STEPS = (30, 10, -1)  # days before something lapses, and the day after its last


def step_of(last: date, at: datetime) -> int | None:
    """The nearest step that is reached before `last`, the last day on which something holds; None before the first."""
    left = (last - local_date(at)).days
    return min((step for step in STEPS if left <= step), default=None)


def _soon(at: datetime) -> date:
    return local_date(at) + timedelta(days=max(STEPS))


def verifications(at: datetime, scope: Scope) -> Iterator[Case]:
    """Verified parties whose verification is about to lapse, or has; who has asked for its renewal is not pressed."""
    found = Party.objects.filter(state=PartyState.VERIFIED, verified_until__lte=_soon(at), renewal_asked_at=None)
    parties = found if scope is None else found.filter(pk__in=[party.pk for party in scope])
    for party in parties.order_by("pk"):
        yield _lapse("verification", party.pk, party, party.verified_until, at)


def mandates(at: datetime, scope: Scope) -> Iterator[Case]:
    """Mandates of primary developers that are about to end, or have (Art. 16)."""
    longer = Capability.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=OuterRef("valid_until")), party=OuterRef("party"),
        kind=OuterRef("kind"), region=OuterRef("region"),
    )  # fmt: skip
    held = Capability.objects.filter(
        ~Exists(longer), kind=CapabilityKind.PRIMARY_DEVELOPER, valid_until__lte=_soon(at),
        party__state=PartyState.VERIFIED,
    )  # fmt: skip
    for mandate in within(held, scope, "party").select_related("party").order_by("pk"):
        yield _lapse("mandate", mandate.pk, mandate.party, mandate.valid_until, at)


def _lapse(what: str, key: int, party: Party, last: date, at: datetime) -> Case:
    step = step_of(last, at)
    return Case(f"{what}_lapses:{key}:{last}:{step}", party, party, None, {"party": party, "day": last})


def lapse_told(case: Case, people: People) -> Told:
    return [(people(case.party), case.key.split(":")[0], case.party.get_absolute_url())]


def lapsed_buyers(at: datetime, scope: Scope) -> Iterator[Case]:
    """Parties whose verification has lapsed while grants of public data of theirs run, which the gate serves no more: a
    case for each authority of these."""
    today = local_date(at)
    running = Grant.objects.active().filter(
        ends__gte=today, buyer__state=PartyState.VERIFIED, buyer__verified_until__lt=today
    )
    public = within(running, scope, "buyer").exclude(product__nature=Nature.NON_PUBLIC)
    newest = {(row.buyer_id, row.authority_id): row for row in public.select_related("buyer").order_by("pk")}
    for (party, authority), grant in newest.items():
        last = grant.buyer.verified_until
        key = f"buyer_lapsed:{party}:{last}:{authority}"
        yield Case(key, grant, grant.buyer, authority, {"day": str(last)}, grant.buyer)


def lapsed_mandates(at: datetime, scope: Scope) -> Iterator[Case]:
    """Sellers none of whose mandates holds any more, or who have none, as a successor may, with governed data on offer
    (Art. 16): a case for each authority that reviewed it."""
    today = local_date(at)
    mandates = Capability.objects.filter(party=OuterRef("product__seller"), kind=CapabilityKind.PRIMARY_DEVELOPER)
    over = mandates.filter(valid_until__lt=today).order_by("-valid_until").values("valid_until")[:1]
    versions = (
        within(Version.objects.on_offer(), scope, "product__seller")
        .filter(~Exists(mandates.filter(valid_on(today))), product__acquisition__in=GOVERNED)
        .filter(product__seller__state=PartyState.VERIFIED)
        .annotate(last=Subquery(over))
    )
    rows = versions.select_related("product__seller", "authority").order_by("pk")
    newest = {(row.product.seller_id, row.authority_id): row for row in rows}
    for (party, authority), version in newest.items():
        seller, last = version.product.seller, version.last
        key = f"mandate_lapsed:{party}:{last or ''}:{authority}"
        words = {"day": str(last)} if last else {"what": "none"}
        yield Case(key, version, seller, authority, words, seller)


def _sources(at: datetime, scope: Scope) -> Any:
    items = SourceFile.objects.standing().filter(product__state=ProductState.ACTIVE, valid_until__lte=_soon(at))
    on_offer = items.filter(product__versions__state__in=ON_OFFER).distinct()
    return within(on_offer, scope, "product__seller").select_related("product__seller").order_by("pk")


def sources(at: datetime, scope: Scope) -> Iterator[Case]:
    """Items of the lawful-source file of what is on offer that are about to lapse (Art. 17)."""
    for item in _sources(at, scope).filter(valid_until__gte=local_date(at)):
        key = f"source_lapses:{item.pk}:{item.valid_until}:{step_of(item.valid_until, at)}"
        words = {"title": item.title, "product": item.product.title, "day": item.valid_until}
        yield Case(key, item, item.product.seller, _newest(item).authority_id, words)


def source_told(case: Case, people: People) -> Told:
    return [(people(case.party), "source_lapses", case.about.get_absolute_url())]


def lapsed_sources(at: datetime, scope: Scope) -> Iterator[Case]:
    """Items that have lapsed: what is on offer rests on them no more, until the seller adds others and withdraws
    these."""
    for item in _sources(at, scope).filter(valid_until__lt=local_date(at)):
        version, words = _newest(item), {"title": item.title, "day": str(item.valid_until)}
        yield Case(f"source_lapsed:{item.pk}", version, item.product.seller, version.authority_id, words)


def _newest(item: SourceFile) -> Version:
    on_offer = item.product.versions.filter(state__in=ON_OFFER)
    return on_offer.select_related("product__seller", "authority", "reviewer").latest("number")
