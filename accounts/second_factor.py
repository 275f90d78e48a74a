"""Whoever may enter the console proves themselves twice, or nothing works for them.

The gate stands before every view and lets only those through that set a factor up, prove it, or lead out. A session
that has not proved a factor itself, such as one that is older than the factor, is asked for it.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Membership, User, valid_on
from marketplace.clock.working_days import local_date
from marketplace.errors import NotAllowed

BOUND = (
    CapabilityKind.OPERATOR,
    CapabilityKind.REVIEWER,
    CapabilityKind.AUTHORITY,
    CapabilityKind.EXPERT,
    CapabilityKind.OVERSIGHT,
)
# What works in any case: leaving, reading. What more works with no factor yet: setting one up. And to prove one.
ALWAYS_OPEN = frozenset({"account_logout", "set_language", "accounts:privacy", "desk:health"})
OPEN = {
    "mfa_index": ALWAYS_OPEN
    | {"mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate"},
    "mfa_reauthenticate": ALWAYS_OPEN | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"},
}


def is_bound(user: User) -> bool:
    """Whether the person belongs, in whatever role, to a party that was ever admitted as one of `BOUND`."""
    held = Membership.objects.filter(valid_on(local_date(timezone.now())), user=user)
    return held.filter(party__capabilities__kind__in=BOUND).exists()


def missing_step(request: HttpRequest) -> str:
    """URL name of what this session still has to do; empty when nothing is missing."""
    assert isinstance(request.user, User)
    return step_to_prove(request) if is_bound(request.user) else ""


def step_to_prove(request: HttpRequest) -> str:
    """URL name of what a session must do to have proved a second factor, whoever it is; empty when it has."""
    assert isinstance(request.user, User)
    if not is_mfa_enabled(request.user):
        return "mfa_index"
    records = get_authentication_records(request, request.user)
    return "" if any(record["method"] == "mfa" for record in records) else "mfa_reauthenticate"


class SecondFactorGate:
    """Middleware. Stands behind the login; what reads no session, such as a partner's credential, passes it by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.REQUIRE_SECOND_FACTOR or not request.user.is_authenticated:
            return None
        step = missing_step(request)
        if not step or (request.resolver_match and request.resolver_match.view_name in OPEN[step]):
            return None
        if request.method not in ("GET", "HEAD"):
            error = NotAllowed(_("Set up or prove your second factor first."))
            return render(request, "refused.html", {"error": error}, status=error.status)
        if step == "mfa_index":
            messages.warning(request, _("Your role needs a second factor: set one up, then everything else works."))
            return redirect(step)
        response = redirect(step)
        response["Location"] += "?" + urlencode({"next": request.get_full_path()})
        return response
