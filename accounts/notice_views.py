"""Pages on which a person says when mails reach them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import operations
from accounts.forms import NoticesForm
from accounts.models import User
from accounts.operations.notice import who_switches_off
from marketplace.faces import form_page
from marketplace.notices.kinds import Group
from marketplace.notices.models import Preference


@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    chosen = Preference.objects.filter(recipient_ref=request.user.ledger_ref).values_list("group", "delivery")
    form = NoticesForm(request.POST if request.method == "POST" else None, initial=dict(chosen))
    if not form.is_bound or not form.is_valid():
        return form_page(request, form, "accounts/notices.html")
    operations.choose_notices(actor=request.user, at=timezone.now(), chosen=form.cleaned_data)
    messages.success(request, _("Kept. It holds for what happens from now on, and for what is still waiting."))
    return redirect("accounts:notices")


@csrf_exempt  # the signed link is the proof, and mail programs post it without our cookie (RFC 8058)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices_off(request: HttpRequest, token: str) -> HttpResponse:
    """Asks on GET, for programs that look at mails follow links; acts on POST."""
    user, groups = who_switches_off(token)
    done = request.method == "POST"
    if done:
        operations.switch_mails_off(token=token, at=timezone.now())
    with translation.override(user.language):
        context = {"groups": [Group(group).label for group in groups], "done": done}
        return render(request, "accounts/notices_off.html", context)
