"""Reports that a province asks its cities for: who asked what about which case, and what was answered."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind
from accounts.queries import parties_as
from marketplace import keyset
from marketplace.console import forms
from marketplace.console.views import written
from marketplace.supervision import operations
from marketplace.supervision.inquiry import ABOUT, NAMED, Inquiry
from marketplace.supervision.permissions_above import check_can_answer_inquiry, check_can_ask_report


def _mine(request: Any) -> Any:
    """Those that the person's authorities have asked, or were asked."""
    if CapabilityKind.AUTHORITY not in request.kinds:
        raise Http404
    return Inquiry.objects.visible_to(request.user).select_related("authority", "above", "by", "answered_by", *NAMED)


@require_safe
def inquiries(request: HttpRequest) -> HttpResponse:
    page = keyset.paged(request, _mine(request))
    own = set(parties_as(request.user, CapabilityKind.AUTHORITY, timezone.now()).values_list("pk", flat=True))
    return render(request, "console/inquiries.html", {"page": page, "own": own})


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, case: str, number: int) -> HttpResponse:
    if case not in ABOUT:
        raise Http404
    found: Any = get_object_or_404(ABOUT[case].objects.visible_to(request.user), pk=number)
    check_can_ask_report(request.user, found, timezone.now())
    note = _("The authority is told and has a deadline. The case goes on as it is.")
    form = forms.QuestionForm(request.POST or None)
    title = _("Ask for a report: %(case)s") % {"case": found}
    return written(request, form, operations.ask_report, title, note, to="inquiries", case=found)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    inquiry = get_object_or_404(_mine(request), pk=pk)
    check_can_answer_inquiry(request.user, inquiry, timezone.now())
    form = forms.AnswerForm(request.POST or None)
    return written(
        request, form, operations.answer_inquiry, _("Report: %(case)s") % {"case": inquiry.subject}, inquiry.question,
        to="inquiries", inquiry=inquiry,
    )  # fmt: skip


INQUIRIES = (
    ("inquiries/", inquiries, "inquiries"),
    ("inquiries/new/<str:case>/<int:number>/", ask, "inquiry-new"),
    ("inquiries/<int:pk>/answer/", answer, "inquiry-answer"),
)
