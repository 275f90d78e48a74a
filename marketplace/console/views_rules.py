"""Standing rules: what follows by itself, who signed it; signed and withdrawn by officers of province and city."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Capability, CapabilityKind, Party
from accounts.queries import parties_as
from marketplace.console import forms, permissions
from marketplace.console.views import written
from marketplace.errors import NotAllowed, is_allowed
from marketplace.supervision import operations
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.permissions import ORDERING, check_can_withdraw_rule
from marketplace.supervision.standing import ACTIONS, Action, StandingRule


class Line(NamedTuple):
    """What can follow from a monitor, and the rules that let it."""

    monitor: str
    label: Any
    article: str
    action: Action
    rules: list[tuple[StandingRule, bool]]  # with whether the person may withdraw it


@require_safe
def rules(request: Any) -> HttpResponse:
    """Everything that can follow by itself, the rules in force and those that were."""
    if not request.kinds & permissions.READS_RULES:
        raise Http404
    at = timezone.now()
    past = StandingRule.objects.exclude(withdrawn_at=None).select_related("authority", "signed_by", "withdrawn_by")
    labels = {monitor.name: monitor.label for monitor in MONITORS}
    context = {
        "lines": list(_lines(request.user, at)), "may_sign": _signing(request.user, at).exists(),
        "past": [(labels.get(rule.monitor, rule.monitor), rule) for rule in past.order_by("-withdrawn_at", "-pk")[:50]],
    }  # fmt: skip
    return render(request, "console/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, monitor: str, action: str) -> HttpResponse:
    if action not in ACTIONS.get(monitor, ()):
        raise Http404
    authorities = _signing(request.user, timezone.now())
    if not authorities.exists():
        raise NotAllowed(_("Standing rules are signed by officers of the province and the cities."))
    has_text = action == Action.PROPOSE
    form = forms.SignRuleForm(request.POST or None, authorities=authorities, has_text=has_text)
    label = next(one.label for one in MONITORS if one.name == monitor)
    note = _(
        "You let this follow by itself, with your name: of the province for every authority, of a city for its own "
        "cases. Nothing is ordered, lifted or terminated by it."
    )
    title = f"{label}: {Action(action).label}"
    return written(
        request, form, operations.sign_standing_rule, title, note, to="rules", monitor=monitor, action=action
    )


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(StandingRule.objects.in_force(), pk=pk)
    check_can_withdraw_rule(request.user, rule, timezone.now())
    form = forms.ReasonOnlyForm(request.POST or None)
    note = _("Nothing follows by this rule any more. What has followed stays.")
    return written(
        request, form, operations.withdraw_standing_rule, _("Withdraw the rule"), note, to="rules", rule=rule
    )


def _lines(user: Any, at: datetime) -> Iterator[Line]:
    held = StandingRule.objects.in_force().select_related("authority", "signed_by").order_by("-is_for_all", "pk")
    standing = list(held)
    may = {
        key: _may_withdraw(user, rule, at)
        for key, rule in {(r.is_for_all, r.authority_id): r for r in standing}.items()
    }
    for monitor in MONITORS:
        for action in ACTIONS[monitor.name]:
            mine = [
                (r, may[r.is_for_all, r.authority_id])
                for r in standing
                if (r.monitor, r.action) == (monitor.name, action)
            ]
            yield Line(monitor.name, monitor.label, monitor.article, Action(action), mine)


def _may_withdraw(user: Any, rule: StandingRule, at: datetime) -> bool:
    return is_allowed(check_can_withdraw_rule, user, rule, at)


def _signing(user: Any, at: datetime) -> QuerySet[Party]:
    """The person's authorities of province and cities."""
    able = Capability.objects.filter(kind=CapabilityKind.AUTHORITY, level__in=ORDERING).values("party")
    return parties_as(user, CapabilityKind.AUTHORITY, at).filter(pk__in=able).order_by("name")


RULES = (
    ("standing-rules/", rules, "rules"),
    ("standing-rules/sign/<str:monitor>/<str:action>/", sign, "rule-sign"),
    ("standing-rules/<int:pk>/withdraw/", withdraw, "rule-withdraw"),
)
