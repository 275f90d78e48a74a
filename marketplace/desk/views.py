"""The first page, the to-do page, the notices."""

from operator import attrgetter

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import CloseAccountForm
from accounts.models import User
from listings import queries as listing_queries
from listings.models import Product, SearchKind
from listings.search.queries import Search
from marketplace import keyset
from marketplace.desk import operations
from marketplace.desk.queries import todo as todo_of
from marketplace.faces import form_page
from marketplace.notices import operations as notices
from marketplace.notices.messages import render as render_notice
from marketplace.notices.models import Channel, Outbox

COUNT_SECONDS = 60  # how old the number of products on the first page may be: counting reads them all


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    search = Search(SearchKind.PRODUCT)
    newest = search.page(listing_queries.product_cards(), size=6)
    listed = cache.get_or_set("listed", search.hits().count, COUNT_SECONDS)
    return render(request, "desk/home.html", {"products": newest.object_list, "listed": listed})


@require_safe
def todo(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    tasks = todo_of(request.user, at)
    page = keyset.page_of(tasks, attrgetter("urgency"), request.GET.get("page", ""))
    return render(request, "desk/todo.html", {"tasks": page, "total": len(tasks), "page": page, "now": at})


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    rows = Outbox.objects.filter(recipient_ref=_reader(request), channel=Channel.PAGE)
    page = keyset.paged(request, rows)
    shown = [(row, *render_notice(row.kind, row.context)) for row in page]
    return render(request, "desk/notices.html", {"page": page, "notices": shown})


@require_POST
def notices_seen(request: HttpRequest) -> HttpResponse:
    notices.mark_seen(recipient_ref=_reader(request), at=timezone.now())
    return redirect("desk:notices")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def close_account(request: HttpRequest) -> HttpResponse:
    """The account is closed once the person has given the password again."""
    assert isinstance(request.user, User)
    form = CloseAccountForm(request.POST if request.method == "POST" else None, user=request.user)
    request.back = "/account/"  # type: ignore[attr-defined]  # for `ErrorPages`
    if not form.is_bound or not form.is_valid():
        return form_page(request, form, "desk/close_account.html")
    operations.close_account(actor=request.user, at=timezone.now())
    auth.logout(request)
    messages.success(request, _("Your account is closed."))
    return redirect("desk:home")


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether this process can reach its database."""
    Product.objects.exists()
    return JsonResponse({"status": "ok"})


def _reader(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.ledger_ref
