"""What is on offer, and a version with everything its page shows."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Region
from listings.models import Assessment, Product, Version, VersionSource
from listings.states import VersionState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock


def search(text: str, *, nature: str = "", opening: str = "") -> QuerySet[Product]:
    """Listed products whose title, summary, description or units contain every word of the text."""
    found = Product.objects.listed()
    for word in text.split():
        found = found.filter(
            Q(title__icontains=word)
            | Q(summary__icontains=word)
            | Q(description__icontains=word)
            | Q(entry__unit__name__icontains=word)
        )
    if nature:
        found = found.filter(nature=nature)
    if opening:
        found = found.filter(entry__opening=opening)
    newest = Version.objects.filter(state=VersionState.PUBLISHED).order_by("-number")
    return (
        found.select_related("seller", "entry__unit__region")
        .prefetch_related(Prefetch("versions", queryset=newest, to_attr="published"))
        .order_by("-created_at", "-pk")
    )


def regions_of(version: Version) -> set[Region]:
    """Whose authority is competent for a version: its units' regions and its seller's. Of what is built on public data
    the sources' alone: where its developer sits makes no data of that place of it."""
    regions = {source.unit.region for source in version.sources.select_related("unit__region__parent")}
    return regions if version.product.is_built else regions | {version.product.seller.region}


def upstream_conditions(product: Product) -> list[dict[str, Any]]:
    """The conditions of every grant a product was built under, up to the first source, each once, in a stable order."""
    found: list[dict[str, Any]] = []
    for upstream in product.upstream.order_by("pk"):
        found += [one for one in upstream.conditions if one not in found]
    return found


def in_publicity(limit: int) -> list[tuple[Version, datetime | None]]:
    """The newest versions in publicity, each with the moment until which objections are heard."""
    versions = list(Version.objects.in_publicity().select_related("product__entry__unit").order_by("-pk")[:limit])
    keys = [str(version.pk) for version in versions]
    running = Clock.objects.open().filter(object_type=Version._meta.label_lower, object_id__in=keys)
    due = dict(running.filter(kind=Kind.PUBLICITY).values_list("object_id", "due_at"))
    return [(version, due.get(str(version.pk))) for version in versions]


def version_page(user: Any) -> QuerySet[Version]:
    """Versions the user may see, with what their page shows."""
    return (
        Version.objects.visible_to(user)
        .select_related("product__seller", "product__entry", "authority", "product__declared_by")
        .prefetch_related(
            "columns",
            "steps",
            "product__source_files",
            "files",
            Prefetch(
                "sources", queryset=VersionSource.objects.select_related("unit", "entry", "upstream_version__product")
            ),
            Prefetch("assessments", queryset=Assessment.objects.order_by("-at", "-pk")),
        )
    )
