"""What a take-down holds, gives back and recalls: one version, or a product with all its versions (Art. 40)."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from listings import operations as listing
from listings.models import Version
from listings.states import VersionState
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.supervision.models import Measure
from marketplace.supervision.states import STANDING_MEASURE


def check_alone(measure: Measure) -> None:
    """Part of issuing a take-down: InvalidState while another of the same version, or product, stands."""
    if _others(measure).exists():
        raise InvalidState(_("It was taken down: the take-down is lifted, not the hold."))


def hold(act: ledger.Act, measure: Measure) -> None:
    """Part of issuing a take-down, which has its number."""
    version = _version(measure)
    if measure.whole_product:
        listing.take_down_product(act, version.product, str(measure.number), measure.demand)
    else:
        listing.take_down(act, version, measure.demand)


def hold_again(act: ledger.Act, measure: Measure) -> None:
    """Part of ending a stay, as `hold`: what was made public meanwhile is held, what was recalled stays so."""
    version = _version(measure)
    if measure.whole_product:
        listing.take_down_product_again(act, version.product, str(measure.number), measure.demand)
    else:
        listing.take_down_again(act, version, measure.demand)


def give_back(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of lifting, annulling and staying: what it held and nothing else holds → published."""
    version = _version(measure)
    if measure.whole_product:
        listing.give_product_back(act, version.product, str(measure.number), reason)
    elif not _others(measure).exists():
        listing.end_take_down(act, version, VersionState.PUBLISHED, reason)


def recall(act: ledger.Act, measure: Measure, reason: str) -> list[Version]:
    """Part of making it final. Returns what was recalled; what somebody recalled before is not among it."""
    version = _version(measure)
    if measure.whole_product:
        return listing.recall_product(act, version.product, reason)
    listing.end_take_down(act, version, VersionState.RECALLED, reason)
    return [version]


def _others(measure: Measure) -> QuerySet[Measure]:
    """Other take-downs of the same that stand, stayed or not. Locks a single version: one that is being issued is
    waited for; of a product, whoever changes its holds locks that."""
    version, whole = _version(measure), measure.whole_product
    standing = Measure.objects.filter(whole_product=whole, state__in=STANDING_MEASURE).exclude(pk=measure.pk)
    if whole:
        return standing.filter(version__product=version.product_id)
    Version.objects.select_for_update(of=("self",)).get(pk=version.pk)
    return standing.filter(version=version)


def _version(measure: Measure) -> Version:
    assert measure.version is not None  # a constraint says so of every take-down
    return measure.version
