"""Pages of emergency plans: the unit's own and those of an authority's region, a new one, and one with its drills."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.evidence import pages
from accounts.models import CapabilityKind, EvidenceFile
from accounts.queries import parties_as
from marketplace import keyset
from marketplace.clock import operations as clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import operations, verbs
from marketplace.supervision.forms_preparedness import DraftPlanForm
from marketplace.supervision.preparedness import EmergencyPlan


@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    plans = EmergencyPlan.objects.visible_to(request.user).select_related("unit")
    is_unit = parties_as(request.user, CapabilityKind.UNIT, timezone.now()).exists()
    return render(request, "supervision/plan_list.html", {"page": keyset.paged(request, plans), "is_unit": is_unit})


@require_http_methods(["GET", "HEAD", "POST"])
def new_plan(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    units = parties_as(request.user, CapabilityKind.UNIT, at).order_by("name")
    if not units:
        raise Http404
    form = DraftPlanForm(request.POST or None, units=units)
    made = form.is_bound and submit(
        request, form, lambda **fields: operations.draft_plan(actor=request.user, at=at, **fields)
    )
    if made:
        return redirect(made.get_absolute_url())
    return form_page(request, form, "supervision/new_plan.html")


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What it covers, its document, what was done under it, and when which exercise is due again."""
    visible = EmergencyPlan.objects.visible_to(request.user).select_related("unit", "authority")
    item = get_object_or_404(visible, pk=pk)
    exercises = list(item.exercises.select_related("by").order_by("-day", "-pk"))
    context = {
        "plan": item,
        "exercises": exercises,
        "clocks": clock.of(item).open().order_by("due_at"),
        "verbs": verbs.PLAN.available(item, request.user, timezone.now()),
        "history": history_rows([item, *exercises, *EvidenceFile.objects.ever_of(item)]),
    }
    return render(request, "supervision/plan.html", context)


@require_safe
def plan_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A document of a plan, to whom the plan is visible."""
    return pages.download(request, get_object_or_404(EmergencyPlan.objects.visible_to(request.user), pk=pk), file)
