"""Pages of one's own account, and the privacy notice."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import operations, second_factor
from accounts.models import User
from accounts.queries import memberships


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/privacy.html")


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who I am, how I log in, and what I can do about it."""
    user = _person(request)
    context = {
        "memberships": memberships(user, timezone.now()).select_related("party").order_by("pk"),
        "has_second_factor": is_mfa_enabled(user),
        "needs_second_factor": second_factor.is_bound(user),
    }
    return render(request, "accounts/account.html", context)


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    rows = UserSession.objects.purge_and_list(_person(request))
    return render(request, "accounts/sessions.html", {"sessions": sorted(rows, key=_newest, reverse=True)})


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, pk=pk, user=_person(request))
    here = session.session_key == request.session.session_key
    operations.end_sessions(sessions=[session], actor=_person(request), at=timezone.now())
    return _leave(request) if here else _back(request)


@require_POST
def end_all_sessions(request: HttpRequest) -> HttpResponse:
    """Out of every browser, this one too."""
    user = _person(request)
    operations.end_sessions(sessions=UserSession.objects.filter(user=user), actor=user, at=timezone.now())
    return _leave(request)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Everything that is kept about me, as a file."""
    kept = operations.export_account(actor=_person(request), at=timezone.now())
    answer = JsonResponse(kept, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="minshu-account.json"'
    return answer


def _back(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("That browser is logged out."))
    return redirect("accounts:sessions")


def _leave(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("account_login")


def _newest(session: Any) -> Any:
    return session.last_seen_at, session.pk


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
