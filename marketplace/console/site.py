"""The console's own admin site: who gets in, what its first page and its navigation show."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import Count, Q, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from accounts.models import CapabilityKind
from marketplace.console import permissions, queries


class Way(NamedTuple):
    """An entry of the navigation."""

    label: Any
    url: str
    is_here: bool


class Length(NamedTuple):
    """A queue on the first page: how many rows it holds, and of these how many are overdue."""

    label: Any
    url: str
    waiting: int
    overdue: int


class Console(admin.AdminSite):
    """For officers, reviewers, experts, operators and overseers. To everybody else it does not exist (404).

    It has no login of its own: whoever is not logged in is sent to the site's (LoginRequiredMiddleware), and
    `accounts.second_factor` stands before it as before everything. `is_staff` and `is_superuser` mean nothing here.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(queries.kinds_of(request.user, timezone.now()))

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., HttpResponse]:
        def inner(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            request.kinds = queries.kinds_of(request.user, timezone.now())
            if not request.kinds:
                raise Http404
            request.current_app = self.name
            request.ways = self.ways(request)
            return view(request, *args, **kwargs)

        return never_cache(csrf_protect(inner))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """The first page, the settings and the queues: nothing of what Django's own site offers besides."""
        from marketplace.console import (
            views,
            views_deadlines,
            views_evaluation,
            views_inquiry,
            views_rules,
            views_second,
            views_signing,
        )

        return [
            path("", self.admin_view(require_safe(self.index)), name="index"),
            *(
                path(where, self.admin_view(view), name=name)
                for where, view, name in (
                    *views.SETTINGS,
                    *views_rules.RULES,
                    *views_deadlines.DEADLINES,
                    *views_evaluation.EVALUATION,
                    *views_inquiry.INQUIRIES,
                    *views_second.SECOND,
                    *views_signing.SIGNING,
                )
            ),
            *(
                path(f"{model._meta.app_label}/{model._meta.model_name}/", include(queue.urls))
                for model, queue in self._registry.items()
            ),
        ]

    def queues(self, request: Any) -> list[Any]:
        """The queues of this person's roles, in the order in which they were registered."""
        return [queue for queue in self._registry.values() if queue.has_view_permission(request)]

    def ways(self, request: Any) -> list[Way]:
        ways = [(_("Overview"), reverse("console:index"))]
        if request.kinds & permissions.BOUND:
            ways.append((_("Deadlines"), reverse("console:deadlines")))
        ways += [(queue.label, queue.address) for queue in self.queues(request)]
        if CapabilityKind.AUTHORITY in request.kinds:
            ways.append((_("Reports asked for"), reverse("console:inquiries")))
            ways.append((_("Evaluation"), reverse("console:evaluation")))
            ways.append((_("Inspections in figures"), reverse("console:inspection-statistics")))
            ways.append((_("Two officers"), reverse("console:second-pair")))
        if request.kinds & permissions.READS_RULES:
            ways.append((_("Standing rules"), reverse("console:rules")))
        if CapabilityKind.OPERATOR in request.kinds:
            ways.append((_("Settings"), reverse("console:settings")))
        return [Way(label, url, request.path == url) for label, url in ways]

    def index(self, request: Any, extra_context: Any = None) -> HttpResponse:
        waiting = [row for row in self._lengths(request) if row.waiting]
        return render(request, "console/index.html", {"rows": sorted(waiting, key=lambda row: not row.overdue)})

    def _lengths(self, request: Any) -> list[Length]:
        """Of each queue of this person, in one query."""
        queues, at = self.queues(request), timezone.now()
        first, *rest = (_counted(queue, number, request, at) for number, queue in enumerate(queues))
        found = sorted(first.union(*rest, all=True).values_list("queue_number", "n_waiting", "n_overdue"))
        return [
            Length(queues[number].label, queues[number].address, waiting, overdue) for number, waiting, overdue in found
        ]

    def each_context(self, request: Any) -> dict[str, Any]:
        return {}


def _counted(queue: Any, number: int, request: Any, at: datetime) -> Any:
    """One row: the queue's number, how many of its cases wait for the person, and how many of these are overdue."""
    waiting = queue.waits_for(request, at)
    rows = queue.get_queryset(request).filter(waiting if waiting is not None else Q())
    one = rows.order_by().annotate(queue_number=Value(number)).values("queue_number")
    return one.annotate(n_waiting=Count("pk"), n_overdue=Count("pk", filter=Q(due__lte=at)))


console = Console(name="console")


def address(obj: Any) -> str:
    """Where the console shows an object: its case file, that of the case it is part of, or the site's own page."""
    queue = console._registry.get(type(obj))
    if queue is None:
        return obj.get_absolute_url()
    if queue.parent:
        return address(getattr(obj, queue.parent))
    meta = obj._meta
    return reverse(f"console:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])
