"""The evaluation of an authority for a period (Art. 5): figures, drawings, and the same as a file."""

from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import CapabilityKind, Party, RegionLevel
from accounts.queries import authority_level, parties_as
from marketplace.clock.working_days import local_date
from marketplace.supervision.drawing import chart
from marketplace.supervision.evaluation import Scope, evaluation
from marketplace.supervision.evaluation_files import FORMATS

LONGEST = 366 * 5  # days


class PeriodForm(forms.Form):
    """Whose evaluation, from when until when; without an authority, which only the province may say, everybody's."""

    authority = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Authority"), required=False)
    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = timezone.now()
        own = parties_as(user, CapabilityKind.AUTHORITY, at).order_by("pk")
        self.is_province = any(authority_level(one, at) == RegionLevel.PROVINCE for one in own)
        field = self.fields["authority"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = own if not self.is_province else Party.objects.filter(
            capabilities__kind=CapabilityKind.AUTHORITY
        ).distinct().order_by("region", "pk")  # fmt: skip
        field.empty_label = str(_("the whole province")) if self.is_province else None
        field.required = not self.is_province

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and not 0 <= (last - first).days <= LONGEST:
            raise forms.ValidationError(_("A period ends after it begins, and lasts five years at most."))
        return self.cleaned_data

    def scope(self) -> Scope:
        """Of what was asked for."""
        data = self.cleaned_data
        authority = data["authority"]
        return Scope([authority.pk] if authority else None, data["first"], data["last"], timezone.now())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Of this year so far, unless another period is asked for."""
    form = _form(request)
    sections = evaluation(form.scope()) if form.is_valid() else []
    context = {"form": form, "sections": [(one, chart(one.plot)) for one in sections], "query": form.data.urlencode()}
    return render(request, "console/evaluation.html", context, status=200 if sections else 422)


@require_safe
def download(request: HttpRequest, format: str) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        raise Http404
    scope, authority = form.scope(), form.cleaned_data["authority"]
    kind, write = FORMATS[format]
    about = {"authority": authority.name if authority else "all", "from": scope.first, "until": scope.last}
    body = write(evaluation(scope), **{name: str(value) for name, value in about.items()})
    name = f"evaluation-{scope.first}-{scope.last}.{format}"
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _form(request: Any) -> PeriodForm:
    """What was asked for; where nothing was, this year so far of the person's own authority."""
    if CapabilityKind.AUTHORITY not in request.kinds:
        raise Http404
    today = local_date(timezone.now())
    given = request.GET.copy()
    for name, value in (("first", date(today.year, 1, 1)), ("last", today)):
        given.setdefault(name, str(value))
    if "authority" not in given:
        given["authority"] = str(parties_as(request.user, CapabilityKind.AUTHORITY, timezone.now()).earliest("pk").pk)
    return PeriodForm(given, user=request.user)


EVALUATION = (
    ("evaluation/", page, "evaluation"),
    ("evaluation/csv/", lambda request: download(request, "csv"), "evaluation-csv"),
    ("evaluation/json/", lambda request: download(request, "json"), "evaluation-json"),
)
