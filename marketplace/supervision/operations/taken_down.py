"""What a take-down holds, gives back and recalls: one version, or a product with all its versions (Art. 40).

Who holds a grant in force is told that it is held, and that it is served again.
"""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.queries import People
from listings import operations as listing
from listings.models import Version
from listings.states import VersionState
from marketplace.applications.models import Grant
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Message, tell_each
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
    _tell_holders(act, measure, "data_held")


def hold_again(act: ledger.Act, measure: Measure) -> None:
    """Part of ending a stay, as `hold`: what was made public meanwhile is held, what was recalled stays so."""
    version = _version(measure)
    if measure.whole_product:
        listing.take_down_product_again(act, version.product, str(measure.number), measure.demand)
    else:
        listing.take_down_again(act, version, measure.demand)
    _tell_holders(act, measure, "data_held")


def give_back(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of lifting, annulling and staying: what it held and nothing else holds → published."""
    version, before = _version(measure), set(_served(measure))
    if measure.whole_product:
        listing.give_product_back(act, version.product, str(measure.number), reason)
    elif not _others(measure).exists():
        listing.end_take_down(act, version, VersionState.PUBLISHED, reason)
    if set(_served(measure)) - before:
        _tell_holders(act, measure, "data_served_again")


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


def _served(measure: Measure) -> QuerySet[Version]:
    """What it is about and nothing holds."""
    version = _version(measure)
    reached = Q(product=version.product_id) if measure.whole_product else Q(pk=version.pk)
    free = Version.objects.filter(reached, is_taken_down=False, product__taken_down_by="")
    return free.filter(state__in=(VersionState.PUBLISHED, VersionState.RETIRED))


def _tell_holders(act: ledger.Act, measure: Measure, kind: str) -> None:
    """Whoever holds a grant in force on the product: not why, which is between the platform and the seller."""
    people = People(act.at)
    grants = Grant.objects.active().filter(product=_version(measure).product_id).select_related("buyer").order_by("pk")
    tell_each([
        Message(
            act, people(grant.buyer), kind, grant.get_absolute_url(), "",
            {"number": grant.number, "what": measure.taken_down},
        )
        for grant in grants
    ])  # fmt: skip


def _version(measure: Measure) -> Version:
    assert measure.version is not None  # a constraint says so of every take-down
    return measure.version
