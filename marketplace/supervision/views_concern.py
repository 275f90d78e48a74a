"""Pages of reports of misuse and faulty data: the public form, the receipt, the follow-up, the case."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.anybody import PUBLIC
from accounts.evidence import pages
from accounts.models import CapabilityKind, EvidenceFile
from accounts.queries import parties_as, parties_of
from listings import throttle
from listings.forms import FollowForm
from listings.models import CatalogueEntry, Product
from marketplace import keyset
from marketplace.clock import operations as clock
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import forms_concern, operations, permissions_concern, verbs
from marketplace.supervision.concern import Concern
from marketplace.supervision.models import DerivedProduct, Finding
from marketplace.supervision.states import LIVING_CONCERN

# What a form can be about, by the word of its address: the model and the column it is found by.
SUBJECTS: dict[str, tuple[Any, str]] = {
    "product": (Product, "pk"), "entry": (CatalogueEntry, "pk"), "derived": (DerivedProduct, "token"),
}  # fmt: skip


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, about: str = "", key: str = "") -> HttpResponse:
    """The public form, about something that the visitor sees or about the site; then number and code, shown once."""
    at, subject = timezone.now(), _subject(request.user, about, key)
    known = request.user.is_authenticated
    form = forms_concern.ConcernForm(
        request.POST or None,
        parties=parties_of(request.user, at) if known else None,
        is_of_something=subject is not None,
        initial={"place": request.GET.get("place", "")[:300]},
    )
    if request.method == "POST":
        if throttle.is_over(request, "concerns"):
            return render(request, "429.html", status=429)
        actor: Any = request.user if known else PUBLIC
        lodged = submit(
            request, form, lambda **said: operations.report_concern(subject=subject, actor=actor, at=at, **said)
        )
        if lodged:
            context = {"concern": lodged.made, "code": lodged.code, "clocks": clock.of(lodged.made).open()}
            return render(request, "supervision/concern_receipt.html", context)
    return form_page(request, form, "supervision/report_concern.html", subject=subject)


def _subject(user: Any, about: str, key: str) -> Any:
    if not about:
        return None
    if about not in SUBJECTS:
        raise Http404
    model, column = SUBJECTS[about]
    if column == "pk" and not (key.isascii() and key.isdigit() and len(key) < 12):
        raise Http404
    return get_object_or_404(model.objects.visible_to(user), **{column: key})


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """State, answer and messages, for whoever has number and code, who may add something. Both are posted."""
    form, found, more = FollowForm(request.POST or None), None, None
    if request.method == "POST":
        if throttle.is_over(request, "concern-follow-ups"):
            return render(request, "429.html", status=429)
        if form.is_valid():
            found = operations.find_concern(**form.cleaned_data)
    if found:
        more = forms_concern.AddForm(request.POST if "text" in request.POST else None, initial=form.cleaned_data)
        if more.is_bound and _added(request, more, found):
            more = forms_concern.AddForm(initial=form.cleaned_data)
    context = {
        "concern": found, "asked": form.is_bound and form.is_valid(), "more": more,
        "notes": found.notes.order_by("pk") if found else [], "may_add": found and found.state in LIVING_CONCERN,
        "clocks": clock.of(found).open() if found else [],
    }  # fmt: skip
    return form_page(request, form, "supervision/follow_concern.html", **context)


def _added(request: HttpRequest, more: Any, found: Concern) -> Any:
    def add(code: str, text: str, **_number: str) -> None:
        operations.write_with_code(concern=found, actor=PUBLIC, at=timezone.now(), code=code, text=text)

    return submit(request, more, add)


@require_safe
def concern_list(request: HttpRequest) -> HttpResponse:
    """One's own; somebody of an oversight body files a finding here."""
    at = timezone.now()
    concerns = Concern.objects.visible_to(request.user).with_subject()
    bodies = parties_as(request.user, CapabilityKind.OVERSIGHT, at).order_by("pk")
    begins = [(one, verbs.OVERSIGHT.available(one, request.user, at)) for one in bodies]
    return render(request, "supervision/concern_list.html", {"page": keyset.paged(request, concerns), "begins": begins})


@require_safe
def concern(request: HttpRequest, pk: int) -> HttpResponse:
    """One report, for who made it, who answers it and who oversees that."""
    at = timezone.now()
    visible = Concern.objects.visible_to(request.user).with_subject()
    item = get_object_or_404(visible.select_related("authority", "reviewer", "reporter", "finding", "by"), pk=pk)
    knows = permissions_concern.may_know_reporter(request.user, item, at)
    may_see_finding = Finding.objects.visible_to(request.user).filter(concerns=item).exists()
    context = {
        "concern": item,
        "is_withheld": not (item.tells_measure or may_see_finding),
        "knows": knows,
        "person": item.person() if knows and item.by_id != request.user.pk else {},
        "notes": item.notes.order_by("pk"),
        "files": pages.listed(item, "supervision:concern-evidence"),
        "may_see_finding": may_see_finding,
        "clocks": clock.of(item).open(),
        "verbs": verbs.CONCERN.available(item, request.user, at),
        "history": history_rows([item, *EvidenceFile.objects.ever_of(item)]) if knows else [],
    }
    return render(request, "supervision/concern.html", context)


@require_safe
def concern_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file of a report, to whom the report is visible."""
    return pages.download(request, get_object_or_404(Concern.objects.visible_to(request.user), pk=pk), file)
