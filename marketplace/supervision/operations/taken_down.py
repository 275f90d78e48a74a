"""What a take-down holds, gives back and recalls: one version, or a product with all its versions (Art. 40)."""

from listings import operations as listing
from listings.models import Version
from listings.states import VersionState
from marketplace.ledger import entries as ledger
from marketplace.supervision.models import Measure
from marketplace.supervision.states import STANDING_MEASURE


def hold(act: ledger.Act, measure: Measure) -> None:
    """Part of issuing a take-down, which has its number."""
    version = _version(measure)
    if measure.whole_product:
        listing.take_down_product(act, version.product, str(measure.number), measure.demand)
    else:
        listing.take_down(act, version, measure.demand)


def give_back(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of lifting and annulling: what it held and nothing else holds → published."""
    version = _version(measure)
    if measure.whole_product:
        listing.give_product_back(act, version.product, str(measure.number), reason)
    elif not _is_held_by_another(version, measure):
        listing.end_take_down(act, version, VersionState.PUBLISHED, reason)


def recall(act: ledger.Act, measure: Measure, reason: str) -> list[Version]:
    """Part of making it final. Returns what was recalled; what somebody recalled before is not among it."""
    version = _version(measure)
    if measure.whole_product:
        return listing.recall_product(act, version.product, reason)
    listing.end_take_down(act, version, VersionState.RECALLED, reason)
    return [version]


def _is_held_by_another(version: Version, measure: Measure) -> bool:
    """Asked under the lock on the version: another take-down of it that is being issued is waited for."""
    Version.objects.select_for_update(of=("self",)).get(pk=version.pk)
    standing = Measure.objects.filter(version=version, whole_product=False, state__in=STANDING_MEASURE)
    return standing.exclude(pk=measure.pk).exists()


def _version(measure: Measure) -> Version:
    assert measure.version is not None  # a constraint says so of every take-down
    return measure.version
