"""The public register of data uses, as a page and as files."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from marketplace import keyset
from marketplace.clock.working_days import local_date
from marketplace.supervision import register as books
from marketplace.supervision.evaluation_files import FORMATS as DISCLOSURE_FORMATS
from marketplace.supervision.evaluation_files import disclosure
from marketplace.supervision.register_files import FORMATS

FIRST_YEAR = 2022  # the regulation is in force since 2022-02-01
ROWS_OF_A_FILE = 1000
MINUTES = 5  # that a file may be kept by whoever has fetched it


@login_not_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Who uses which public data, for what; searched and narrowed by anybody."""
    at = timezone.now()
    wanted = books.asked(request.GET.dict())
    page = keyset.paged(request, books.with_parts(books.found(wanted, at), at))
    page.object_list = [books.row_of(grant, at) for grant in page]
    kept = QueryDict(mutable=True)
    kept.update({name: value for name, value in {"q": wanted.text, **wanted.chosen}.items() if value})
    context = {
        "search": wanted, "facets": books.facets(wanted, at), "page": page, "counts": books.non_public_counts(at),
        "outcomes": books.OUTCOMES, "years": years_disclosed(at), "kept": f"?{kept.urlencode()}" if kept else "",
    }  # fmt: skip
    return render(request, "supervision/register.html", context)


@login_not_required
@require_safe
def download_register(request: HttpRequest, format: str) -> HttpResponse:
    """The same as a file of at most 1,000 rows; the header `Link` names the next one."""
    at = timezone.now()
    body, following = _file(request, format, at)
    kind, _write = FORMATS[format]
    answer = HttpResponse(body, content_type=kind)
    answer["ETag"] = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    answer["Content-Disposition"] = f'inline; filename="register.{format}"'
    if following:
        answer["Link"] = f'<{following}>; rel="next"'
    patch_cache_control(answer, public=True, max_age=60 * MINUTES)
    return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer


@login_not_required
@require_safe
def download_disclosure(request: HttpRequest, year: str, format: str) -> HttpResponse:
    """The counts of a year that is over, of the whole site; small ones are left out."""
    at = timezone.now()
    if int(year) not in years_disclosed(at):
        raise Http404
    kind, write = DISCLOSURE_FORMATS[format]
    answer = HttpResponse(write(disclosure(int(year), at), year=int(year)), content_type=kind)
    patch_cache_control(answer, public=True, max_age=60 * MINUTES)
    return answer


def years_disclosed(at: datetime) -> list[int]:
    """The years that are over, from the regulation's first one on, the newest first."""
    return list(range(local_date(at).year - 1, FIRST_YEAR - 1, -1))


def _file(request: HttpRequest, format: str, at: datetime) -> tuple[str, str]:
    wanted = books.asked(request.GET.dict())
    page = keyset.paged(request, books.with_parts(books.found(wanted, at), at), size=ROWS_OF_A_FILE)
    uses: list[Any] = [books.row_of(grant, at) for grant in page]
    following = ""
    if page.next:
        asked = request.GET.copy()
        asked["page"] = page.next
        following = f"{settings.SITE_URL}{request.path}?{asked.urlencode()}"
    counts = books.non_public_counts(at) if not (page.previous or wanted.text or wanted.chosen) else []
    return FORMATS[format][1](uses, counts, following), following
