"""The file, for whoever may see the case; and the public page that says whether a document is genuine."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.documents import operations
from marketplace.documents.forms import CheckForm
from marketplace.documents.models import Document

# What notes that a document was downloaded, by its case. By name, as these apps stand to the right.
NOTED = {"supervision.measure": "marketplace.supervision.operations.note_downloaded"}


@require_safe
@never_cache
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The PDF, the same bytes each time, as a download."""
    return download(request, get_object_or_404(Document.objects.visible_to(request.user), pk=pk))


def download(request: Any, document: Document) -> HttpResponse:
    """The file, for a page or a system; its party's download of it counts as opening it."""
    at = timezone.now()
    answer = HttpResponse(operations.file_of(document, at), content_type="application/pdf")
    if request.method == "GET" and (note := NOTED.get(document.object_type)):
        import_string(note)(document=document, actor=request.user, at=at)
    answer["Content-Disposition"] = f'attachment; filename="{document.number}.pdf"'
    return answer


@login_not_required
@require_safe
@never_cache
def check(request: HttpRequest, token: str = "") -> HttpResponse:
    """Number, date and SHA-256 of the document with this code, or that it is unknown: nothing of its content."""
    form = CheckForm({"code": token} if token else request.GET or None)
    found = None
    if form.is_valid():
        found = Document.objects.select_related("issuer").filter(token=form.cleaned_data["code"]).first()
        if found:
            operations.file_of(found, timezone.now())
    asked = form.is_bound and form.is_valid()
    status = 404 if asked and not found else 200
    return render(request, "documents/check.html", {"form": form, "found": found, "asked": asked}, status=status)
