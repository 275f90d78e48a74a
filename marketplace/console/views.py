"""The settings: deadlines, calendar, purposes, regions. For operators; each change is an operation with a reason."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Region
from listings import operations as listing
from listings.models import Purpose
from marketplace.clock import working_days
from marketplace.clock.defaults import DEFAULTS, Kind, unit
from marketplace.clock.models import ClockSetting
from marketplace.console import forms, operations, permissions
from marketplace.faces import form_page, submit

YEARS_AHEAD = 2


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """What is set at present, what the default was and whence."""
    permissions.check_can_set(request.user, timezone.now())
    held = {row.kind: row for row in ClockSetting.objects.all()}
    year = working_days.local_date(timezone.now()).year
    context = {
        "deadlines": [
            (kind, Kind(kind).label, days, source, held.get(kind), unit(kind))
            for kind, (days, source) in DEFAULTS.items()
        ],
        "years": [(n, working_days.is_provisional(date(n, 12, 31))) for n in range(year, year + YEARS_AHEAD + 1)],
        "purposes": Purpose.objects.order_by("code"),
        "regions": Region.objects.select_related("parent").order_by("code"),
    }
    return render(request, "console/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def deadline(request: HttpRequest, kind: str) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    if kind not in DEFAULTS:
        raise Http404
    row = ClockSetting.objects.filter(kind=kind).first()
    days, source = (row.days, row.source) if row else DEFAULTS[kind]
    form = forms.DeadlineForm(request.POST or None, initial={"days": days, "source": source})
    form.fields["days"].label = unit(kind)
    note = _("Holds for every deadline of this kind that begins from now on. Those that run keep their length.")
    if kind == Kind.REASSESSMENT:
        note = _("Holds at once: what was assessed longer ago is assessed again within the next hours.")
    if kind == Kind.CONTEST:
        note = _("Holds at once: until then no measure stands in the public register of data uses.")
    return written(request, form, operations.set_deadline, Kind(kind).label, note, kind=kind)


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest, year: int) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    first = working_days.local_date(timezone.now()).year
    if not first <= year <= first + YEARS_AHEAD:
        raise Http404
    form = forms.YearForm(request.POST or None, year=year)
    title = _("Calendar of %(year)s") % {"year": year}
    note = _("Write what the State Council has published. Every deadline that still runs is computed anew.")
    return written(request, form, operations.publish_year, title, note, year=year)


@require_http_methods(["GET", "HEAD", "POST"])
def region(request: HttpRequest, code: str) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    row = get_object_or_404(Region, pk=code)
    form = forms.RegionForm(request.POST or None, initial={"name": row.name, "name_en": row.name_en})
    note = _("Only the name changes, on every page; the code stays.")
    return written(request, form, operations.rename_region, code, note, region=row)


@require_http_methods(["GET", "HEAD", "POST"])
def new_purpose(request: HttpRequest) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    form = forms.PurposeForm(request.POST or None)
    note = _("Products and applications can choose it from now on. Once chosen it can only be retired.")
    return written(request, form, listing.add_purpose, _("Add a purpose"), note)


CHANGES = {
    "retire": (
        listing.retire_purpose, gettext_lazy("Retire the purpose"),
        gettext_lazy("Nobody can choose it any more. Products and applications that have it keep it."),
    ),
    "offer": (
        listing.offer_purpose_again, gettext_lazy("Offer the purpose again"),
        gettext_lazy("Products and applications can choose it again."),
    ),
    "delete": (
        listing.delete_purpose, gettext_lazy("Delete the purpose"),
        gettext_lazy("Possible only while nobody has ever chosen it."),
    ),
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest, code: str, change: str) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    row = get_object_or_404(Purpose, pk=code)
    if change not in CHANGES:
        raise Http404
    operation, label, note = CHANGES[change]
    form = forms.ReasonOnlyForm(request.POST or None)
    return written(request, form, operation, f"{label}: {row}", note, purpose=row)


@require_http_methods(["GET", "HEAD", "POST"])
def new_region(request: HttpRequest) -> HttpResponse:
    permissions.check_can_set(request.user, timezone.now())
    form = forms.NewRegionForm(request.POST or None)
    note = _("A city or county that is new in GB/T 2260. Nobody can take it away again.")
    return written(request, form, operations.add_region, _("Add a region"), note)


def written(
    request: HttpRequest,
    form: Any,
    operation: Callable[..., Any],
    title: Any,
    note: Any,
    *,
    to: str = "settings",
    **about: Any,
) -> HttpResponse:
    """The form's page; POST makes the one call and goes back to the page `to`."""
    back = reverse(f"console:{to}")
    made = form.is_bound and submit(
        request, form, lambda **fields: operation(actor=request.user, at=timezone.now(), **about, **fields)
    )
    if made:
        return redirect(back)
    return form_page(request, form, "console/setting.html", title=title, note=note, back=back)


SETTINGS = (
    ("settings/", settings, "settings"),
    ("settings/deadline/<str:kind>/", deadline, "deadline"),
    ("settings/calendar/<int:year>/", calendar, "calendar"),
    ("settings/purposes/new/", new_purpose, "purpose-add"),
    ("settings/purpose/<str:code>/<str:change>/", purpose, "purpose"),
    ("settings/regions/new/", new_region, "region-add"),
    ("settings/region/<str:code>/", region, "region"),
)
