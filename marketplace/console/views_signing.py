"""Several proposals are chosen, read together, and signed once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import CapabilityKind
from marketplace import keyset
from marketplace.console import forms
from marketplace.console.site import address
from marketplace.errors import StaleState
from marketplace.faces import form_page, submit
from marketplace.supervision import operations
from marketplace.supervision.measure_kinds import KINDS
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.signing import Signed
from marketplace.supervision.proposals import (
    MOST_AT_ONCE,
    SIGNED_TOGETHER,
    kinds_waiting,
    shown,
    waiting_to_be_signed,
    with_all_shown,
)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_several(request: Any) -> HttpResponse:
    """Choose; with some chosen, read them in full and sign."""
    if CapabilityKind.AUTHORITY not in request.kinds:
        raise Http404
    at = timezone.now()
    waiting = waiting_to_be_signed(request.user, at)
    if request.method == "POST":
        return _signed(request, at)
    kinds = kinds_waiting(waiting)
    kind = _kind_of(request.GET.get("kind", ""), kinds)
    rows = with_all_shown(waiting.filter(kind=kind))
    chosen = [int(key) for key in request.GET.getlist("chosen") if key.isascii() and key.isdigit() and len(key) < 12]
    if chosen:
        return _read(request, rows.filter(pk__in=chosen[:MOST_AT_ONCE]).order_by("pk"), at)
    page = keyset.paged(request, rows, "pk", size=MOST_AT_ONCE)
    return render(
        request, "console/sign_several.html",
        {"page": page, "rows": shown(page), "kinds": kinds, "kind": kind, "title": KINDS[kind].title},
    )  # fmt: skip


def _kind_of(asked: str, kinds: list[tuple[str, Any, int]]) -> str:
    there = [kind for kind, _label, _n in kinds]
    if asked in SIGNED_TOGETHER:
        return asked
    return there[0] if there else SIGNED_TOGETHER[0]


def _read(request: HttpRequest, rows: QuerySet[Measure], at: datetime, form: Any = None) -> HttpResponse:
    """All that is signed for, in full; what cannot be issued is said to be left out, and not carried."""
    form = form or forms.SignSeveralForm(target=None, actor=request.user, at=at)
    found = [(one, address(one.measure)) for one in shown(rows)]
    context = {"rows": found, "n": sum(one.can_be_signed for one, _url in found), "back": _back(rows)}
    return form_page(request, form, "console/sign_read.html", **context)


def _back(rows: QuerySet[Measure]) -> str:
    kind = rows.values_list("kind", flat=True).first()
    return reverse("console:sign-several") + (f"?kind={kind}" if kind else "")


def _signed(request: HttpRequest, at: datetime) -> HttpResponse:
    form = forms.SignSeveralForm(request.POST, target=None, actor=request.user, at=at)
    form.is_valid()
    said: Mapping[int, str] = form.cleaned_data.get("shown", {})
    rows = Measure.objects.visible_to(request.user).filter(pk__in=list(said))
    gone = set(said) - {measure.pk for measure in rows}
    signed = submit(request, form, lambda **fields: _sign(request, rows, at, **fields))
    if not signed:
        return _read(request, with_all_shown(rows).order_by("pk"), at, form)
    messages.success(request, _("Issued: %(n)s.") % {"n": len(signed.issued)})
    if signed.waiting:
        messages.info(request, _("Signed, and waiting for a second officer: %(n)s.") % {"n": len(signed.waiting)})
    left = [*((str(one), why) for one, why in signed.left_out), *((f"#{pk}", str(StaleState())) for pk in sorted(gone))]
    for which, why in left:
        messages.warning(request, _("Left out: %(which)s. %(why)s") % {"which": which, "why": why})
    return redirect(_back(rows))


def _sign(
    request: HttpRequest, rows: QuerySet[Measure], at: datetime, shown: Mapping[int, str], **texts: str
) -> Signed:
    proposals = {measure: shown[measure.pk] for measure in rows}
    return operations.issue_orders(proposals=proposals, actor=request.user, at=at, **texts)


SIGNING = (("orders/sign/", sign_several, "sign-several"),)
