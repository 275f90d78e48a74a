"""What is on offer, and a version with everything its page shows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party, Region
from accounts.queries import parties_as, parties_of
from listings.models import (
    Assessment,
    CatalogueEntry,
    Job,
    Nature,
    Product,
    SourceFile,
    Upload,
    Upstream,
    Version,
    VersionFile,
    VersionSource,
    Visibility,
    assessed_by,
    is_provincial_officer,
)
from listings.states import WITH_SAMPLE, WITH_SELLER, EntryState, ProductState, SourceState, VersionState
from marketplace import elsewhere
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import calendar_overrides, last_day, local_date, working_days_between

AGGREGATES = 4  # the grade of what is about nobody


def smallest_k(report: dict[str, Any]) -> int | None:
    """The smaller k of an assessment: over the marked quasi-identifiers, and with the suggested ones; None: unknown."""
    found = [figures.get("k") for figures in (report, report.get("with_suggested") or report)]
    known = [k for k in found if isinstance(k, int)]
    return min(known) if len(known) == len(found) else None


def product_cards() -> QuerySet[Product]:
    """Products on offer with what their cards show."""
    newest = Version.objects.filter(state=VersionState.PUBLISHED).order_by("-number")
    return (
        Product.objects.listed()
        .select_related("seller", "entry__unit__region")
        .prefetch_related(Prefetch("versions", queryset=newest, to_attr="published"))
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


def rests_on_other_data(products: Collection[int]) -> bool:
    """Whether any of these was built from data that is not public, directly or further up."""
    seen, last = set[int](), set(products)
    while last:
        sources = set(
            Upstream.objects.filter(product__in=last).values_list("version__product", "version__product__nature")
        )
        if any(nature == Nature.NON_PUBLIC for _product, nature in sources):
            return True
        seen |= last
        last = {product for product, _nature in sources} - seen
    return False


def entry_cards() -> QuerySet[CatalogueEntry]:
    """Published entries with what their rows show."""
    return CatalogueEntry.objects.filter(state=EntryState.PUBLISHED).select_related("unit__region")


def offered_by_invitation(user: Any) -> QuerySet[Product]:
    """Cards of what only invited parties are offered: the search, which is anybody's, does not hold it."""
    shown = Product.objects.visible_to(user).filter(visibility=Visibility.INVITED).values("pk")
    return product_cards().filter(pk__in=shown).order_by("-pk")


def in_publicity(user: Any) -> QuerySet[Version]:
    """Versions in publicity that the user may see, newest first."""
    shown = Version.objects.visible_to(user).in_publicity()
    return shown.select_related("product__entry__unit", "product__seller").order_by("-pk")


def with_deadlines(versions: Sequence[Version]) -> list[tuple[Version, datetime | None]]:
    """Each version with the moment until which objections are heard."""
    keys = [str(version.pk) for version in versions]
    running = Clock.objects.open().filter(object_type=Version._meta.label_lower, object_id__in=keys)
    due = dict(running.filter(kind=Kind.PUBLICITY).values_list("object_id", "due_at"))
    return [(version, due.get(str(version.pk))) for version in versions]


def with_days_left(versions: Sequence[Version], at: datetime) -> list[tuple[Version, datetime | None, int]]:
    """The same, and the working days left."""
    overrides, today = calendar_overrides(), local_date(at)
    return [
        (version, until, working_days_between(today, last_day(until), overrides) if until else 0)
        for version, until in with_deadlines(versions)
    ]


def version_page(user: Any) -> QuerySet[Version]:
    """Versions the user may see, with what their page shows."""
    return (
        Version.objects.visible_to(user)
        .select_related(
            "product__seller",
            "product__entry",
            "authority",
            "reviewer",
            "product__declared_by",
            "signed_off_by",
            "signed_assessment",
        )
        .prefetch_related(
            "columns",
            "steps",
            Prefetch("product__source_files", queryset=SourceFile.objects.select_related("checked_by").order_by("pk")),
            "files",
            Prefetch("jobs", queryset=Job.objects.order_by("-pk")),
            Prefetch(
                "sources", queryset=VersionSource.objects.select_related("unit", "entry", "upstream_version__product")
            ),
            Prefetch("assessments", queryset=Assessment.objects.order_by("-at", "-pk")),
        )
    )


def concerns(user: Any, version: Version) -> bool:
    """The people of the seller, the compliance reviewer, the authorities, and an expert who was asked: they see how it
    came to be."""
    at = timezone.now()
    return user.is_authenticated and (
        version.product.seller in parties_of(user, at)
        or version.authority in parties_as(user, CapabilityKind.AUTHORITY, at)
        or version.reviewer in parties_as(user, CapabilityKind.REVIEWER, at)
        or is_provincial_officer(user)
        or Version.objects.filter(assessed_by(user), pk=version.pk).exists()
    )


def shown_assessment(version: Version, insider: bool) -> Assessment | None:
    """The newest for who is concerned; for everybody else the newest that passed: what is wrong with data that is still
    out is no recipe for the public, and held or recalled it is by a person.

    Of a draft with another file than the one that failed, none. Needs the assessments, newest first, prefetched.
    """
    rows = list(version.assessments.all())
    if not insider:
        return next((row for row in rows if row.passes), None)
    newest = next(iter(rows), None)
    there = _hashes_there(version)
    is_another = bool(there) and newest is not None and newest.file_sha256 not in there
    return None if newest and not newest.passes and is_another and version.state in WITH_SELLER else newest


def shown_sample(version: Version) -> dict[str, Any] | None:
    """{columns, rows} for everybody who sees the version, where its seller has a sample shown.

    None while its newest assessment does not pass, and once it is held, retired, recalled or its product withdrawn.
    Columns declared to be pseudonyms since are left out. Needs the assessments, newest first, and columns prefetched.
    """
    newest = next(iter(version.assessments.all()), None)
    stands = version.shows_sample and version.state in WITH_SAMPLE and version.product.state == ProductState.ACTIVE
    if not stands or newest is None or not newest.passes or not newest.sample:
        return None
    declared = set(pseudonym_columns(version))
    kept = [at for at, name in enumerate(newest.sample["columns"]) if name not in declared]
    return {
        "columns": [newest.sample["columns"][at] for at in kept],
        "rows": [[row[at] for at in kept] for row in newest.sample["rows"]] if kept else [],
    }


def _hashes_there(version: Version) -> set[str]:
    return {file.sha256 for file in version.files.all() if file.destroyed_at is None}


def failed_assessment(version: Version) -> Assessment | None:
    """The assessment that the draft's present file failed; None where it was not measured, or is gone."""
    if version.state != VersionState.DRAFT:
        return None
    newest = max(version.assessments.all(), key=lambda row: (row.at, row.pk), default=None)
    failed = newest is not None and not newest.passes and newest.file_sha256 in _hashes_there(version)
    return newest if failed else None


def quasi_identifiers_of(version: Version) -> list[str]:
    """What the assessment that the draft's present file failed was measured over: marked and suggested."""
    failed = failed_assessment(version)
    measured = (failed.report.get("with_suggested") or failed.report) if failed else {}
    return list(measured.get("quasi_identifiers", []))


def passed(version: Version) -> Assessment | None:
    """The newest assessment that passed."""
    return version.assessments.filter(passes=True).order_by("-at", "-pk").first()


def newest_assessment(version: Version) -> Assessment | None:
    """The newest assessment, passed or not."""
    return version.assessments.order_by("-at", "-pk").first()


def needs_signature(version: Version) -> bool:
    """Whether somebody signs that nothing can be restored: of grade 3, not of aggregates (grade 4)."""
    newest = passed(version)
    return newest is None or newest.report.get("grade") != AGGREGATES


def unexplained(version: Version) -> list[str]:
    """Columns of digests or tokens that no guess restored and that the seller has not declared to be some."""
    return sorted(opaque_columns(passed(version)) - set(pseudonym_columns(version)))


def opaque_columns(assessment: Assessment | None) -> set[str]:
    """Columns that an assessment found to be digests or tokens, and could not restore."""
    found = assessment.report.get("restorable", []) if assessment else []
    return {one["column"] for one in found if one["code"] == "keyed_or_unknown"}


def pseudonym_columns(version: Version) -> list[str]:
    """The columns that the seller declares to be digests or tokens, as they stand in the file."""
    declared = [column for column in version.columns.all() if column.is_pseudonym]
    return [column.name for column in sorted(declared, key=lambda column: column.position)]


def faulty_sources(version: Version, at: datetime) -> list[SourceFile]:
    """The items that keep a version from being approved: unchecked, found not in order, or lapsed."""
    items = SourceFile.objects.standing().filter(product=version.product_id).order_by("pk")
    return [item for item in items if item.state != SourceState.ACCEPTED or item.has_lapsed(at)]


def space_used(seller: Party, but: Version | None = None) -> int:
    """Bytes that a party takes: files not destroyed, and uploads under way at the size announced.

    Those of the version `but` are left out: a new file takes their place.
    """
    kept = VersionFile.objects.filter(version__product__seller=seller, destroyed_at=None)
    coming = Upload.objects.under_way().filter(version__product__seller=seller)
    if but is not None:
        kept, coming = kept.exclude(version=but), coming.exclude(version=but)
    return sum(rows.aggregate(total=Sum("size"))["total"] or 0 for rows in (kept, coming))


def check_room(version: Version, more: int, field: str) -> None:
    """ValidationError on `field` unless `more` bytes fit into the seller's quota. Holds the party's row to the end."""
    seller = Party.objects.select_for_update().get(pk=version.product.seller_id)
    used = space_used(seller, version)
    quota = elsewhere.quota()
    if used + more > quota:
        sizes = {
            "used": filesizeformat(used), "quota": filesizeformat(quota), "more": filesizeformat(more),
        }  # fmt: skip
        raise ValidationError(
            {field: _("Your files take %(used)s of %(quota)s: there is no room for %(more)s more.") % sizes}
        )
