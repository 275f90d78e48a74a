"""A recipe's steps, and why a column is where it is, as sentences in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listings.deidentification.reasons import shown
from listings.models import Hierarchy, ProcessingStep, Recipe, Version
from listings.queries import failed_assessment

SAMPLED = 3  # labels of a level that are shown of a hierarchy of the seller's
LEVELS = {
    "region": (gettext_lazy("city"), gettext_lazy("province")),
    "date": (gettext_lazy("month"), gettext_lazy("quarter"), gettext_lazy("year"), gettext_lazy("decade")),
    "age": (
        gettext_lazy("bands of 5 years"),
        gettext_lazy("bands of 10 years"),
        gettext_lazy("bands of 20 years"),
        gettext_lazy("bands of 40 years"),
    ),
}

KINDS_OF_STEPS = (
    ("drop", gettext_lazy("take the column out")),
    ("mask", gettext_lazy("mask: some characters at both ends stay")),
    ("truncate", gettext_lazy("shorten: the first characters stay")),
    ("band", gettext_lazy("numbers into bands")),
    ("top_code", gettext_lazy("top-code: nothing is larger than")),
    ("bottom_code", gettext_lazy("bottom-code: nothing is smaller than")),
    ("surrogate", gettext_lazy("random surrogates, without a key")),
)
TREES = {
    "region": gettext_lazy("coarser: region (1 city, 2 province)"),
    "date": gettext_lazy("coarser: date (1 month, 2 quarter, 3 year, 4 decade)"),
    "age": gettext_lazy("coarser: age (1 to 4: bands of 5, 10, 20, 40 years)"),
    "education": gettext_lazy("coarser: education (1 stage)"),
    "occupation": gettext_lazy("coarser: occupation (1 major group, 2 kind of work)"),
    "postcode": gettext_lazy("coarser: postcode (1 to 3: four, three, two digits)"),
}


def step_sentence(step: Mapping[str, Any]) -> str:
    """What one step does, {do, …parameters}."""
    column = shown(str(step.get("column", "")))
    write = _SENTENCES[step["do"]]
    return write(column, step)


def of_step(row: ProcessingStep) -> str:
    """A recorded processing step that a recipe took; empty for any other."""
    return step_sentence({"do": row.facts["do"], **row.facts["parameters"]}) if row.facts else ""


def why_sentence(row: Mapping[str, Any]) -> str:
    """Why something is done to a column: `reason` of the engine's `why`; empty where it is a kind of identifier."""
    return str(_WHY.get(row["reason"], ""))


def levels_of(version: Version) -> dict[str, list[str]]:
    """What each level of a column of the failed file does: by the seller's own hierarchy, else as the newest search
    found it; a column that no search saw is left out."""
    own = {one.column: one for one in version.hierarchies.all()}
    searched = {} if (last := last_search(version)) is None else _searched(last)
    return searched | {name: _own_levels(one) for name, one in own.items()}


def last_search(version: Version) -> Recipe | None:
    """The best that the newest search for the present file found, with what it was asked for."""
    of_file = version.recipes.filter(assessment=failed_assessment(version)).exclude(suggestion={})
    return of_file.order_by("-job_id", "number").first()


def _searched(last: Recipe) -> dict[str, list[str]]:
    """Levels that were left out of the search, or that went by a hierarchy of the seller's, have a number only."""
    found = {}
    for row in last.suggestion.get("why", []):
        if "levels" in row and row["column"] not in last.bounds.get("hierarchies", {}):
            said = {rung["level"]: step_sentence(rung["step"]) for rung in row.get("rungs", [])}
            found[row["column"]] = [said.get(n, _("as the search has it")) for n in range(1, row["levels"])]
    return found


def _own_levels(one: Hierarchy) -> list[str]:
    """The first labels of each level."""
    levels = []
    for level in range(1, one.height + 1):
        labels = list(dict.fromkeys(row[level] for row in one.rows))
        levels.append(", ".join(label[:20] for label in labels[:SAMPLED]) + (" …" if len(labels) > SAMPLED else ""))
    return levels


def _generalise(column: str, step: Mapping[str, Any]) -> str:
    words, level = {"column": column, "level": step["level"]}, step["level"]
    names = LEVELS.get(step["hierarchy"], ())
    if level <= len(names):
        return _("“%(column)s”: coarser, to %(unit)s") % {**words, "unit": names[level - 1]}
    return _("“%(column)s”: coarser, by %(level)s levels of its hierarchy") % words


def _band(column: str, step: Mapping[str, Any]) -> str:
    if "width" in step:
        return _("“%(column)s”: bands of width %(width)s") % {"column": column, "width": step["width"]}
    return _("“%(column)s”: bands that begin at %(edges)s") % {
        "column": column, "edges": ", ".join(map(str, step["edges"][:20])),
    }  # fmt: skip


def _mask(column: str, step: Mapping[str, Any]) -> str:
    words = {"column": column, "first": step.get("keep_first", 0), "last": step.get("keep_last", 0)}
    return _("“%(column)s”: masked but for the first %(first)s and the last %(last)s characters") % words


def _truncate(column: str, step: Mapping[str, Any]) -> str:
    words = {"column": column, "length": step["length"]}
    return _("“%(column)s”: only the first %(length)s characters stay") % words


def _suppress(column: str, step: Mapping[str, Any]) -> str:
    words = {"k": step["k"], "columns": _names(step["columns"])}
    if "l" in step or "t" in step:
        return _("Records are taken out whose group in %(columns)s is smaller than %(k)s or not diverse enough") % words
    return _("Records are taken out whose group in %(columns)s is smaller than %(k)s") % words


def _aggregate(column: str, step: Mapping[str, Any]) -> str:
    words = {"columns": _names(step["by"]), "k": step["minimum"]}
    return _("Records become groups by %(columns)s, of at least %(k)s") % words


def _names(columns: list[str]) -> str:
    return ", ".join(shown(name) for name in columns)


_SENTENCES: dict[str, Any] = {
    "drop": lambda column, step: _("“%(column)s” is taken out") % {"column": column},
    "mask": _mask,
    "truncate": _truncate,
    "generalise": _generalise,
    "band": _band,
    "top_code": lambda column, step: _("“%(column)s”: at most %(at)s") % {"column": column, "at": step["at"]},
    "bottom_code": lambda column, step: _("“%(column)s”: at least %(at)s") % {"column": column, "at": step["at"]},
    "surrogate": lambda column, step: _("“%(column)s”: random surrogates, whose key nobody keeps") % {"column": column},
    "suppress": _suppress,
    "aggregate": _aggregate,
}  # fmt: skip

_WHY = {
    "subject": gettext_lazy("It says whose record it is."),
    "identifier": gettext_lazy("It identifies persons, can be turned back, or you asked for it to go."),
    "quasi_identifier": gettext_lazy("Together with other columns it tells people apart."),
    "too_many_columns": gettext_lazy("More columns than the search can weigh: it has the most different values."),
}
