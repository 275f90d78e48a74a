"""The search's rows follow what they are made of. Parts of other operations, and the rebuilding of all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Model, Prefetch, QuerySet

from listings.models import CatalogueEntry, Product, SearchKind, SearchRow, SearchValue, Version, Visibility
from listings.models.purposes import split_purposes
from listings.search.tokens import indexed
from listings.states import EntryState

AT_ONCE = 500
MOST_PURPOSES = 20
Made = tuple[SearchRow, list[tuple[str, str]]]  # a row, and its (facet, value) pairs


def follow_product(product: Product) -> None:
    """Put the product's row as it is now; take it away where the product is not on offer."""
    _put(SearchKind.PRODUCT, [product.pk], list(map(_of_product, _products().filter(pk=product.pk))))


def follow_entries(entries: Sequence[CatalogueEntry]) -> None:
    """Put the entries' rows as they are now; take away those of entries that are not published."""
    keys = [entry.pk for entry in entries]
    _put(SearchKind.ENTRY, keys, list(map(_of_entry, _entries().filter(pk__in=keys))))


def follow_rows(rows: QuerySet[SearchRow]) -> None:
    """Put anew what these rows were made of: a party or a region that they name is another, or is called otherwise."""
    keys = list(rows.values_list("kind", "object_id"))
    for kind, fresh, made in (
        (SearchKind.PRODUCT, _products(), _of_product),
        (SearchKind.ENTRY, _entries(), _of_entry),
    ):
        of_kind = [key for row_kind, key in keys if row_kind == kind]
        for start in range(0, len(of_kind), AT_ONCE):
            some = of_kind[start : start + AT_ONCE]
            _put(kind, some, list(map(made, fresh.filter(pk__in=some))))  # type: ignore[arg-type]


def reindex() -> int:
    """Rebuild every row, some hundred at a time; returns how many there are now."""
    count = 0
    every: tuple[tuple[str, Any, QuerySet[Any], Callable[[Any], Made]], ...] = (
        (SearchKind.PRODUCT, Product, _products(), _of_product),
        (SearchKind.ENTRY, CatalogueEntry, _entries(), _of_entry),
    )
    for kind, model, rows, made in every:
        for keys in _batches(model):
            with transaction.atomic():
                fresh = list(map(made, rows.filter(pk__in=keys)))
                _put(kind, keys, fresh)
                count += len(fresh)
        SearchRow.objects.filter(kind=kind).exclude(object_id__in=model._base_manager.values("pk")).delete()
    return count


def drift() -> list[str]:
    """Rows that are missing, left over or not what their object says: nothing, unless somebody wrote past us."""
    wanted = [_plain(*made) for made in (*map(_of_product, _products()), *map(_of_entry, _entries()))]
    there = SearchRow.objects.prefetch_related("values_of")
    found = [_plain(row, [(value.facet, value.value) for value in row.values_of.all()]) for row in there]
    return sorted(f"{kind} {key}" for kind, key in {one[:2] for one in set(wanted) ^ set(found)})


def _products() -> QuerySet[Product]:
    published = Version.objects.published().order_by("-published_at", "-pk")
    return (
        Product.objects.listed()
        .filter(visibility=Visibility.ALL)  # what is offered by invitation is nobody else's to find
        .select_related("entry__unit__region", "seller__region")
        .prefetch_related(Prefetch("versions", queryset=published, to_attr="published"))
    )


def _entries() -> QuerySet[CatalogueEntry]:
    return CatalogueEntry.objects.filter(state=EntryState.PUBLISHED).select_related("unit__region")


def _of_product(product: Any) -> Made:
    newest, unit = product.published[0], product.entry and product.entry.unit
    region = (unit or product.seller).region
    row = SearchRow(
        kind=SearchKind.PRODUCT, object_id=product.pk, title=product.title, title_tokens=indexed(product.title),
        body_tokens=indexed(
            product.summary, product.description, product.purposes, unit.name if unit else "",
            product.seller.name, region.name, region.name_en,
        ),
        newest_at=newest.published_at or newest.created_at, nature=product.nature,
        opening=product.entry.opening if product.entry and not product.is_built else "",
        frequency=product.frequency, region=region, unit=unit, seller=product.seller,
    )  # fmt: skip
    purposes = [one[:60] for one in split_purposes(product.purposes)][:MOST_PURPOSES]
    modes = {mode for version in product.published for mode in version.allowed_modes}
    return row, sorted({("mode", mode) for mode in modes} | {("purpose", purpose) for purpose in purposes})


def _of_entry(entry: CatalogueEntry) -> Made:
    unit = entry.unit
    row = SearchRow(
        kind=SearchKind.ENTRY, object_id=entry.pk, title=entry.title, title_tokens=indexed(entry.title),
        body_tokens=indexed(entry.description, unit.name, unit.region.name, unit.region.name_en),
        newest_at=entry.created_at, opening=entry.opening, frequency=entry.frequency, region=unit.region, unit=unit,
    )  # fmt: skip
    return row, []


CONTENT = [field.attname for field in SearchRow._meta.concrete_fields if field.name not in ("id", "kind", "object_id")]


def _put(kind: str, keys: Sequence[int], made: Sequence[Made]) -> None:
    """Of these objects exactly these rows. A row that stays keeps its key: cursors of lists hold it."""
    there = {row.object_id: row for row in SearchRow.objects.filter(kind=kind, object_id__in=keys)}
    for row, _values in made:
        if before := there.pop(row.object_id, None):
            row.pk = before.pk
    SearchRow.objects.filter(pk__in=[row.pk for row in there.values()]).delete()
    SearchRow.objects.bulk_create([row for row, _values in made if row.pk is None])
    SearchRow.objects.bulk_update([row for row, _values in made if row.pk], [f.removesuffix("_id") for f in CONTENT])
    SearchValue.objects.filter(row__in=[row for row, _values in made]).delete()
    SearchValue.objects.bulk_create(
        SearchValue(row=row, facet=facet, value=value) for row, values in made for facet, value in values
    )


def _plain(row: SearchRow, values: Iterable[tuple[str, str]]) -> tuple[Any, ...]:
    return (row.kind, row.object_id, *(getattr(row, name) for name in CONTENT), *sorted(values))


def _batches(model: type[Model]) -> Iterator[list[int]]:
    last = 0
    while keys := list(model._base_manager.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield keys
        last = keys[-1]
