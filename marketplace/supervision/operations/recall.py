"""What a recalled version reaches: everybody who obtained it, or anything built from it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import check_is_job
from accounts.queries import recipients
from listings.models import Version
from listings.states import VersionState
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.delivery.models import Delivery
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import close_finding, open_finding
from marketplace.supervision.operations.precaution import hold_as_precaution
from marketplace.supervision.states import FindingState

RULE, ARTICLE = "version_recalled", "Art. 17"


class Holder(NamedTuple):
    """A grant under which `version` was obtained, and the recalled version that it is, or was built from."""

    grant: Grant
    version: Version
    recalled: Version

    @property
    def key(self) -> str:
        return f"{RULE}:{self.recalled.pk}:{self.version.pk}:{self.grant.pk}"


def holders_untold() -> Iterator[Holder]:
    """Whoever obtained a recalled version, or one built from it, and has not been told yet; also under ended grants."""
    told = set(Finding.objects.filter(rule=RULE).values_list("occasion_key", flat=True))
    for recalled in Version.objects.filter(state=VersionState.RECALLED).select_related("product").order_by("pk"):
        delivered = Delivery.objects.filter(version__in=with_downstream(recalled), grant__isnull=False)
        pairs = delivered.values_list("grant", "version").distinct().order_by("grant", "version")
        grants = Grant.objects.select_related("buyer", "authority").in_bulk({grant for grant, _version in pairs})
        versions = Version.objects.select_related("product").in_bulk({version for _grant, version in pairs})
        holders = [Holder(grants[grant], versions[version], recalled) for grant, version in pairs]
        yield from (holder for holder in holders if holder.key not in told)


def with_downstream(version: Version) -> set[int]:
    """A version and all that were built from it, however far down."""
    found = {version.pk}
    last = found
    while last:
        last = set(Version.objects.filter(sources__upstream_version__in=last).values_list("pk", flat=True)) - found
        found |= last
    return found


@transaction.atomic
def notice_recall(*, holder: Holder, actor: ledger.SystemActor, at: datetime) -> bool:
    """A finding for the authority, which proposes a precaution, and a notice for the holder; once for each copy."""
    check_is_job(actor)
    act = ledger.begin("notice", actor, at, ARTICLE)
    texts = {"version": str(holder.version), "recalled": str(holder.recalled)}
    if open_finding(act, holder.grant, RULE, holder.key, ARTICLE, **texts) is None:
        return False
    tell(
        act, recipients(holder.grant.buyer, at), "version_recalled", link=holder.grant.get_absolute_url(),
        key=holder.key, number=holder.grant.number, **texts,
    )  # fmt: skip
    return True


@transaction.atomic
def answer_by_precaution(*, finding: Finding, actor: User, at: datetime, reason: str) -> None:
    """open → led to a measure: the grant of a recalled version is paused as a precaution (Art. 34)."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    workflow.check_in(finding, FindingState.OPEN)
    if finding.rule != RULE or finding.grant is None or finding.reviewer is not None:
        raise InvalidState(_("A precaution answers a recall; a duty not done is answered by an order."))
    workflow.check_in(Grant.objects.select_for_update().get(pk=finding.grant.pk), GrantState.ACTIVE)
    act = ledger.begin("take_precaution", actor, at, "Art. 34")
    close_finding(act, finding, FindingState.MEASURE, reason=reason)
    hold_as_precaution(act, finding.grant, reason, cause=finding)


def proposes_precaution(finding: Any) -> bool:
    of_public_data = finding.grant is not None and finding.reviewer_id is None
    return finding.rule == RULE and of_public_data and finding.grant.state == GrantState.ACTIVE
