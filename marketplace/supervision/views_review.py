"""Pages of reviews: asking for one, those that one asked for or decides, and the case."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.evidence import pages
from accounts.models import EvidenceFile
from marketplace import keyset
from marketplace.clock import operations as clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import forms_review, operations, permissions, verbs
from marketplace.supervision.operations import reviewed
from marketplace.supervision.review import ABOUT, Review
from marketplace.supervision.states import ReviewState

SET_ASIDE = (ReviewState.VARIED, ReviewState.ANNULLED)
SUBJECTS: dict[str, Any] = {reviewed.word_of(name): model for name, model in ABOUT.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def lodge(request: HttpRequest, about: str, pk: int) -> HttpResponse:
    """The form by which a review is asked for; 403 and 409 before anything is written, as with every verb."""
    if about not in SUBJECTS:
        raise Http404
    at, subject = timezone.now(), get_object_or_404(SUBJECTS[about].objects.visible_to(request.user), pk=pk)
    request.back = subject.get_absolute_url()  # type: ignore[attr-defined]  # for `ErrorPages`
    permissions.check_can_ask_for_review(request.user, reviewed.asker_of(subject), at)
    reviewed.check_reviewable(subject, at)
    form = forms_review.LodgeReviewForm(request.POST or None)
    if form.is_bound:
        made = submit(
            request,
            form,
            lambda **said: operations.lodge_review(subject=subject, actor=request.user, at=timezone.now(), **said),
        )
        if made:
            messages.success(request, _("Done: %(verb)s.") % {"verb": _("Ask for a review")})
            return redirect(made)
    return form_page(
        request, form, "supervision/lodge_review.html", subject=subject, against=reviewed.decision_on(subject),
        until=reviewed.term_of(subject),
    )  # fmt: skip


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    reviews = Review.objects.visible_to(request.user).with_subject()
    return render(request, "supervision/review_list.html", {"page": keyset.paged(request, reviews)})


@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One review, for who asked and who decides: what it is against, why, where it stands."""
    visible = Review.objects.visible_to(request.user).with_subject()
    item = get_object_or_404(visible.select_related("by", "decided_by", "stayed_by"), pk=pk)
    subject = item.subject
    context = {
        "review": item,
        "subject": subject,
        "may_see_subject": type(subject).objects.visible_to(request.user).filter(pk=subject.pk).exists(),
        "is_open_again": item.state in SET_ASIDE and reviewed.is_decided_anew(item),
        "clocks": clock.of(item).open(),
        "verbs": verbs.REVIEW.available(item, request.user, timezone.now()),
        "history": history_rows([item, *EvidenceFile.objects.ever_of(item)]),
    }
    return render(request, "supervision/review.html", context)


@require_safe
def review_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file behind a review, to whom the review is visible."""
    return pages.download(request, get_object_or_404(Review.objects.visible_to(request.user), pk=pk), file)
