"""What an officer reads before deciding: what the buyer's data reveals together."""

from typing import Any

from django import template

from marketplace.applications.models import GrantEdition, Item
from marketplace.applications.operations.linkage import pairs_of, results_of

register = template.Library()


@register.inclusion_tag("applications/linkage.html")
def linkage(decided_on: Item | GrantEdition) -> dict[str, Any]:
    """The figures of the pairs that are due today; `missing` where one has no row yet."""
    pairs = pairs_of(decided_on)
    rows = results_of(pairs)
    return {"rows": rows, "missing": len(rows) < len(pairs), "is_asked": True}
