"""Pages of derived products: list, registration, the public page with its attribution, and the check."""

import io
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from listings.models import Product
from marketplace import keyset
from marketplace.clock.working_days import local_date
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows
from marketplace.supervision import attribution, forms_derived, operations, queries, verbs
from marketplace.supervision.models import DerivedProduct

ANYBODY = AnonymousUser()


@login_not_required
@require_safe
def derived_list(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    visible = DerivedProduct.objects.visible_to(request.user).with_developer()
    buyers = queries.developers_of(request.user, at).order_by("name")
    return render(
        request,
        "supervision/derived_list.html",
        {"page": keyset.paged(request, visible), "buyers": buyers},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def register_derived(request: HttpRequest, party: int) -> HttpResponse:
    at = timezone.now()
    buyer = get_object_or_404(queries.developers_of(request.user, at), pk=party)
    form = forms_derived.RegisterDerivedForm(request.POST or None, party=buyer)
    if request.method == "POST":
        made = submit(
            request,
            form,
            lambda **fields: operations.register_derived(party=buyer, actor=request.user, at=at, **fields),
        )
        if made:
            return redirect(made.get_absolute_url())
    return form_page(request, form, "supervision/register_derived.html", buyer=buyer)


@login_not_required
@require_safe
def derived(request: HttpRequest, token: str) -> HttpResponse:
    """The public page of a derived product: anybody can check where its data comes from."""
    rows = DerivedProduct.objects.visible_to(request.user).with_developer().select_related("listed_as")
    item = rows.filter(token=token).first()
    if item is None:
        return to_check(token)
    insider = request.user.is_authenticated and bool(verbs.DERIVED.available(item, request.user, timezone.now()))
    context = {
        "derived": item,
        "attribution": queries.attribution(item, request.user),
        "has_other": queries.has_other_sources(item, request.user),
        "open_to_me": set(
            Product.objects.visible_to(request.user)
            .filter(Q(grants__derived_uses__derived=item) | Q(built_as=item))
            .values_list("pk", flat=True)
        ),
        "verbs": verbs.DERIVED.available(item, request.user, timezone.now()) if insider else [],
        "shows_listing": queries.with_known_developer(request.user).filter(pk=item.pk).exists(),
        "history": history_rows([item]) if insider else [],
    }
    return render(request, "supervision/derived.html", context)


def to_check(token: str) -> HttpResponse:
    """Where a printed address leads of what was public and is no more: to the check, which says so. Raises Http404."""
    found = attribution.find(token)
    if found is None or found.token != token:
        raise Http404
    return redirect(reverse("supervision:check", query={"q": found.number}))


@login_not_required
@require_safe
def download_attribution(request: HttpRequest, token: str, format: str) -> HttpResponse:
    """The attribution to be put beside the product: text, a piece of HTML, JSON-LD, or a QR code to the public page.
    The same for everybody who fetches it, as everybody will read it."""
    item = get_object_or_404(DerivedProduct.objects.visible_to(request.user).with_developer(), token=token)
    lines, has_other = queries.attribution(item, ANYBODY), queries.has_other_sources(item, ANYBODY)
    if format == "svg":
        drawn = io.BytesIO()
        segno.make(attribution.address(item), error="m").save(drawn, kind="svg", scale=4, border=4)
        return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
    name = f"attribution-{item.number}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if format == "jsonld":
        return JsonResponse(
            attribution.linked_data(item, lines, has_other), content_type="application/ld+json", headers=headers,
            json_dumps_params={"ensure_ascii": False, "indent": 2},
        )  # fmt: skip
    context: dict[str, Any] = {
        "derived": item, "attribution": lines, "has_other": has_other, "address": attribution.address(item),
        "check": f"{settings.SITE_URL}{reverse('supervision:check')}", "today": (today := local_date(timezone.now())),
        "code": attribution.notice_code(item, today),
    }  # fmt: skip
    kind = {"txt": "text/plain", "html": "text/html"}[format]
    text = render_to_string(f"supervision/attribution.{format}", context, request)
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers=headers)


@login_not_required
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Anybody types the number or address that a product prints: genuine, withdrawn, or unknown here.

    Who holds only a printed notice types its date and code as well: they must be of this number. The sources are then
    those of that day, to be compared with what is printed.
    """
    form = forms_derived.CheckForm(request.GET if "q" in request.GET else None)
    asked = form.is_bound and form.is_valid()
    found = attribution.find(form.cleaned_data["q"]) if asked else None
    verdict = attribution.verdict(found)
    day, code = (form.cleaned_data["day"], form.cleaned_data["code"]) if asked else (None, "")
    is_forged = bool(found and code and not attribution.is_code_of(code, found, day))
    verdict = "unknown" if is_forged else verdict
    context = {
        "asked": asked,
        "is_forged": is_forged,
        "notice_day": day,
        "found": found,
        "verdict": verdict,
        "attribution": queries.attribution(found, ANYBODY, day) if found and verdict == "genuine" else [],
        "has_other": found is not None and queries.has_other_sources(found, ANYBODY, day),
    }
    return form_page(request, form, "supervision/check.html", **context)
