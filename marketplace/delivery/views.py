"""Downloads."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from rest_framework.throttling import BaseThrottle

from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.delivery import gate, operations
from marketplace.delivery.models import Delivery, Format

CONTENT_TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.PARQUET: "application/vnd.apache.parquet"}


@require_POST
def download(request: HttpRequest, pk: int, version: int, format: str) -> FileResponse:
    """A version under a grant. POST, for it leaves a record.

    The gate is asked before anybody is told that there is no such page: it records every refusal, a stranger's too.
    """
    grant = get_object_or_404(Grant, pk=pk)
    wanted = get_object_or_404(Version, pk=version)
    request.back = grant.get_absolute_url()  # type: ignore[attr-defined]
    return answer(hand_over(request, grant, wanted, format))


def hand_over(request: Any, grant: Grant, version: Version, format: str) -> Delivery:
    """Ask the gate. Who may not know of the grant is told that there is no such thing, and recorded all the same."""
    try:
        return operations.deliver(
            grant=grant, version=version, actor=request.user, at=timezone.now(), format=format,
            address=BaseThrottle().get_ident(request) or "",
        )  # fmt: skip
    except gate.Denied as error:
        known = Grant.objects.visible_to(request.user).filter(pk=grant.pk).exists()
        if not known or version.product_id != grant.product_id:
            raise Http404 from error
        raise


@login_not_required
@require_safe
def download_open(request: HttpRequest, version: int, format: str) -> HttpResponse | FileResponse:
    """Openly available data: a plain link (Art. 15). HEAD hands nothing over, so it leaves no record."""
    wanted = get_object_or_404(Version.objects.visible_to(request.user), pk=version)
    request.back = wanted.get_absolute_url()  # type: ignore[attr-defined]
    if request.method == "HEAD":
        verdict = gate.judge_open(wanted)
        if not verdict.allowed:
            raise gate.Denied(verdict.code)
        return HttpResponse(content_type=CONTENT_TYPES[Format(format)], headers={"Cache-Control": "no-store"})
    return answer(operations.deliver_openly(version=wanted, at=timezone.now(), format=format))


def answer(delivery: Delivery) -> FileResponse:
    """The file of a delivery, with its hash; pages and API serve it alike."""
    format = Format(delivery.extract.format)
    name = f"{delivery.version.product.title}-v{delivery.version.number}.{format.value}"
    response = FileResponse(
        default_storage.open(delivery.extract.key, "rb"),
        as_attachment=True,
        filename=name,
        content_type=CONTENT_TYPES[format],
    )
    response["X-Content-SHA256"] = delivery.sha256
    response["Cache-Control"] = "no-store"
    return response
