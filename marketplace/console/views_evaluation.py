"""Figures of an authority for a period, drawings, and the same as a file: the evaluation (Art. 5) and the statistics of
inspections (Art. 33)."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import CapabilityKind
from marketplace.supervision.drawing import chart
from marketplace.supervision.evaluation import Scope, Section, evaluation
from marketplace.supervision.evaluation_files import FORMATS
from marketplace.supervision.forms_period import PeriodForm
from marketplace.supervision.inspection_statistics import statistics


class Report(NamedTuple):
    """Sections of figures, each with what is drawn of it."""

    name: str
    make: Callable[[Scope], list[Section]]
    title: Any
    lead: Any

    @property
    def csv(self) -> str:
        return f"console:{self.name}-csv"

    @property
    def json(self) -> str:
        return f"console:{self.name}-json"


REPORTS = (
    Report(
        "evaluation", evaluation, _("Evaluation"),
        _(
            "What was applied for, decided, used and supervised within a period (Art. 5). Counted is what began or was "
            "decided in it; days are working days."
        ),
    ),
    Report(
        "inspection-statistics", statistics, _("Inspections in figures"),
        _(
            "What was planned, drawn, inspected, found and put right (Art. 33). Counted are the plans made, and the "
            "inspections drawn or opened, within the period; what became of them is as of today."
        ),
    ),
)  # fmt: skip


@require_safe
def page(request: HttpRequest, report: Report) -> HttpResponse:
    """Of this year so far, unless another period is asked for."""
    form = _form(request)
    sections = report.make(form.scope()) if form.is_valid() else []
    context = {
        "report": report, "form": form, "sections": [(one, chart(one.plot)) for one in sections],
        "query": form.data.urlencode(),
    }  # fmt: skip
    return render(request, "console/evaluation.html", context, status=200 if sections else 422)


@require_safe
def download(request: HttpRequest, report: Report, format: str) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        raise Http404
    scope, authority = form.scope(), form.cleaned_data["authority"]
    kind, write = FORMATS[format]
    about = {"authority": authority.name if authority else "all", "from": scope.first, "until": scope.last}
    body = write(report.make(scope), **{name: str(value) for name, value in about.items()})
    name = f"{report.name}-{scope.first}-{scope.last}.{format}"
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _form(request: Any) -> PeriodForm:
    if CapabilityKind.AUTHORITY not in request.kinds:
        raise Http404
    return PeriodForm.asked(request.GET, request.user)


EVALUATION = tuple(
    (f"{one.name}/{part}", view, f"{one.name}{suffix}")
    for one in REPORTS
    for part, suffix, view in (
        ("", "", partial(page, report=one)),
        ("csv/", "-csv", partial(download, report=one, format="csv")),
        ("json/", "-json", partial(download, report=one, format="json")),
    )
)
