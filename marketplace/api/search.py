"""The search in a list's query string: the same words, facets and orders as on the pages."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter

from listings.models import SearchKind
from listings.search.facets import LABELS, MOST_TEXT, WORDS, is_value, search_of
from listings.search.queries import FACETS, ORDERS
from marketplace import keyset
from marketplace.api.paging import limit_of
from marketplace.api.problems import Problem

NUMBERS = ("unit", "seller")


def is_asked(request: Any, kind: SearchKind) -> bool:
    return any(name in request.query_params for name in ("q", "order", *FACETS[kind]))


def page(request: Any, kind: SearchKind, rows: QuerySet[Any]) -> keyset.Page:
    """What is found among `rows`. Raises Problem for a value, an order or a cursor that cannot be meant."""
    given = request.query_params
    for name in FACETS[kind]:
        if given.get(name) and not is_value(name, given[name]):
            raise Problem(400, "malformed", _("“%(name)s” cannot have this value.") % {"name": name})
    if given.get("order", "relevance") not in ORDERS:
        raise Problem(400, "malformed", _("“%(name)s” cannot have this value.") % {"name": "order"})
    try:
        return search_of(kind, given).page(rows, given.get("after", ""), limit_of(request))
    except keyset.BadCursor as error:
        raise Problem(400, "cursor_invalid", _("This cursor was not given by this list.")) from error


def parameters(kind: SearchKind) -> tuple[OpenApiParameter, ...]:
    """For OpenAPI."""
    words = gettext_lazy("Words that all have to be there, in Chinese or English; quotation marks make a phrase.")
    order = gettext_lazy("With any of these parameters: what is on offer or published, in this order.")
    return (
        _parameter("q", {"type": "string", "maxLength": MOST_TEXT}, words),
        *(_parameter(name, _schema(name), LABELS[name]) for name in FACETS[kind]),
        _parameter("order", {"type": "string", "enum": list(ORDERS), "default": "relevance"}, order),
    )


def _parameter(name: str, schema: dict[str, Any], about: Any) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=str(about))  # type: ignore[arg-type]


def _schema(name: str) -> dict[str, Any]:
    if name in NUMBERS:
        return {"type": "integer", "minimum": 1}
    return {"type": "string", "enum": list(WORDS[name])} if name in WORDS else {"type": "string", "maxLength": 60}
