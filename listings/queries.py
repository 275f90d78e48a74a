"""What is on offer, and a version with everything its page shows."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from listings.models import Assessment, CatalogueEntry, Product, Version, VersionSource
from listings.states import EntryState, VersionState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock


def product_cards() -> QuerySet[Product]:
    """Products on offer with what their cards show."""
    newest = Version.objects.filter(state=VersionState.PUBLISHED).order_by("-number")
    return (
        Product.objects.listed()
        .select_related("seller", "entry__unit__region")
        .prefetch_related(Prefetch("versions", queryset=newest, to_attr="published"))
    )


def entry_cards() -> QuerySet[CatalogueEntry]:
    """Published entries with what their rows show."""
    return CatalogueEntry.objects.filter(state=EntryState.PUBLISHED).select_related("unit__region")


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
            Prefetch("sources", queryset=VersionSource.objects.select_related("unit", "entry")),
            Prefetch("assessments", queryset=Assessment.objects.order_by("-at", "-pk")),
        )
    )
