"""The page on which an organisation keeps its sandbox. Whatever is in the sandbox is seen through the API only."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Party
from accounts.permissions import check_can_keep_credentials
from marketplace.sandboxes import operations
from marketplace.sandboxes.models import Sandbox

VERBS: dict[str, Callable[..., Any]] = {
    "keys": operations.renew_keys,
    "reset": operations.reset_sandbox,
    "close": operations.close_sandbox,
}


@require_safe
def sandbox(request: HttpRequest, pk: int) -> HttpResponse:
    party, row = _kept(request, pk)
    now = timezone.now() + row.ahead if row else None
    return render(request, "sandboxes/sandbox.html", {"party": party, "sandbox": row, "now": now})


@require_POST
def sandbox_verb(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Open, new keys, reset, close. Where keys were made they are shown this once: not redirected to."""
    party, row = _kept(request, pk)
    made: Any
    if verb == "open":
        row, made = operations.open_sandbox(party=party, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
    elif row is None or verb not in VERBS:
        raise Http404
    else:
        made = VERBS[verb](sandbox=row, actor=request.user, at=timezone.now())
    if not made:
        messages.success(request, _("Done."))
        return redirect("sandboxes:sandbox", party.pk)
    keys = [(role, operations.email_of(role), key) for role, key in made.items()]
    return render(request, "sandboxes/keys.html", {"party": party, "keys": keys}, status=201)


def _kept(request: HttpRequest, pk: int) -> tuple[Party, Sandbox | None]:
    party = get_object_or_404(Party.objects.visible_to(request.user), pk=pk)
    request.back = party.get_absolute_url()  # type: ignore[attr-defined]
    check_can_keep_credentials(request.user, party, timezone.now())
    return party, Sandbox.objects.filter(party=party, closed_at=None).select_related("party").first()
