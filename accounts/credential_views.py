"""Pages of a party's credentials: the keys of its own systems."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import credential_forms as forms
from accounts import operations, permissions
from accounts.models import Credential, Party
from marketplace import keyset
from marketplace.errors import is_allowed
from marketplace.faces import form_page, submit


def may_keep_credentials(request: HttpRequest, item: Party) -> bool:
    return is_allowed(permissions.check_can_keep_credentials, request.user, item, timezone.now())


@require_safe
def credentials(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys of a party's systems, for its owners and managers."""
    item, at = _keeper_of(request, pk), timezone.now()
    kept = item.credentials.select_related("responsible", "created_by", "revoked_by")
    context = {"party": item, "page": keyset.paged(request, kept), "now": at}
    return render(request, "accounts/credentials.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create_credential(request: HttpRequest, pk: int) -> HttpResponse:
    item, at = _keeper_of(request, pk), timezone.now()
    form = forms.CreateCredentialForm(request.POST or None, party=item, at=at, initial={"responsible": request.user})
    made = form.is_bound and submit(
        request, form, lambda **fields: operations.create_credential(party=item, actor=request.user, at=at, **fields)
    )
    return _key_page(request, item, made) if made else _credential_form(request, form, item, _("Create a credential"))


@require_http_methods(["GET", "HEAD", "POST"])
def rotate_credential(request: HttpRequest, pk: int, credential: int) -> HttpResponse:
    item, at = _keeper_of(request, pk), timezone.now()
    row = get_object_or_404(Credential.objects.filter(party=item), pk=credential)
    form = forms.RotateCredentialForm(request.POST or None)
    made = form.is_bound and submit(
        request,
        form,
        lambda **fields: operations.rotate_credential(credential=row, actor=request.user, at=at, **fields),
    )
    return _key_page(request, item, made) if made else _credential_form(request, form, item, _("New key"), row)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_credential(request: HttpRequest, pk: int, credential: int) -> HttpResponse:
    item, at = _keeper_of(request, pk), timezone.now()
    row = get_object_or_404(Credential.objects.filter(party=item), pk=credential)
    if request.method == "POST":
        operations.revoke_credential(credential=row, actor=request.user, at=at)  # type: ignore[arg-type]
        messages.success(request, _("The key works no more."))
        return redirect("accounts:credentials", item.pk)
    return _credential_form(request, forms.RevokeCredentialForm(), item, _("Revoke"), row, danger=True)


def _keeper_of(request: HttpRequest, pk: int) -> Party:
    item = get_object_or_404(Party.objects.visible_to(request.user), pk=pk)
    request.back = item.get_absolute_url()  # type: ignore[attr-defined]
    permissions.check_can_keep_credentials(request.user, item, timezone.now())
    return item


def _credential_form(request: HttpRequest, form: Any, item: Party, title: str, row: Any = None, **more: Any) -> Any:
    return form_page(request, form, "accounts/credential_form.html", party=item, title=title, credential=row, **more)


def _key_page(request: HttpRequest, item: Party, made: tuple[Credential, str]) -> HttpResponse:
    """The only time that a key is shown: not redirected to, kept in no session, by no cache."""
    credential, key = made
    context = {"party": item, "credential": credential, "key": key}
    return render(request, "accounts/credential_key.html", context, status=201)
