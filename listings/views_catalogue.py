"""What anybody looks through: products on offer, and the catalogue of what units hold."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import CapabilityKind
from accounts.reach import reach_of
from listings import queries
from listings.models import CatalogueEntry, SearchKind
from listings.search.facets import ORDER_LABELS, facets_of, search_of
from listings.search.queries import Search, counts
from listings.states import EntryState
from marketplace import keyset

MOST_IN_PUBLICITY = 5
MOST_INVITED = 50


@login_not_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The public catalogue of products on offer, searched and narrowed."""
    search = search_of(SearchKind.PRODUCT, request.GET.dict())
    context = {**_choices(search), "page": _page(request, search, queries.product_cards())}
    if not (search.text or search.chosen):  # whoever looks for something is shown nothing else
        if request.user.is_authenticated:
            context["invited"] = queries.offered_by_invitation(request.user)[:MOST_INVITED]
        newest = list(queries.in_publicity(request.user)[:MOST_IN_PUBLICITY])
        context["in_publicity"] = queries.with_deadlines(newest)
    return render(request, "listings/catalogue.html", context)


@login_not_required
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The public catalogue of what units hold (Art. 10); to officers and units also what is not published yet.

    Whoever looks for something looks through what is published.
    """
    search = search_of(SearchKind.ENTRY, request.GET.dict())
    if search.text or search.chosen or request.GET.get("order"):
        page = _page(request, search, queries.entry_cards())
    else:
        page = keyset.paged(request, CatalogueEntry.objects.visible_to(request.user).select_related("unit__region"))
    who = reach_of(request.user, timezone.now())
    waiting = CatalogueEntry.objects.filter(authority__in=who.authorities, state=EntryState.PROPOSED)
    may_propose = bool(who.acting(CapabilityKind.UNIT))
    context = {**_choices(search), "page": page, "may_propose": may_propose, "any_waits": waiting.exists()}
    return render(request, "listings/entries.html", context)


def _page(request: HttpRequest, search: Search, cards: QuerySet[Any]) -> keyset.Page:
    try:
        return search.page(cards, request.GET.get("page", ""))
    except keyset.BadCursor:
        return search.page(cards)


def _choices(search: Search) -> dict[str, Any]:
    counted = counts(search)
    return {
        "search": search,
        "q": search.text,
        "counted": counted,
        "facets": facets_of(search, counted),
        "orders": ORDER_LABELS.items(),
    }
