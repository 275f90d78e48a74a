"""The deadlines that bind a person's office, which are overdue and why; for the level above what went up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind, Party, User
from accounts.queries import parties_as, recent_parties
from marketplace import keyset
from marketplace.clock.defaults import ALLOWED_AFTER, Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import calendar_overrides, last_day, local_date
from marketplace.console import forms
from marketplace.console.permissions import BOUND
from marketplace.console.site import address
from marketplace.console.views import written
from marketplace.errors import NotAllowed
from marketplace.supervision import operations
from marketplace.supervision.deadlines import (
    LATE_SHOWN,
    Due,
    counting_for,
    done_late,
    dues,
    duties_of,
    explained_by,
    lapse_of,
    lapses_at,
    lapses_of,
    officers_in_charge,
    reviewers_up_to,
    went_up,
)
from marketplace.supervision.inquiry import NAME_OF
from marketplace.supervision.permissions import check_can_explain


class Line(NamedTuple):
    """One deadline, as the page shows it."""

    due: Due
    label: Any
    day: Any
    begins: Any  # of a time of waiting: the first day on which the office may act
    is_over: bool
    lapse: Party | None  # who let it run out before the case was taken over
    may_explain: bool  # in the lists of what is one's own
    explanation: Any
    url: str
    asks: str  # the kind of case on which a report can be asked for; empty where none can
    officer: User | None  # in charge of the case, where somebody is


FIRST_DUE = ("due_at", "pk")
LAST_DONE = ("-ended_at", "-pk")


@require_safe
def deadlines(request: Any) -> HttpResponse:
    """The person's own, by what is due first, with what had run out when it was taken over, what was done late of it,
    and what went up from the level below or from the compliance review; of each list the first page, or any of the one
    that is asked for. Of one's own case only what one's own party must do."""
    if not request.kinds & BOUND:
        raise Http404
    at = timezone.now()
    own = {party.pk for kind in BOUND for party in parties_as(request.user, kind, at)}
    offices = set(parties_as(request.user, CapabilityKind.AUTHORITY, at).values_list("pk", flat=True))
    below = _below(request.user, at) - own
    running = Clock.objects.running()
    cases = set(recent_parties(request.user, at).values_list("pk", flat=True))
    rows = {
        "own": (running.filter(duties_of(own) | Q(lapses_of(own))), FIRST_DUE),
        "late": (
            done_late(Clock.objects.filter(counting_for(duties_of(own), own), ended_at__gt=at - LATE_SHOWN)),
            LAST_DONE,
        ),
        "below": (running.filter(duties_of(below) | reviewers_up_to(offices, at), went_up(at)), FIRST_DUE),
    }
    wanted = request.GET.get("list")
    shown = [wanted] if wanted in rows else list(rows)
    lists = {}
    for name in shown:
        clocks, order = rows[name]
        page = keyset.paged(request, clocks.prefetch_related("explanations__by", "lapses__authority"), *order)
        lists[name] = replace(page, object_list=_lines(page.object_list, own, cases, at))
    return render(request, "console/deadlines.html", {"lists": lists, "is_one": wanted in rows})


RUNS_ON = _("The reason is kept with the case, under your name. The deadline runs on, and the level above reads it.")
IS_DONE = _("The reason is kept with the case, under your name. The evaluation counts it with what was done late.")


@require_http_methods(["GET", "HEAD", "POST"])
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Also of what was done too late; of what was kept there is nothing to say."""
    one = Clock.objects.filter(pk=pk)
    clock = get_object_or_404(one.filter(Q(ended_at=None) | Q(pk__in=done_late(one).values("pk"))))
    due = explained_by(clock)
    if due is None:
        raise NotAllowed(_("This deadline binds no authority."))
    check_can_explain(request.user, due, timezone.now())
    form = forms.ExplainForm(request.POST or None)
    title = f"{Kind(clock.kind).label}: {due.obj}"
    note = RUNS_ON if clock.ended_at is None else IS_DONE
    return written(request, form, operations.explain_overdue, title, note, to="deadlines", clock=clock)


def _below(user: Any, at: datetime) -> set[int]:
    """The authorities one level below the person's."""
    seats = parties_as(user, CapabilityKind.AUTHORITY, at).values("region")
    found = Party.objects.filter(region__parent__in=seats, capabilities__kind=CapabilityKind.AUTHORITY)
    return set(found.values_list("pk", flat=True))


def _lines(clocks: Sequence[Clock], own: set[int], cases: set[int], at: datetime) -> list[Line]:
    overrides, in_charge = calendar_overrides(), officers_in_charge(clocks)
    shown = [row for row in dues(clocks) if row.party is None or row.party == row.owner or row.party.pk not in cases]
    return [_line(row, own, at, overrides, in_charge) for row in shown]


def _line(
    row: Due, own: set[int], at: datetime, overrides: Mapping[date, bool], in_charge: Mapping[tuple[str, str], User]
) -> Line:
    clock, lapse = row.clock, lapse_of(row.clock)
    said = [one for one in clock.explanations.all() if one.due_at == clock.due_at]
    due = lapses_at(clock, overrides)
    return Line(
        row, Kind(clock.kind).label, last_day(due),
        begins=local_date(clock.due_at) if clock.kind in ALLOWED_AFTER else None,
        is_over=due <= at,
        lapse=lapse,
        may_explain=lapse is None or lapse.pk in own,
        explanation=said[0] if said else None,
        url=address(row.obj),
        asks=NAME_OF.get(type(row.obj), ""),
        officer=in_charge.get((clock.object_type, clock.object_id)),
    )  # fmt: skip


DEADLINES = (
    ("deadlines/", deadlines, "deadlines"),
    ("deadlines/<int:pk>/explain/", explain, "deadline-explain"),
)
