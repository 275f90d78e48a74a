"""The page on which a person lets systems of their organisations name them, and ends that."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import operations, queries
from accounts.models import Credential, User
from accounts.second_factor import step_to_prove


@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    page = Paginator(queries.systems_of(user, timezone.now()), 20).get_page(request.GET.get("page"))
    agreed = set(user.namings.filter(withdrawn_at=None).values_list("credential", flat=True))
    rows = [(credential, credential.pk in agreed) for credential in page]
    return render(request, "accounts/systems.html", {"page": page, "systems": rows})


@require_POST
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """With the second factor where the site asks for one: what the system does is recorded as the person's."""
    user = _person(request)
    row = get_object_or_404(queries.systems_of(user, timezone.now()), pk=pk)
    if settings.REQUIRE_SECOND_FACTOR and (step := step_to_prove(request)):
        messages.warning(request, _("This takes your second factor: set it up or prove it, then agree again."))
        return redirect(step)
    operations.agree_to_be_named(credential=row, actor=user, at=timezone.now())
    return _back(request, _("The system may name you from now on."))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    user = _person(request)
    row = get_object_or_404(Credential.objects.filter(namings__user=user).distinct(), pk=pk)
    operations.withdraw_from_naming(credential=row, actor=user, at=timezone.now())
    return _back(request, _("From now on the system may not name you."))


def _back(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("accounts:systems")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    request.back = "/account/systems/"  # type: ignore[attr-defined]
    return request.user
