"""Pages of certificates of destruction and of cautions."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.evidence import pages
from accounts.models import EvidenceFile
from marketplace.clock import operations as clock
from marketplace.pages import history_rows
from marketplace.supervision import verbs
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, built_from


@require_safe
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """What was destroyed, where, how, by whom and when; what is kept; who checked it."""
    visible = Certificate.objects.visible_to(request.user)
    item = get_object_or_404(
        visible.select_related("grant__buyer", "grant__product__seller", "grant__authority", "filed_by", "checked_by"),
        pk=pk,
    )
    context = {
        "certificate": item,
        "clocks": clock.of(item).open(),
        "built": built_from(item.grant, request.user),
        "grant_clocks": clock.of(item.grant).open(),
        "verbs": verbs.CERTIFICATE.available(item, request.user, timezone.now()),
        "history": history_rows([item, *EvidenceFile.objects.ever_of(item)]),
    }
    return render(request, "supervision/certificate.html", context)


@require_safe
def certificate_evidence(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """A file behind a certificate, to whom the certificate is visible."""
    return pages.download(request, get_object_or_404(Certificate.objects.visible_to(request.user), pk=pk), file)


@require_safe
def caution(request: HttpRequest, pk: int) -> HttpResponse:
    """What it says, for which cases, until when; for the party and whoever decides on parties."""
    visible = Caution.objects.visible_to(request.user).select_related("party", "authority", "purpose", "region")
    item = get_object_or_404(visible.select_related("issued_by"), pk=pk)
    at = timezone.now()
    context = {
        "caution": item,
        "has_expired": item.has_expired(at),
        "verbs": verbs.CAUTION.available(item, request.user, at),
        "history": history_rows([item]),
    }
    return render(request, "supervision/caution.html", context)
