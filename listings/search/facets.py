"""What a reader typed and chose, read from a request; and what there is to choose, counted and named."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from listings.models import Frequency, Nature, Opening, SearchKind
from listings.search.queries import FACETS, ORDERS, Counts, Search, names_of

MOST_TEXT = 100
MOST_OPTIONS = 50
LABELS = {
    "nature": _("Nature"), "region": _("Region"), "unit": _("Providing unit"), "seller": _("Seller"),
    "opening": _("How to get it"), "frequency": _("Update frequency"), "mode": _("Delivery"),
    "purpose": _("Permitted purpose"),
}  # fmt: skip
WORDS: dict[str, Mapping[str, Any]] = {
    "nature": dict(Nature.choices),
    "opening": dict(Opening.choices),
    "frequency": dict(Frequency.choices),
    "mode": {"platform": _("use on the platform"), "download": _("download")},
}
ORDER_LABELS = {"relevance": _("Relevance"), "newest": _("Newest first"), "title": _("Title")}


class Facet(NamedTuple):
    """One select: `options` are (value, label, count), the most frequent first."""

    name: str
    label: Any
    chosen: str
    options: list[tuple[str, Any, int]]


def search_of(kind: SearchKind, given: Mapping[str, str]) -> Search:
    """The search that a query string asks for; what cannot be meant is left out."""
    text = given.get("q", "").replace("\x00", "")[:MOST_TEXT]
    chosen = {name: given[name] for name in FACETS[kind] if given.get(name) and is_value(name, given[name])}
    order = given.get("order", "")
    return Search(kind, text, chosen, order if order in ORDERS else "relevance")


def is_value(facet: str, value: str) -> bool:
    """Whether it could be a value of the facet: parties go by number."""
    if facet in ("unit", "seller"):
        return value.isascii() and value.isdecimal() and len(value) < 19
    return "\x00" not in value and len(value) <= 60


def facets_of(search: Search, counted: Counts) -> list[Facet]:
    names = {**WORDS, **names_of(counted.facets)}
    rows = []
    for name, label in LABELS.items():
        if name not in counted.facets:
            continue
        chosen = search.chosen.get(name, "")
        values = dict(list(counted.facets[name].items())[:MOST_OPTIONS])
        if chosen:
            values.setdefault(chosen, counted.facets[name].get(chosen, 0))
        options = [(value, _name(names.get(name, {}).get(value, value)), count) for value, count in values.items()]
        if options:
            rows.append(Facet(name, label, chosen, options))
    return rows


def _name(known: Any) -> Any:
    """A region has two names."""
    if hasattr(known, "name_en"):
        return known.name if (get_language() or "").startswith("zh") else known.name_en
    return known
