"""Products built on public data under a grant: started, given their sources, stopped while a grant stands still."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.queries import recipients
from listings.models import Acquisition, Nature, Product, ProductStop, Upstream, Version, VersionSource
from listings.operations.purposes import choose_purposes
from listings.states import VersionState
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


class Obtained(NamedTuple):
    """A version that went into a product, under which grant, and the conditions that travel along."""

    version: Version
    grant_ref: str
    conditions: list[dict[str, Any]]
    over_at: datetime  # when the grant's period is over


def start_built_product(act: ledger.Act, *, seller: Party, sources: Sequence[Obtained], **fields: Any) -> Product:
    """A developer's own product, never a catalogue item (Arts 16, 17). Part of another operation, which has checked
    the grants. Its `entry` is that of the first source with one, and decides nothing. InvalidState where none has one.
    """
    for source in sources:
        check_not_stopped(source.version.product, act.at)
    entry = next((one for source in sources if (one := source.version.product.entry)), None)
    if entry is None:
        raise InvalidState(_("Nothing that it was built from is public data: it cannot be listed as built on it."))
    product = Product(
        seller=seller, entry=entry, nature=Nature.BUILT, acquisition=Acquisition.GRANT,
        created_at=act.at, **fields,
    )  # fmt: skip
    product.full_clean()
    choose_purposes(product.purposes)
    product.save()
    detail = {"seller": seller, "built_from": [[source.version, source.grant_ref] for source in sources], **fields}
    ledger.record(act, product, new=product.state, detail=detail)
    add_upstream(product, sources)
    return product


def add_upstream(product: Product, sources: Iterable[Obtained]) -> None:
    """What the next versions of the product are built from as well. Part of another operation."""
    for version, grant_ref, conditions, over_at in sources:
        Upstream.objects.get_or_create(
            product=product, version=version, grant_ref=grant_ref,
            defaults={"conditions": conditions, "over_at": over_at},
        )  # fmt: skip


def inherit_sources(version: Version) -> None:
    """Every source of every version it is built from is a source of this one, up to the providing units.

    Nothing new is built from a version that was recalled; InvalidState where no other is left.
    """
    upstreams = Version.objects.filter(downstream__product=version.product_id).exclude(state=VersionState.RECALLED)
    if not upstreams.exists():
        raise InvalidState(_("Every version it was built from was recalled: nothing new can be built from them."))
    for upstream in upstreams.distinct().order_by("pk"):
        for unit, entry in upstream.sources.values_list("unit", "entry").distinct().order_by("unit", "entry"):
            VersionSource.objects.create(version=version, unit_id=unit, entry_id=entry, upstream_version=upstream)


def check_further_sources(product: Product, entries: Iterable[Any]) -> None:
    """Raises ValidationError where a built product names data that no grant gave to its developer."""
    if product.is_built and list(entries):
        raise ValidationError({"sources": _("What is built under grants has no sources but those of its grants.")})


def check_not_stopped(product: Product, at: datetime) -> None:
    """Raises InvalidState while a grant that the product was built under is held or has ended, however that came."""
    if why := why_stopped(product, at):
        raise InvalidState(why)


def why_stopped(product: Product, at: datetime) -> str:
    """Why neither a version of nor a grant on a built product is new at `at`; empty where nothing is in the way."""
    if ProductStop.objects.standing(at).filter(product=product).exists():
        return _(
            "“%(product)s” was built under a grant that stands still: neither a new version nor a new grant now."
        ) % {"product": product}
    over = grants_over(product, at)
    return why_over(over[0]) if over else ""


def grants_over(product: Product, at: datetime) -> list[Upstream]:
    """Of the grants it was built under, however far up, those that are over and were not followed by another."""
    if not product.is_built:
        return []
    over = Upstream.objects.over(at).filter(product__in=_with_upstream(product))
    return list(over.select_related("product__seller").order_by("over_at", "pk"))


def why_over(upstream: Upstream) -> str:
    assert upstream.over_at is not None
    text = _(
        "Grant %(number)s, under which “%(product)s” was built, was over on %(day)s: neither a new version nor a new "
        "grant, until its developer has another grant on the same source and names what was delivered under it."
    )
    if not upstream.grant_number:
        text = _(
            "A grant under which “%(product)s” was built was over on %(day)s: neither a new version nor a new grant, "
            "until its developer has another grant on the same source and names what was delivered under it."
        )
    return text % {"number": upstream.grant_number, "product": upstream.product, "day": last_day(upstream.over_at)}


def end_upstream(grant_ref: str, at: datetime) -> None:
    """A grant is over at `at`: given back, closed, or its period now ends then. What an officer freed stays free."""
    Upstream.objects.filter(grant_ref=grant_ref, over_at__isnull=False).update(over_at=at)


def free_upstream(product: Product, grant_refs: Iterable[str]) -> None:
    """An officer found that the product stands without these grants: that they are over stops nothing of it."""
    Upstream.objects.filter(product=product, grant_ref__in=list(grant_refs)).update(over_at=None)


def check_sources_stand(version: Version) -> None:
    """Raises InvalidState where a version that this one was built from is held or recalled."""
    down = version.sources.filter(upstream_version__state__in=[VersionState.HELD, VersionState.RECALLED])
    if first := down.select_related("upstream_version__product").order_by("pk").first():
        raise InvalidState(
            _("“%(version)s”, from which it was built, is held or was recalled.") % {"version": first.upstream_version}
        )


def built_under(grant_refs: Iterable[str]) -> set[str]:
    """Those of these grants under which something was built."""
    return set(Upstream.objects.filter(grant_ref__in=list(grant_refs)).values_list("grant_ref", flat=True))


def stop_products(
    act: ledger.Act, grant_ref: str, source_ref: str, *, reason: str, ends_at: datetime | None = None
) -> None:
    """A grant is held or has been ended by force: nothing new of what was built under it, however far down.

    Part of the hold's or the ending's operation. Records a stop on each product and tells its developer.
    """
    built = Product.objects.filter(upstream__grant_ref=grant_ref)
    for product in _with_downstream(built).select_related("seller").order_by("pk"):
        __, is_new = ProductStop.objects.get_or_create(
            product=product, source_ref=source_ref, lifted_at=None,
            defaults={"reason": reason[:300], "opened_at": act.at, "ends_at": ends_at},
        )  # fmt: skip
        if is_new:
            ledger.record(act, product, detail={"stopped_by": source_ref, "reason": reason})
            _tell(act, product, "product_stopped", source_ref, reason)


def resume_products(act: ledger.Act, source_refs: Iterable[str], *, below: Product | None = None) -> None:
    """Lift the stops that these holds have opened; `below`: only on this product and what was built on it."""
    stops = ProductStop.objects.filter(source_ref__in=list(source_refs), lifted_at=None)
    if below is not None:
        stops = stops.filter(product__in=_with_downstream(Product.objects.filter(pk=below.pk)))
    for stop in stops.select_related("product__seller").order_by("pk"):
        ProductStop.objects.filter(pk=stop.pk).update(lifted_at=act.at)
        ledger.record(act, stop.product, detail={"resumed_from": stop.source_ref})
        _tell(act, stop.product, "product_resumed", f"{stop.source_ref}:{stop.pk}", stop.reason)


def _with_upstream(product: Product) -> set[int]:
    """The product and all that it was built on, so far as that was built itself."""
    found = last = {product.pk}
    while last:
        above = Product.objects.filter(versions__downstream__product__in=last, nature=Nature.BUILT)
        last = set(above.values_list("pk", flat=True)) - found
        found = found | last
    return found


def _with_downstream(products: Any) -> Any:
    """These products and all that were built on them."""
    found = set(products.values_list("pk", flat=True))
    last = found
    while last:
        last = set(Product.objects.filter(upstream__version__product__in=last).values_list("pk", flat=True)) - found
        found |= last
    return Product.objects.filter(pk__in=found)


def _tell(act: ledger.Act, product: Product, kind: str, key: str, reason: str) -> None:
    tell(
        act, recipients(product.seller, act.at), kind, link=product.get_absolute_url(), key=f"{key}:{product.pk}",
        product=product.title, reason=reason,
    )  # fmt: skip
