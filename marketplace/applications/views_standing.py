"""Pages of what stands before any single case: standing consents of units, the two-person rule of a party."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CapabilityKind, Party
from accounts.permissions import MANAGERS
from accounts.queries import memberships, parties_as
from marketplace import keyset
from marketplace.applications import forms, operations, verbs
from marketplace.applications.models import StandingConsent, TwoPersonRule
from marketplace.faces import form_page, submit
from marketplace.pages import history_rows


@require_safe
def standing_consent_list(request: HttpRequest) -> HttpResponse:
    visible = StandingConsent.objects.visible_to(request.user).select_related("unit", "entry")
    page = keyset.paged(request, visible)
    units = parties_as(request.user, CapabilityKind.UNIT, timezone.now()).order_by("name")
    return render(request, "applications/standing_consent_list.html", {"page": page, "units": units})


@require_safe
def standing_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """The consent, and every answer that rests on it."""
    item = get_object_or_404(
        StandingConsent.objects.visible_to(request.user).select_related("unit", "entry", "by"), pk=pk
    )
    uses = item.uses.select_related("application__buyer", "answered_by")
    context = {
        "consent": item,
        "page": keyset.paged(request, uses),
        "verbs": verbs.STANDING.available(item, request.user, timezone.now()),
        "history": history_rows([item]),
    }
    return render(request, "applications/standing_consent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def give_standing_consent(request: HttpRequest, unit: int) -> HttpResponse:
    at = timezone.now()
    party = get_object_or_404(parties_as(request.user, CapabilityKind.UNIT, at), pk=unit)
    form = forms.StandingConsentForm(request.POST or None, unit=party)
    if request.method == "POST":
        made = submit(
            request,
            form,
            lambda **fields: operations.give_standing_consent(unit=party, actor=request.user, at=at, **fields),
        )
        if made:
            return redirect(made.get_absolute_url())
    return form_page(request, form, "applications/give_standing_consent.html", unit=party)


@require_http_methods(["GET", "HEAD", "POST"])
def two_person_rule(request: HttpRequest, party: int) -> HttpResponse:
    """An owner or manager says whether applications of the party need a second signature."""
    at = timezone.now()
    mine = memberships(request.user, at).filter(role__in=MANAGERS).values("party")
    managed = get_object_or_404(Party.objects.filter(pk__in=mine), pk=party)
    is_on = TwoPersonRule.objects.filter(party=managed).exists()
    if request.method == "POST":
        operations.set_two_person_rule(party=managed, actor=request.user, at=at, is_on=not is_on)  # type: ignore[arg-type]
        messages.success(request, _("The rule was changed."))
        return redirect("applications:application-list")
    return render(request, "applications/two_person_rule.html", {"party": managed, "is_on": is_on})
