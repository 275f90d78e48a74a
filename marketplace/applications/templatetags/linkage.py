"""What an officer reads before deciding: what the buyer's data reveals together."""

from typing import Any

from django import template
from django.utils import timezone

from marketplace.applications.models import GrantEdition, Item
from marketplace.applications.operations.linkage import pairs_of, results_of
from marketplace.applications.queries import is_its_sellers, veil

register = template.Library()


@register.inclusion_tag("applications/linkage.html", takes_context=True)
def linkage(context: Any, decided_on: Item | GrantEdition) -> dict[str, Any]:
    """The figures of the pairs that are due today; `missing` where one has no row yet. A seller reads nothing there of
    the data of others."""
    pairs = pairs_of(decided_on, timezone.now())
    rows = results_of(pairs)
    application = decided_on.application if isinstance(decided_on, Item) else decided_on.grant.item.application
    if is_its_sellers(application, context["request"].user):
        veil(rows, application.seller_id)
    return {
        "rows": rows,
        "missing": len(rows) < len(pairs),
        "is_asked": True,
        "is_change": isinstance(decided_on, GrantEdition),
    }
