"""Whether orders and terminations of an authority take two officers: seen and changed by its officers."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind
from accounts.queries import parties_as
from marketplace.console import forms
from marketplace.console.views import written
from marketplace.supervision import operations
from marketplace.supervision.second_pair import SecondPairRule

CHANGES = {"on": True, "off": False}


def _mine(request: Any) -> Any:
    if CapabilityKind.AUTHORITY not in request.kinds:
        raise Http404
    return parties_as(request.user, CapabilityKind.AUTHORITY, timezone.now()).order_by("name", "pk")


@require_safe
def second_pair(request: HttpRequest) -> HttpResponse:
    own = list(_mine(request))
    rules = {rule.authority_id: rule for rule in SecondPairRule.objects.filter(authority__in=own).select_related("by")}
    return render(request, "console/second_pair.html", {"rows": [(one, rules.get(one.pk)) for one in own]})


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, party: int, to: str) -> HttpResponse:
    authority = get_object_or_404(_mine(request), pk=party)
    if to not in CHANGES:
        raise Http404
    note = _("From now on an order, or what ends a case, that one signs has no effect before another confirms it.")
    if not CHANGES[to]:
        note = _("From now on one officer is enough. What waits for a second officer goes on waiting.")
    form, title = forms.ReasonOnlyForm(request.POST or None), f"{_('Two officers')}: {authority}"
    return written(
        request, form, operations.set_second_pair, title, note, to="second-pair", authority=authority,
        is_on=CHANGES[to],
    )  # fmt: skip


SECOND = (
    ("second-pair/", second_pair, "second-pair"),
    ("second-pair/<int:party>/<str:to>/", change, "second-pair-set"),
)
