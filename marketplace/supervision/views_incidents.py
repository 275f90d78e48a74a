"""Pages of security incidents: list, report, case, and the notices to the public."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from listings.models import Version
from marketplace import keyset
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import operations, verbs
from marketplace.supervision.forms_incident import OpenIncidentForm
from marketplace.supervision.incidents import REPORTABLE, WITH_HOLDERS, Incident
from marketplace.supervision.permissions_incident import notices_of, reporters
from marketplace.supervision.queries import copies_of


@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    rows = Incident.objects.visible_to(request.user).with_part(request.user)
    visible = rows.select_related("version__product", "reporter")
    return render(request, "supervision/incident_list.html", {"page": keyset.paged(request, visible)})


@require_http_methods(["GET", "HEAD", "POST"])
def open_incident(request: HttpRequest, version: int) -> HttpResponse:
    """For whoever may report it, also a holder from whom the version is hidden: recalled, or by invitation."""
    at = timezone.now()
    offered = Version.objects.filter(state__in=REPORTABLE)
    about = get_object_or_404(offered.select_related("product__seller", "authority"), pk=version)
    mine = reporters(request.user, about, at)
    if not mine:
        raise Http404
    form = OpenIncidentForm(request.POST or None, version=about, user=request.user, parties=mine, at=at)
    made = form.is_bound and submit(
        request, form, lambda **fields: operations.open_incident(version=about, actor=request.user, at=at, **fields)
    )
    if made:
        return redirect(made.get_absolute_url())
    return form_page(request, form, "supervision/open_incident.html", version=about)


@require_safe
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole case to those to whom it is open; to who only reported it no more of holders than it sees anyway; to a
    holder what it was told."""
    at = timezone.now()
    rows = Incident.objects.visible_to(request.user).with_part(request.user)
    rows = rows.select_related("version__product__seller", "reporter", "authority__region__parent")
    item = get_object_or_404(rows, pk=pk)
    context = {
        "incident": item,
        "is_handling": item.is_handled,
        "mine": notices_of(request.user, item, at).select_related("party", "confirmed_by").order_by("pk"),
        "verbs": verbs.INCIDENT.available(item, request.user, at),
        "clocks": clock.of(item).open().order_by("kind") if item.is_handled else [],
        **(of_the_case(item, request.user, at) if item.is_handled else {}),
    }
    return render(request, "supervision/incident.html", context)


def of_the_case(item: Incident, user: Any, at: datetime) -> dict[str, Any]:
    """Copies, what was built from them, notices, notes and history, as far as the person sees the grants."""
    is_open = Incident.objects.open_to(user).filter(pk=item.pk).exists()
    grants = Grant.objects.all() if is_open else Grant.objects.visible_to(user)
    notices = item.notices.all() if is_open else notices_of(user, item, at)
    deliveries = item.only_deliveries.filter(grant__in=grants).select_related("grant__product")
    history = history_rows([item])
    return {
        "is_open": is_open,
        "copies": copies_of(item, at).filter(grant__in=grants),
        "derived": item.derived.filter(built_from__grant__in=grants).distinct().select_related("party").order_by("pk"),
        "only_under": item.only_under.filter(pk__in=grants).select_related("product").order_by("pk"),
        "only_deliveries": deliveries.order_by("obtained_at", "pk"),
        "acknowledgements": item.acknowledgements.select_related("party", "acknowledged_by").order_by("pk"),
        "notices": notices.select_related("party").order_by("pk"),
        "notes": item.notes.select_related("by").order_by("pk"),
        "history": [row for row in history if is_open or row.entry.verb not in WITH_HOLDERS],
    }


@login_not_required
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """What the public was told."""
    rows = Incident.objects.public().select_related("version__product__seller")
    return render(request, "supervision/incident_notices.html", {"page": keyset.paged(request, rows)})


@login_not_required
@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Incident.objects.public().select_related("version__product__seller", "authority")
    return render(request, "supervision/incident_notice.html", {"incident": get_object_or_404(rows, pk=pk)})
