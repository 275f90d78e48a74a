"""Beside a case: the cautions on its party, for whoever decides it."""

from typing import Any

from django import template
from django.utils import timezone

from marketplace.supervision.caution import Caution, for_case

register = template.Library()


@register.inclusion_tag("supervision/cautions.html", takes_context=True)
def cautions(context: Any, case: Any) -> dict[str, Any]:
    """`case` is a version, an application or item, a grant or a change of it."""
    user = context["request"].user
    return {"cautions": for_case(case, user, timezone.now()) if user.is_authenticated else []}


@register.inclusion_tag("supervision/party_cautions.html", takes_context=True)
def party_cautions(context: Any, party: Any) -> dict[str, Any]:
    """Those in force, on the party's own page."""
    rows = Caution.objects.visible_to(context["request"].user).in_force(timezone.now()).against(party)
    return {"cautions": rows.select_related("authority", "party", "purpose", "region").order_by("pk")}
