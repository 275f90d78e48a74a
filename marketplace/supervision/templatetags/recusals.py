"""On the page of a case: who has stepped back from it, and why."""

from typing import Any

from django import template

from accounts.models import Recusal

register = template.Library()


@register.inclusion_tag("supervision/recusals.html")
def recusals(case: Any) -> dict[str, Any]:
    return {"recusals": Recusal.objects.of(case).select_related("user", "colleague").order_by("pk")}
