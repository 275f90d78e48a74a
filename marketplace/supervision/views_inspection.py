"""Pages of inspections: those of one's organisation or authority, the case, and the plan that it was drawn by."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.evidence import pages
from accounts.models import CapabilityKind, EvidenceFile
from accounts.queries import parties_as
from marketplace import keyset
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.errors import is_allowed
from marketplace.pages import history_rows
from marketplace.supervision import verbs
from marketplace.supervision.inspections import AT_WORK, Inspection, InspectionPlan
from marketplace.supervision.models import Finding
from marketplace.supervision.permissions_inspection import check_can_read_inspection_evidence

LATEST = 10  # plans above the list; all of them are in the console


@require_safe
def inspection_list(request: HttpRequest) -> HttpResponse:
    """One's own; an officer begins a plan here."""
    authorities = parties_as(request.user, CapabilityKind.AUTHORITY, timezone.now()).order_by("pk")
    begins = [(one, verbs.PLANNING.available(one, request.user, timezone.now())) for one in authorities]
    rows = Inspection.objects.visible_to(request.user).select_related("party", "authority")
    plans = InspectionPlan.objects.visible_to(request.user).order_by("-pk")[:LATEST]
    context = {"page": keyset.paged(request, rows), "begins": begins, "plans": plans}
    return render(request, "supervision/inspection_list.html", context)


@require_safe
def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One inspection, for the party and the authority: what is asked of whom, points and report once it is reported."""
    at, user = timezone.now(), request.user
    visible = Inspection.objects.visible_to(user).select_related("party", "authority", "plan", "grant__product__seller")
    item = get_object_or_404(visible.prefetch_related("points").defer("plan__frame"), pk=pk)
    reads = is_allowed(check_can_read_inspection_evidence, user, item, at)
    history = history_rows([item, *(EvidenceFile.objects.ever_of(item) if reads else ())])
    context = {
        "inspection": item,
        "may_see_grant": Grant.objects.visible_to(user).filter(pk=item.grant_id).exists(),
        "may_see_plan": item.plan_id and InspectionPlan.objects.visible_to(user).filter(pk=item.plan_id).exists(),
        "reads": reads,
        "joint": item.taking_part if reads else (),
        "findings": Finding.objects.visible_to(user).filter(occasion_key__in=item.finding_keys()).order_by("pk"),
        "clocks": clock.of(item).open(),
        "verbs": verbs.INSPECTION.available(item, user, at),
        "history": [row for row in history if reads or row.entry.verb not in AT_WORK],
    }
    return render(request, "supervision/inspection.html", context)


@require_safe
def inspection_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file of what was found: for the party once it is reported."""
    case = get_object_or_404(Inspection.objects.visible_to(request.user), pk=pk)
    check_can_read_inspection_evidence(request.user, case, timezone.now())
    return pages.download(request, case, file)


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What was drawn from what, by which seed, why each grant; and whether it comes out the same when drawn again."""
    at = timezone.now()
    item = get_object_or_404(
        InspectionPlan.objects.visible_to(request.user).select_related("authority", "region"), pk=pk
    )
    own = Inspection.objects.of_sides(request.user, at).values("pk")
    drawn = Inspection.objects.visible_to(request.user).filter(plan=item).exclude(pk__in=own).select_related("party")
    context = {
        "plan": item,
        "page": keyset.paged(request, drawn),
        "same": item.frame_hash and item.drawn_again(),
        "verbs": verbs.INSPECTION_PLAN.available(item, request.user, at),
        "history": history_rows([item]),
    }
    return render(request, "supervision/inspection_plan.html", context)
