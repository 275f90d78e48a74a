"""Pages of the parties: their own people see their party, the operator sees all. And the switch of the language."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import i18n
from django.views.decorators.http import require_safe

from accounts.models import Party, User
from accounts.verbs import PARTY
from marketplace.pages import history_rows


@require_safe
def party_list(request: HttpRequest) -> HttpResponse:
    visible = Party.objects.visible_to(request.user).select_related("region").prefetch_related("capabilities")
    page = Paginator(visible.order_by("-pk"), 20).get_page(request.GET.get("page"))
    return render(request, "accounts/party_list.html", {"page": page})


@require_safe
def party(request: HttpRequest, pk: int) -> HttpResponse:
    """A party: who it is, what it may be, who belongs to it, how it was verified."""
    item = get_object_or_404(Party.objects.visible_to(request.user).select_related("region"), pk=pk)
    context = {
        "party": item,
        "in_good_standing": item.is_in_good_standing(timezone.now()),
        "capabilities": item.capabilities.select_related("region").order_by("pk"),
        "memberships": item.memberships.select_related("user").order_by("pk"),
        "verifications": item.verifications.select_related("by").order_by("-pk"),
        "verbs": PARTY.available(item, request.user, timezone.now()),
        "history": history_rows([item]),
    }
    return render(request, "accounts/party.html", context)


@login_not_required
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's switch; of a person who is logged in it is kept, for the mails and the next browser."""
    chosen = request.POST.get("language")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return i18n.set_language(request)
