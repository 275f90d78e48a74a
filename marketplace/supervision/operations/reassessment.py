"""What a failed re-assessment leads to: a finding that proposes to hold the version; a person does it (Art. 35)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.permissions import check_is_job
from accounts.queries import recipients
from listings import operations as listing
from listings.models import Assessment, Version
from listings.states import ON_OFFER, VersionState
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.delivery.models import Delivery
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import close_finding, open_finding, remedy_finding
from marketplace.supervision.states import FindingState

RULE, ARTICLE = "assessment_failed", "Art. 35"


def failing(sellers: Iterable[Party] | None) -> Any:
    """Versions on offer whose newest assessment did not pass."""
    found = Version.objects.on_offer().failing().select_related("product__seller", "authority", "reviewer")
    return found if sellers is None else found.filter(product__seller__in=list(sellers))


def failing_unnoticed(sellers: Iterable[Party] | None) -> list[Version]:
    """Those of which no finding is open, and whose newest assessment led to none before."""
    answered = Finding.objects.filter(rule=RULE, state=FindingState.OPEN).values("version")
    known = set(Finding.objects.filter(rule=RULE).values_list("occasion_key", flat=True))
    return [version for version in failing(sellers).exclude(pk__in=answered) if key_of(version) not in known]


def key_of(version: Version) -> str:
    return f"{RULE}:{version.pk}:{_newest(version).pk}"


@transaction.atomic
def notice_failing(*, version: Version, actor: ledger.SystemActor, at: datetime) -> bool:
    """A finding for whoever reviews the version, which proposes to hold it; the version itself is not touched. Looks
    again under a lock: what passed, or was taken off, since the sweep looked is not overtaken."""
    check_is_job(actor)
    Version.objects.select_for_update().get(pk=version.pk)  # an assessment that is being kept counts
    if version not in failing_unnoticed([version.product.seller]):
        return False
    act = ledger.begin("notice", actor, at, ARTICLE)
    assessment = _newest(version)
    finding = open_finding(act, version, RULE, key_of(version), ARTICLE, assessed=f"{assessment.at:%F}")
    if finding is None:
        return False
    body = version.reviewing_body
    tell(
        act, recipients(body, at, finding.party) if body else [], "version_failing", link=finding.get_absolute_url(),
        key=finding.occasion_key, product=version.product.title, number=version.number,
    )  # fmt: skip
    return True


def mended(sellers: Iterable[Party] | None) -> Any:
    """Open findings whose version passes again, or is no longer on offer."""
    found = Finding.objects.alone().filter(rule=RULE, state=FindingState.OPEN)
    found = found.exclude(version__in=failing(None).values("pk"))
    return found if sellers is None else found.filter(party__in=list(sellers))


@transaction.atomic
def notice_mended(*, finding: Finding, actor: ledger.SystemActor, at: datetime) -> bool:
    """open → remedied: what was proposed has lost its ground. A version that is held stays so: a person releases it."""
    check_is_job(actor)
    return remedy_finding(ledger.begin("notice", actor, at, ARTICLE), finding.occasion_key)


@transaction.atomic
def answer_by_hold(*, finding: Finding, actor: User, at: datetime, reason: str) -> None:
    """open → led to a measure: the version is held, or was already. Where it failed its assessment, the sweep tells who
    has it under a grant."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    workflow.check_in(finding, FindingState.OPEN)
    if finding.version is None:
        raise InvalidState(_("Only what is about a version is answered by holding it."))
    act = ledger.begin("hold", actor, at, article_of_hold(finding))
    close_finding(act, finding, FindingState.MEASURE, reason=reason)
    listing.hold_for_finding(act, finding.version, reason)


def article_of_hold(finding: Finding) -> str:
    """As of a hold by hand, but after a failed assessment."""
    if finding.rule == RULE:
        return ARTICLE
    return "Art. 17" if finding.reviewer_id is None else "Art. 40"


def can_be_held(finding: Any) -> bool:
    return finding.version is not None and finding.version.state in ON_OFFER


class HeldFrom(NamedTuple):
    """A grant that gives a version which is held for its failed assessment, and that assessment."""

    grant: Grant
    version: Version
    assessment: Assessment


def holders_of_held(sellers: Iterable[Party] | None) -> list[HeldFrom]:
    """Whoever has, or may have, a version that a person held after its assessment failed."""
    rows = []
    for version in failing(sellers).filter(state=VersionState.HELD):
        has_it = Q(pk__in=Delivery.objects.filter(version=version, grant__isnull=False).values("grant"))
        grants = Grant.objects.filter(has_it | Q(pk__in=Grant.objects.active().filter(product=version.product_id)))
        rows += [HeldFrom(grant, version, _newest(version)) for grant in grants.select_related("buyer").order_by("pk")]
    return rows


def _newest(version: Version) -> Assessment:
    newest = listing.newest_assessment(version)
    assert newest is not None  # on offer, so it was assessed
    return newest
