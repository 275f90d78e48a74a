"""What is on offer: recalled, assessed again, failing, described anew, not updated as often as it says."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q

from accounts.queries import recipients
from listings import operations as listing
from listings.models import DescriptionChange, Frequency, Nature, Version
from listings.states import ON_OFFER, ChangeState, ProductState
from marketplace.applications.models import Grant
from marketplace.clock.working_days import last_day, local_date
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors.base import WATCHER, Case, Scope, tell_once, within
from marketplace.supervision.operations import reassessment
from marketplace.supervision.operations.recall import Holder, holders_untold

# After how many days without a new version data of this update frequency is not what it says: its interval, and half as
# much again for the review.
STALE_AFTER = {
    Frequency.REAL_TIME: 7,
    Frequency.DAILY: 7,
    Frequency.MONTHLY: 46,
    Frequency.QUARTERLY: 138,
    Frequency.YEARLY: 548,
}


def holders(at: datetime, scope: Scope) -> Iterable[Holder]:
    """Whoever obtained a recalled version, or one built from it, and was not told yet."""
    parties = None if scope is None else {party.pk for party in scope}
    return [holder for holder in holders_untold() if parties is None or holder.grant.buyer_id in parties]


def notice_recall(holder: Holder, at: datetime) -> bool:
    return operations.notice_recall(holder=holder, actor=WATCHER, at=at)


def due_again(at: datetime, scope: Scope) -> Iterable[Version]:
    """Versions on offer whose assessment is too old, or was made under an older rule set."""
    return listing.due_for_reassessment(at, scope).order_by("pk")


def assess_again(version: Version, at: datetime) -> bool:
    return listing.open_reassessment(version=version, actor=WATCHER, at=at)


def lapsing(at: datetime, scope: Scope) -> Iterable[Version]:
    found = listing.lapsing_soon(at, scope)
    return found.select_related("product__seller", "authority", "reviewer").order_by("pk")


def remind_of_lapse(version: Version, at: datetime) -> bool:
    """Seller and reviewing body, once for each assessment that is about to lapse."""
    newest = listing.newest_assessment(version)
    told = False
    if newest is not None:
        day = last_day(listing.lapses_at(newest))
        for party in filter(None, (version.product.seller, version.reviewing_body)):
            told |= tell_once(
                at, party, "assessment_lapses", version.get_absolute_url(), f"{newest.pk}:{day:%F}", day=day,
                product=version.product.title, number=version.number,
            )  # fmt: skip
    return told


def failing(at: datetime, scope: Scope) -> Iterable[Version]:
    return reassessment.failing_unnoticed(scope)


def notice_failing(version: Version, at: datetime) -> bool:
    return operations.notice_failing(version=version, actor=WATCHER, at=at)


def mended(at: datetime, scope: Scope) -> Iterable[Finding]:
    return reassessment.mended(scope).order_by("pk")


def notice_mended(finding: Finding, at: datetime) -> bool:
    return operations.notice_mended(finding=finding, actor=WATCHER, at=at)


def held_from(at: datetime, scope: Scope) -> Iterable[reassessment.HeldFrom]:
    return reassessment.holders_of_held(scope)


def tell_held(row: reassessment.HeldFrom, at: datetime) -> bool:
    return tell_once(
        at, row.grant.buyer, "version_held", row.grant.get_absolute_url(), f"{row.assessment.pk}:{row.grant.pk}",
        number=row.grant.number, version=row.version,
    )  # fmt: skip


def described_anew(at: datetime, scope: Scope) -> Iterable[DescriptionChange]:
    untold = DescriptionChange.objects.filter(state=ChangeState.ACCEPTED, holders_told_at=None)
    return within(untold, scope, "product__seller").select_related("product").order_by("pk")


@transaction.atomic
def tell_described(change: DescriptionChange, at: datetime) -> bool:
    """Whoever holds a grant that runs, once."""
    if not listing.claim_untold(change=change, actor=WATCHER, at=at):
        return False
    act = ledger.begin("remind", WATCHER, at)
    for grant in (
        Grant.objects.active().filter(product=change.product, ends__gte=local_date(at)).select_related("buyer")
    ):
        tell(
            act, recipients(grant.buyer, at), "product_described", link=change.product.get_absolute_url(),
            key=f"{change.pk}:{grant.pk}", product=change.product.title, number=grant.number,
        )  # fmt: skip
    return True


def stale(at: datetime, scope: Scope) -> Iterator[Case]:
    """Public data whose newest version is older than the update frequency of its product allows (Art. 13). One that is
    held for a while is as old as before."""
    late = Q()
    for frequency, days in STALE_AFTER.items():
        late |= Q(product__frequency=frequency, published_at__lte=at - timedelta(days=days))
    newest = (
        within(Version.objects.on_offer(), scope, "product__seller")
        .filter(late, product__state=ProductState.ACTIVE, product__versions__state__in=ON_OFFER)
        .exclude(product__nature=Nature.NON_PUBLIC)
        .annotate(last=Max("product__versions__number"))
        .filter(number=F("last"))
    )
    for version in newest.select_related("product__seller", "authority").order_by("pk"):
        words = {"frequency": version.product.frequency, "day": str(local_date(version.published_at))}
        yield Case(f"data_stale:{version.pk}", version, version.product.seller, version.authority_id, words)
