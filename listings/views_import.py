"""Many catalogue entries at once: a unit's table is looked at first and then proposed; an officer publishes several."""

import secrets
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind
from accounts.queries import parties_as
from listings import entry_csv, forms, operations
from listings.models import CatalogueEntry
from listings.states import EntryState
from marketplace import keyset
from marketplace.errors import TooLarge
from marketplace.faces import form_page, submit

KEPT_SECONDS = 3600  # a checked table waits as long for its confirmation; then it is uploaded again
SHOWN_ROWS = 20


@require_http_methods(["GET", "HEAD", "POST"])
def import_entries(request: HttpRequest) -> HttpResponse:
    """Step one: upload and see what is wrong. Nothing is written."""
    if getattr(request, "upload_too_large", False):
        raise TooLarge(_("The file is larger than 10 MiB."))
    at = timezone.now()
    units = parties_as(request.user, CapabilityKind.UNIT, at).order_by("name")
    form = forms.ImportEntriesForm(*((request.POST, request.FILES) if request.method == "POST" else ()), units=units)
    table = form.is_bound and submit(
        request, form, lambda **fields: operations.check_table(actor=request.user, at=at, **fields)
    )
    columns = [(names[get_language() == "en"], _allowed(field)) for field, names in entry_csv.COLUMNS.items()]
    if not table:
        return form_page(request, form, "listings/import_entries.html", units=units, columns=columns)
    context = {
        "unit": form.cleaned_data["unit"],
        "table": table,
        "shown": [[_word(*cell) for cell in row.fields.items()] for row in table.rows[:SHOWN_ROWS]],
        "columns": columns,
        "wrong": table.wrong[: entry_csv.MOST_ERRORS],
        "token": "" if table.wrong else _keep(request, form.cleaned_data),
    }
    return render(request, "listings/import_preview.html", context, status=422 if table.wrong else 200)


@require_http_methods(["POST"])
def confirm_import(request: HttpRequest) -> HttpResponse:
    """Step two: everything is checked again and proposed, all or nothing."""
    name = _name(request, request.POST.get("token", ""))
    kept = cache.get(name)
    at = timezone.now()
    unit = parties_as(request.user, CapabilityKind.UNIT, at).filter(pk=kept["unit"]).first() if kept else None
    if kept is None or unit is None:
        messages.error(request, _("The table is no longer kept here: upload it again. Nothing was written."))
        return redirect("listings:entry-import")
    try:
        made = operations.import_entries(unit=unit, actor=request.user, at=at, content=kept["content"])  # type: ignore[arg-type]
    except ValidationError:
        messages.error(request, _("Something has changed meanwhile: upload the table again. Nothing was written."))
        return redirect("listings:entry-import")
    cache.delete(name)
    told = ngettext("%(n)s entry was proposed.", "%(n)s entries were proposed.", len(made)) % {"n": len(made)}
    messages.success(request, told + " " + _("The authority publishes or returns each of them."))
    return redirect("listings:entries")


@require_safe
def import_template(request: HttpRequest) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="minshu-entries.csv"'}
    return HttpResponse(
        entry_csv.template(get_language() or ""), content_type="text/csv; charset=utf-8", headers=headers
    )


@require_http_methods(["GET", "HEAD", "POST"])
def publish_entries(request: HttpRequest) -> HttpResponse:
    """What waits for the officer's authorities, to be ticked and published in one act."""
    at = timezone.now()
    mine = parties_as(request.user, CapabilityKind.AUTHORITY, at)
    waiting = CatalogueEntry.objects.filter(authority__in=mine, state=EntryState.PROPOSED)
    form = forms.PublishEntriesForm(request.POST if request.method == "POST" else None, waiting=waiting)
    made = request.method == "POST" and submit(
        request, form, lambda **fields: operations.publish_entries(actor=request.user, at=at, **fields)
    )
    if made:
        messages.success(request, _("Published: %(n)s.") % {"n": len(made)})
        return redirect("listings:entries-publish")
    page = keyset.paged(request, waiting.select_related("unit"), "pk")
    return form_page(request, form, "listings/publish_entries.html", page=page)


def _allowed(field: str) -> str:
    kind = entry_csv.CHOICES.get(field)
    return "、".join(str(label) for label in kind.labels) if kind else ""


def _word(field: str, value: str) -> str:
    """A choice as people call it; what is no choice is among what is wrong."""
    kind = entry_csv.CHOICES.get(field)
    return str(dict(kind.choices).get(value, value)) if kind else value


def _keep(request: HttpRequest, fields: dict[str, Any]) -> str:
    token = secrets.token_urlsafe(16)
    cache.set(_name(request, token), {"unit": fields["unit"].pk, "content": fields["content"]}, KEPT_SECONDS)
    return token


def _name(request: HttpRequest, token: str) -> str:
    """Only whoever uploaded a table confirms it."""
    return f"entry-import-{request.user.pk}-{sha256(token.encode()).hexdigest()}"
