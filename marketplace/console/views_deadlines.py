"""The deadlines that bind a person's office, which are overdue and why; for the level above what went up to it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind, Party
from accounts.queries import parties_as
from marketplace.clock.defaults import ALLOWED_AFTER, Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import calendar_overrides, last_day, local_date
from marketplace.console import forms
from marketplace.console.permissions import BOUND
from marketplace.console.site import address
from marketplace.console.views import written
from marketplace.errors import NotAllowed
from marketplace.supervision import operations
from marketplace.supervision.deadlines import Due, due_of, lapses_at, running_for, up_before
from marketplace.supervision.inquiry import ABOUT
from marketplace.supervision.permissions import check_can_explain


class Line(NamedTuple):
    """One deadline, as the page shows it."""

    due: Due
    label: Any
    day: Any
    begins: Any  # of a time of waiting: the first day on which the office may act
    is_over: bool
    explanation: Any
    url: str
    asks: str  # the kind of case on which a report can be asked for; empty where none can


@require_safe
def deadlines(request: Any) -> HttpResponse:
    """The person's own, by what is due first, and the overdue ones of the level below."""
    if not request.kinds & BOUND:
        raise Http404
    at = timezone.now()
    own = {party.pk for kind in BOUND for party in parties_as(request.user, kind, at)}
    below = _below(request.user, at) - own
    before, overrides = up_before(at), calendar_overrides()
    lines = [_line(row, at, overrides) for row in running_for(own | below)]
    context = {
        "own": [line for line in lines if line.due.owner.pk in own],
        "below": [line for line in lines if line.due.owner.pk in below and line.day < before],
    }
    return render(request, "console/deadlines.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    clock = get_object_or_404(Clock.objects.open(), pk=pk)
    due = due_of(clock)
    if due is None:
        raise NotAllowed(_("This deadline binds no authority."))
    check_can_explain(request.user, due, timezone.now())
    form = forms.ExplainForm(request.POST or None)
    title = f"{Kind(clock.kind).label}: {due.obj}"
    note = _("The reason is kept with the case, under your name. The deadline runs on, and the level above reads it.")
    return written(request, form, operations.explain_overdue, title, note, to="deadlines", clock=clock)


def _below(user: Any, at: datetime) -> set[int]:
    """The authorities one level below the person's."""
    seats = parties_as(user, CapabilityKind.AUTHORITY, at).values("region")
    found = Party.objects.filter(region__parent__in=seats, capabilities__kind=CapabilityKind.AUTHORITY)
    return set(found.values_list("pk", flat=True))


def _line(row: Due, at: datetime, overrides: Mapping[date, bool]) -> Line:
    said = [one for one in row.clock.explanations.all() if one.due_at == row.clock.due_at]
    due = lapses_at(row.clock, overrides)
    label = Kind(row.clock.kind).label
    asks = row.obj._meta.model_name if type(row.obj) in ABOUT.values() else ""
    begins = local_date(row.clock.due_at) if row.clock.kind in ALLOWED_AFTER else None
    return Line(row, label, last_day(due), begins, due <= at, said[0] if said else None, address(row.obj), asks)


DEADLINES = (
    ("deadlines/", deadlines, "deadlines"),
    ("deadlines/<int:pk>/explain/", explain, "deadline-explain"),
)
