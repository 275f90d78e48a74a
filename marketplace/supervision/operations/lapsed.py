"""A seller whose verification has lapsed while its data is on offer: a finding, and no new grants (Art. 45)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Party, PartyState, standing
from accounts.permissions import check_is_job
from accounts.queries import recipients
from listings.models import Version
from marketplace.clock.working_days import local_date
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import open_finding, remedy_finding, told_as
from marketplace.supervision.states import FindingState

RULE, ARTICLE = "seller_lapsed", "Art. 45"


def lapsed_unnoticed(at: datetime, sellers: Iterable[Party] | None) -> list[Version]:
    """Of each lapsed seller and each body that reviews it the newest version on offer, until there is a finding."""
    found = Version.objects.on_offer().filter(
        product__seller__state=PartyState.VERIFIED, product__seller__verified_until__lt=local_date(at)
    )
    if sellers is not None:
        found = found.filter(product__seller__in=list(sellers))
    rows = found.select_related("product__seller", "authority", "reviewer").order_by("pk")
    newest = {key_of(version): version for version in rows}
    known = set(Finding.objects.noticed().filter(occasion_key__in=newest).values_list("occasion_key", flat=True))
    return [version for key, version in newest.items() if key not in known]


def key_of(version: Version) -> str:
    """One occasion for each day that a verification lapsed on and each body that answers the finding."""
    seller, body = version.product.seller, version.reviewing_body
    return f"{RULE}:{seller.pk}:{seller.verified_until}:{body.pk if body else ''}"


@transaction.atomic
def notice_lapsed(*, version: Version, actor: ledger.SystemActor, at: datetime) -> bool:
    """A finding for whoever reviews what the seller has on offer; the seller is told as well. Looks again under a lock:
    whoever was verified, or took its data off, since the sweep looked is not overtaken."""
    check_is_job(actor)
    Version.objects.select_for_update(no_key=True).get(pk=version.pk)
    seller = Party.objects.select_for_update(no_key=True).get(pk=version.product.seller_id)
    if version not in lapsed_unnoticed(at, [seller]):
        return False
    version.product.seller = seller
    body, key = version.reviewing_body, key_of(version)
    act = ledger.begin("notice", actor, at, ARTICLE)
    finding = open_finding(act, version, RULE, key, ARTICLE, until=seller.verified_until)
    if finding is None:
        return False
    told = told_as([finding])[key]
    for party, link in ((seller, version.product.get_absolute_url()), (body, finding.get_absolute_url())):
        if party is not None:
            tell(
                act, recipients(party, at, seller), RULE, link=link, key=told, seller=seller, day=seller.verified_until
            )
    return True


def renewed(at: datetime, sellers: Iterable[Party] | None) -> Any:
    """Open findings whose seller is in good standing again."""
    found = Finding.objects.alone().filter(rule=RULE, state=FindingState.OPEN)
    over = found.filter(standing(at, "party__"))
    return over if sellers is None else over.filter(party__in=list(sellers))


@transaction.atomic
def notice_renewed(*, finding: Finding, actor: ledger.SystemActor, at: datetime) -> bool:
    """open → remedied, once."""
    check_is_job(actor)
    return remedy_finding(ledger.begin("notice", actor, at, ARTICLE), finding.occasion_key)
