"""The drawn lineage of a product, a grant or a derived product."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from listings.models import Product
from marketplace.applications.models import Grant
from marketplace.supervision.drawing import picture
from marketplace.supervision.lineage import Node, lineage
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.views_derived import to_check

STARTS: dict[str, tuple[Any, str]] = {
    "product": (Product, "pk"), "grant": (Grant, "pk"), "derived": (DerivedProduct, "token"),
}  # fmt: skip


@login_not_required
@require_safe
def lineage_page(request: HttpRequest, of: str, key: str) -> HttpResponse:
    """As a drawing and as a nested list, of what the reader may see; of a product that was withdrawn, the check."""
    if of not in STARTS:
        raise Http404
    model, name = STARTS[of]
    if name == "pk" and not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise Http404
    start = model.objects.visible_to(request.user).filter(**{name: key}).first()
    if start is None:
        return to_check(key)
    graph = lineage(start, request.user, timezone.now())
    tree = _tree(graph.roots, set())
    return render(
        request, "supervision/lineage.html", {"start": start, "graph": graph, "picture": picture(graph), "tree": tree}
    )


def _tree(nodes: list[Node], told: set[Any]) -> list[dict[str, Any]]:
    """The graph as nested lists; what stands in it a second time is named, and not told again."""
    rows = []
    for node in nodes:
        is_repeated = node.key in told
        told.add(node.key)
        rows.append({
            "kind": node.kind, "label": node.label, "url": node.url, "is_start": node.is_start,
            "is_repeated": is_repeated and bool(node.children),
            "below": [] if is_repeated else _tree(node.children, told),
        })  # fmt: skip
    return rows
