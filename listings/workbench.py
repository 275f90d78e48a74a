"""What the page shows of a file that failed and of the recipes for it: side by side, as rows."""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listings.models import AppliedRecipe, Recipe, Version
from listings.queries import failed_assessment
from listings.recipe_words import step_sentence, why_sentence
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind

WIDTH = 100  # of the longest bar


def of(version: Version) -> dict[str, Any] | None:
    """The newest search, the earlier ones, and what was applied; None where nothing failed and nothing was tried."""
    failed = failed_assessment(version)
    recipes = list(version.recipes.select_related("by", "applied__by").order_by("-job_id", "number"))
    if failed is None and not recipes:
        return None
    shown = _shown(recipes, failed)
    return {
        "failed": failed,
        "hierarchies": list(version.hierarchies.order_by("column")),
        "until": clock.of(version).open().filter(kind=Kind.MENDING).values_list("due_at", flat=True).first(),
        "candidates": shown,
        "earlier": [one for one in recipes if one not in shown],
        **_compared([one for one in shown if one.figures]),
        **_found(shown),
        "applied": AppliedRecipe.objects.filter(recipe__version=version).select_related("recipe", "by").order_by("pk"),
    }


def _shown(recipes: list[Recipe], failed: Any) -> list[Recipe]:
    """Those of the newest search for the present file; once the file is mended, the one that was applied."""
    if failed is None:
        return [one for one in recipes if hasattr(one, "applied")][:1]
    of_file = [one for one in recipes if one.assessment_id == failed.pk]
    return [one for one in of_file if one.job_id == of_file[0].job_id]


def _found(shown: list[Recipe]) -> dict[str, Any]:
    """Why each column is where it is, in the recipe of least loss; and what is in the way where there is none."""
    best = next((one for one in shown if one.suggestion.get("why")), None)
    written = [one for one in shown if one.origin == "written"]
    if best is None:
        steps = [step_sentence(step) for one in written for step in one.document["steps"]]
        return {"why": [], "steps": steps, "missed": None}
    missed = None if best.reaches else {**best.suggestion, "chosen": best.document is not None}
    last = [step for step in (best.document or {"steps": []})["steps"] if step["do"] == "suppress"]
    rows = [_why(row) for row in best.suggestion["why"]]
    return {"why": rows, "steps": [step_sentence(step) for step in last], "missed": missed}


def _why(row: dict[str, Any]) -> dict[str, Any]:
    step = row.get("step") or []
    steps = step if isinstance(step, list) else [step]
    return {**row, "text": why_sentence(row), "said": [step_sentence(one) for one in steps]}


# --- side by side ----------------------------------------------------------------------------------------------------

FIGURES: tuple[tuple[Any, Callable[[dict[str, Any]], Any]], ...] = (
    (gettext_lazy("Smallest group (k)"), lambda figures: figures["k"]),
    (gettext_lazy("Alone in their group"), lambda figures: _percent(figures["unique_share"])),
    (gettext_lazy("Groups"), lambda figures: figures["classes"]),
    (gettext_lazy("Discernibility (smaller is finer)"), lambda figures: figures["discernibility"]),
)


def _compared(tried: list[Recipe]) -> dict[str, Any]:
    """Rows (label, cells) over the file as it is and every recipe tried; the histogram; the loss of each column."""
    if not tried:
        return {"head": [], "figures": [], "bands": [], "losses": []}
    before, afters = tried[0].figures["before"], [one.figures["after"] for one in tried]
    sides = [before, *afters]
    return {
        "head": [str(one) for one in tried],
        "figures": [_records_row(tried), *_figure_rows(sides), *_sensitive_rows(sides), _loss_row(tried)],
        "bands": _bands(sides),
        "losses": _losses(tried),
    }


def _records_row(tried: list[Recipe]) -> tuple[Any, list[Any]]:
    """Of counts, which have no other figure, too: how many groups are left."""
    return _("Records"), [tried[0].figures["rows_in"], *(one.figures["rows_out"] for one in tried)]


def _figure_rows(sides: list[Any]) -> list[tuple[Any, list[Any]]]:
    return [(label, [_said(side and value(side)) for side in sides]) for label, value in FIGURES]


def _sensitive_rows(sides: list[Any]) -> list[tuple[Any, list[Any]]]:
    rows = []
    for key, label in (("l_distinct", _("l-diversity of %(column)s")), ("t", _("t-closeness of %(column)s"))):
        for column in sides[0][key] or {}:
            cells = [(side or {}).get(key, {}) or {} for side in sides]
            rows.append((label % {"column": column}, [_said(cell.get(column)) for cell in cells]))
    return rows


def _loss_row(tried: list[Recipe]) -> tuple[Any, list[Any]]:
    lost = [one.suggestion.get("loss") for one in tried]
    return _("Information lost (quasi-identifiers)"), ["–", *("–" if loss is None else _percent(loss) for loss in lost)]


def _bands(sides: list[Any]) -> list[dict[str, Any]]:
    """Of each band of group sizes, how many records lie in it on each side, with a bar's width."""
    counts = [{band["from"]: band for band in side["histogram"]} if side else {} for side in sides]
    starts = sorted({start for side in counts for start in side})
    most = max((band["rows"] for side in counts for band in side.values()), default=0) or 1
    rows = []
    for start in starts:
        cells = [side.get(start, {"rows": 0, "classes": 0}) for side in counts]
        until = next(side[start]["until"] for side in counts if start in side)
        bars = [{**cell, "width": max(1, round(WIDTH * cell["rows"] / most)) if cell["rows"] else 0} for cell in cells]
        rows.append({"label": _band_label(start, until), "cells": bars})
    return rows


def _band_label(start: int, until: int | None) -> str:
    if until is None:
        return f"{start}+"
    return str(start) if until == start else f"{start}–{until}"


def _losses(tried: list[Recipe]) -> list[tuple[str, list[str]]]:
    """The loss of each column under each recipe; a surrogate's and an aggregate's cannot be said."""
    by_recipe: Iterable[dict[str, Any]] = [
        {row["column"]: row["loss"] for row in one.figures["losses"]} for one in tried
    ]
    names = [row["column"] for row in tried[0].figures["losses"]]
    return [(name, ["–" if (loss := one.get(name)) is None else _percent(loss) for one in by_recipe]) for name in names]


def _said(value: Any) -> Any:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
