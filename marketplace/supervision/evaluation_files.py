"""An evaluation as a file, and the yearly disclosure: public counts of the whole site, small ones left out."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.supervision.evaluation import (
    Figure,
    Scope,
    Section,
    applications,
    concerns,
    decisions,
    deliveries,
    derived_products,
    findings,
    grants,
    listings,
    reports,
)
from marketplace.supervision.register import SMALLEST_COUNT, contestable_since, final_measures
from marketplace.supervision.register_files import defused


def final_measures_of_authorities(scope: Scope) -> Section:
    """Nothing of what can still be contested, of what was annulled, or between parties by contract."""
    final = final_measures(contestable_since(scope.at)).filter(scope.within("issued_at"), issuer=None)
    return Section("measures", _("Measures"), [Figure("final", _("issued, and contestable no more"), final.count())])


# What is made public of each section: its parts, never with their total, or a part that is left out could be reckoned.
DISCLOSED = {
    listings: ("nature_",), applications: ("submitted",), decisions: ("approved", "refused", "refused_outright"),
    grants: ("began_",), deliveries: ("deliveries",), reports: ("on_time", "late", "missing"),
    derived_products: ("registered",), findings: ("rule_",), concerns: ("misuse", "fault"),
    final_measures_of_authorities: ("final",),
}  # fmt: skip


def disclosure(year: int, at: datetime) -> list[Section]:
    """The counts of one year that is over; of what was counted fewer than five times the value is None."""
    scope = Scope(None, date(year, 1, 1), date(year, 12, 31), at)
    return [
        Section(found.code, found.title, [_public(one) for one in found.figures if _is_among(one.code, names)])
        for found, names in ((make(scope), names) for make, names in DISCLOSED.items())
    ]


def as_json(sections: Sequence[Section], **about: Any) -> str:
    """{subject: {figure: value}}, after what the figures are about; codes, not words."""
    values = {one.code: {figure.code: figure.value for figure in one.figures} for one in sections}
    return json.dumps({**about, "figures": values}, ensure_ascii=False, indent=1)


def as_csv(sections: Sequence[Section], **about: Any) -> str:
    """One figure a line: subject, code, words, value; empty where there is none."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(("subject", "code", "figure", "value"))
    rows.writerows(("about", name, "", defused(str(value))) for name, value in about.items())
    for section in sections:
        for one in section.figures:
            rows.writerow((section.code, one.code, defused(f"{section.title}: {one.label}"), one.value))
    return "\ufeff" + written.getvalue()


FORMATS = {"csv": ("text/csv; charset=utf-8", as_csv), "json": ("application/json; charset=utf-8", as_json)}


def _is_among(code: str, names: Sequence[str]) -> bool:
    return any(code.startswith(name) if name.endswith("_") else code == name for name in names)


def _public(figure: Figure) -> Figure:
    is_small = figure.value is not None and 0 < figure.value < SMALLEST_COUNT
    return figure._replace(value=None) if is_small else figure
