"""Pages of the publicity: what is in it, an objection by anybody, its receipt, its answer."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from listings import forms, operations, permissions, queries, throttle, verbs
from listings.models import Objection, Version
from listings.operations.objections import PUBLIC, check_in_publicity, find_objection
from marketplace.clock import operations as clock
from marketplace.errors import is_allowed
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows

PAGE_SIZE = 20


@login_not_required
@require_safe
def publicity(request: HttpRequest) -> HttpResponse:
    """Every version in publicity that the visitor may see: days left, and how to object."""
    page = Paginator(queries.in_publicity(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = queries.with_days_left(list(page), timezone.now())
    return render(request, "listings/publicity.html", {"page": page, "rows": rows})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def object_to_version(request: HttpRequest, pk: int) -> HttpResponse:
    """The public form; afterwards number and code, shown once."""
    at = timezone.now()
    version = get_object_or_404(Version.objects.visible_to(request.user).select_related("product", "authority"), pk=pk)
    request.back = version.get_absolute_url()  # type: ignore[attr-defined]  # for `ErrorPages`
    check_in_publicity(version, at)
    form = forms.ObjectForm(request.POST or None)
    if request.method == "POST":
        if throttle.is_over(request, "objections"):
            return render(request, "429.html", status=429)
        actor = request.user if request.user.is_authenticated else PUBLIC
        made = submit(
            request, form, lambda **said: operations.lodge_objection(version=version, actor=actor, at=at, **said)
        )
        if made:
            return render(request, "listings/objection_receipt.html", {"objection": made.made, "code": made.code})
    return form_page(
        request, form, "listings/object.html", version=version, clocks=clock.of(version).open().order_by("due_at")
    )


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def follow_objection(request: HttpRequest) -> HttpResponse:
    """The answer, for whoever has number and code. They are posted, so that no address gives them away."""
    form, found = forms.FollowForm(request.POST or None), None
    if request.method == "POST":
        if throttle.is_over(request, "follow-ups"):
            return render(request, "429.html", status=429)
        if form.is_valid():
            found = find_objection(**form.cleaned_data)
    context = {"objection": found, "asked": form.is_bound and form.is_valid()}
    return form_page(request, form, "listings/follow_objection.html", **context)


@require_safe
def objection(request: HttpRequest, pk: int) -> HttpResponse:
    """One objection, for whoever decides on it, oversees that, or raised it while logged in."""
    at = timezone.now()
    visible = Objection.objects.visible_to(request.user)
    item = get_object_or_404(
        visible.select_related("version__product__seller", "version__authority", "version__reviewer", "decided_by"),
        pk=pk,
    )
    decides = _decides(request.user, item, at)
    context = {
        "objection": item,
        "person": item.person() if decides else {},
        "decides": decides,
        "clocks": clock.of(item).open(),
        "verbs": verbs.OBJECTION.available(item, request.user, at),
        "history": history_rows([item]),
    }
    return render(request, "listings/objection.html", context)


def _decides(user: Any, item: Objection, at: Any) -> bool:
    return is_allowed(permissions.check_can_answer_objection, user, item, at)
