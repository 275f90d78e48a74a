"""The pages of what a seller proposes for a product: a release rule, another description."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from listings import verbs
from listings.difference import differences
from listings.models import DescriptionChange, ReleaseRule
from marketplace.clock import operations as clock
from marketplace.clock.working_days import local_date
from marketplace.pages import history_rows

RECENT = 20


@require_safe
def release_rule(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    visible = ReleaseRule.objects.visible_to(request.user)
    rule = get_object_or_404(
        visible.select_related("product__seller", "basis__product", "basis__reviewer", "authority"), pk=pk
    )
    context = {
        "rule": rule,
        "has_lapsed": rule.valid_until < local_date(at),
        "checks": rule.checks.select_related("version__product").order_by("-pk")[:RECENT],
        "clocks": clock.of(rule).open(),
        "verbs": verbs.RULE.available(rule, request.user, at),
        "history": history_rows([rule]),
    }
    return render(request, "listings/release_rule.html", context)


@require_safe
def description_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Both texts side by side, and where the change stands."""
    visible = DescriptionChange.objects.visible_to(request.user)
    related = ("product__seller", "basis__product", "authority", "reviewer", "by", "decided_by")
    change = get_object_or_404(visible.select_related(*related), pk=pk)
    context = {
        "change": change,
        "rows": differences(change.before, change.after),
        "clocks": clock.of(change).open(),
        "verbs": verbs.DESCRIPTION.available(change, request.user, timezone.now()),
        "history": history_rows([change]),
    }
    return render(request, "listings/description_change.html", context)
