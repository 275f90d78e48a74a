"""Pages of security incidents: list, report, case, and the notices to the public."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from listings.models import Version
from marketplace import keyset
from marketplace.clock import operations as clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import operations, verbs
from marketplace.supervision.forms_incident import OpenIncidentForm
from marketplace.supervision.incidents import WAS_OFFERED, Incident
from marketplace.supervision.permissions_incident import notices_of, reporters
from marketplace.supervision.queries import copies_of


@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    visible = Incident.objects.visible_to(request.user).select_related("version__product", "reporter")
    return render(request, "supervision/incident_list.html", {"page": keyset.paged(request, visible)})


@require_http_methods(["GET", "HEAD", "POST"])
def open_incident(request: HttpRequest, version: int) -> HttpResponse:
    """For whoever may report it, also a holder from whom the version is hidden: recalled, or by invitation."""
    at = timezone.now()
    offered = Version.objects.filter(state__in=WAS_OFFERED)
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
    """The whole case to those who handle it; to a holder what it was told."""
    at = timezone.now()
    rows = Incident.objects.visible_to(request.user).select_related(
        "version__product__seller", "reporter", "authority__region__parent"
    )
    item = get_object_or_404(rows, pk=pk)
    is_handling = Incident.objects.handled_by(request.user).filter(pk=pk).exists()
    context = {
        "incident": item,
        "is_handling": is_handling,
        "mine": notices_of(request.user, item, at).select_related("party", "confirmed_by").order_by("pk"),
        "verbs": verbs.INCIDENT.available(item, request.user, at),
        "clocks": clock.of(item).open().order_by("kind") if is_handling else [],
        **(of_the_case(item) if is_handling else {}),
    }
    return render(request, "supervision/incident.html", context)


def of_the_case(item: Incident) -> dict[str, Any]:
    """Copies, what was built from them, notices, notes and history."""
    return {
        "copies": copies_of(item, timezone.now()),
        "derived": item.derived.select_related("party").order_by("pk"),
        "only_under": item.only_under.select_related("product").order_by("pk"),
        "only_deliveries": item.only_deliveries.select_related("grant__product").order_by("obtained_at", "pk"),
        "acknowledgements": item.acknowledgements.select_related("party", "acknowledged_by").order_by("pk"),
        "notices": item.notices.select_related("party").order_by("pk"),
        "notes": item.notes.select_related("by").order_by("pk"),
        "history": history_rows([item]),
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
