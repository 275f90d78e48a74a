"""What is read: the attribution, and which deliveries a derived product can be built from."""

from typing import Any, NamedTuple

from django.db.models import Max, Min

from accounts.models import Party
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.supervision.models import DerivedProduct


class Attribution(NamedTuple):
    """One source of a derived product, from the records. Dates are `datetime.date`."""

    units: list[str]
    product: str
    version: Version
    obtained_first: Any
    obtained_last: Any


def attribution(derived: DerivedProduct) -> list[Attribution]:
    """Source units, product, version and date obtained (Art. 16): first to last delivery to this developer."""
    uses = derived.built_from.select_related("version__product").order_by("version__product__title", "version__number")
    versions = [use.version for use in uses.prefetch_related("version__sources__unit")]
    spans = (
        Delivery.objects.filter(grant__buyer=derived.party, version__in=versions)
        .values("version")
        .annotate(first=Min("obtained_at"), last=Max("obtained_at"))
        .order_by("version")
    )
    dates = {span["version"]: (local_date(span["first"]), local_date(span["last"])) for span in spans}
    return [
        Attribution(
            sorted({source.unit.name for source in version.sources.all()}),
            version.product.title,
            version,
            *dates[version.pk],
        )
        for version in versions
    ]


def obtained(party: Party) -> list[tuple[Grant, Version]]:
    """The (grant, version) pairs that were delivered to a party."""
    pairs = (
        Delivery.objects.filter(grant__buyer=party)
        .values_list("grant", "version")
        .distinct()
        .order_by("grant", "version")
    )
    grants = Grant.objects.select_related("product").in_bulk({grant for grant, _version in pairs})
    versions = Version.objects.select_related("product").in_bulk({version for _grant, version in pairs})
    return [(grants[grant], versions[version]) for grant, version in pairs]
