"""A recipe put together step by step: what is chosen on the page, read into the document that the engine takes."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings import reasons
from listings.deidentification.reasons import Refused as EngineRefused
from listings.models import ColumnRole, Recipe, Version
from listings.operations.assessment import MODE
from listings.queries import failed_assessment
from listings.recipe_words import KINDS_OF_STEPS, TREES

BLANK = 3  # rows beyond those of the recipe that one begins with
MOST_ROWS = 200
MOST_CHOICES = 40_000  # of columns in all rows; beyond, one begins with nothing
GENERALISE = "generalise:"
NUMBERS = ("integer", "decimal")
OVER_GROUPS = ("suppress", "aggregate")

Document = dict[str, Any]


class Malformed(Exception):
    """What was typed beside a step cannot be read; the text says what is asked for."""


def begin_with(version: Version, recipe: Recipe | None) -> Document:
    """The document of the newest recipe for the failed file, to be changed; an empty one where it is too long."""
    empty: Document = {"steps": []}
    if recipe is None or recipe.document is None:
        return empty
    rows = len(recipe.document["steps"]) + BLANK
    fits = rows <= MOST_ROWS and rows * version.columns.count() <= MOST_CHOICES
    return recipe.document if fits else empty


def trees_for(version: Version, document: Document) -> dict[str, Any]:
    """The hierarchies that are not built in, by name: those of the recipe, and what the seller brought, by column."""
    brought = {one.column: one.rows for one in version.hierarchies.all()} if version.pk else {}
    return {**document.get("hierarchies", {}), **brought}


def rows_of(document: Document) -> list[dict[str, str]]:
    """The steps that change one column, as the form's fields have them."""
    steps = [step for step in document["steps"] if step["do"] not in OVER_GROUPS]
    return [{"do": _kind_of(step), "column": step["column"], "how": _how_of(step)} for step in steps]


def _kind_of(step: Mapping[str, Any]) -> str:
    return GENERALISE + step["hierarchy"] if step["do"] == "generalise" else step["do"]


def _how_of(step: Mapping[str, Any]) -> str:
    if step["do"] == "mask":
        return f"{step.get('keep_first', 0)} {step.get('keep_last', 0)}"
    if "edges" in step:
        return " ".join(map(str, step["edges"]))
    return str(next((step[name] for name in ("length", "level", "width", "at") if name in step), ""))


def step_fields(columns: list[str], trees: Mapping[str, Any]) -> dict[str, Callable[[], forms.Field]]:
    """The three fields of a row: what is done, to which column, and how."""
    kinds = [("", "–"), *KINDS_OF_STEPS, *((GENERALISE + name, label) for name, label in TREES.items())]
    kinds += [(GENERALISE + name, _("coarser, by the hierarchy “%(name)s”") % {"name": name}) for name in trees]
    named = [("", "–"), *((name, name) for name in columns)]
    return {
        "do": lambda: forms.ChoiceField(label=_("What is done"), choices=kinds, required=False),
        "column": lambda: forms.ChoiceField(label=_("Column"), choices=named, required=False),
        "how": lambda: forms.CharField(label=_("How"), max_length=2_000, required=False),
    }


def group_fields(version: Version) -> dict[str, forms.Field]:
    """What is done with groups of records, last of all."""
    failed = failed_assessment(version) if version.pk else None
    columns = [(one.name, one.type, one.role) for one in version.columns.order_by("position")] if failed else []
    names = [(name, name) for name, _type, role in columns if role != ColumnRole.SUBJECT]
    numbers = [(name, name) for name, kind, _role in columns if kind in NUMBERS]
    k = settings.RISK_RULES.required_k(MODE)
    return {
        "smallest": forms.IntegerField(
            label=_("Take out records whose group is smaller than"), min_value=2, max_value=1_000_000, required=False,
            help_text=_(
                "Groups look alike in the quasi-identifiers. Where columns are sensitive, groups that are not diverse "
                "enough go too. Empty: none goes."
            ),
        ),
        "group_by": _ticks(_("Only counts, by these columns"), names),
        "sums": _ticks(_("and sums of"), numbers),
        "means": _ticks(_("and means of"), numbers),
        "fewest": forms.IntegerField(
            label=_("Leave out groups of counts smaller than"), min_value=1, max_value=1_000_000, required=False,
            initial=k,
        ),
    }  # fmt: skip


def _ticks(label: Any, choices: list[tuple[str, str]]) -> forms.Field:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip


def groups_of(document: Document) -> dict[str, Any]:
    """The last steps of a recipe, as the form's fields have them."""
    found: dict[str, Any] = {}
    for step in document["steps"]:
        if step["do"] == "suppress":
            found["smallest"] = step["k"]
        elif step["do"] == "aggregate":
            measured = {
                name: [one["column"] for one in step["measures"] if one["function"] == name] for name in MEASURES
            }
            found |= {"group_by": step["by"], "fewest": step["minimum"]}
            found |= {field: measured[name] for name, field in MEASURES.items()}
    return found


MEASURES = {"sum": "sums", "mean": "means"}


# --- what was chosen, as steps ---------------------------------------------------------------------------------------


def read_row(do: str, column: str, how: str) -> Document:
    """One step. Malformed with what is asked for beside it."""
    kind, _colon, hierarchy = do.partition(":")
    words = [word for word in re.split(r"[\s,;、]+", unicodedata.normalize("NFKC", how).strip()) if word]
    step = {"do": kind, "column": column}
    if kind == "generalise":
        step["hierarchy"] = hierarchy
    return step | _HOW[kind](words)


def check_row(step: Document, trees: Mapping[str, Any]) -> None:
    """Malformed where the engine would refuse the step, with its sentence."""
    from listings.deidentification.recipe import document  # DuckDB: not for every process

    own = {name: rows for name, rows in trees.items() if name == step.get("hierarchy")}
    try:
        document.read({"recipe": 1, "steps": [step], "hierarchies": own})
    except EngineRefused as error:
        raise Malformed(reasons.sentence(error.code, error.params)) from error


def last_steps(version: Version, steps: list[Document], given: Mapping[str, Any]) -> Iterator[Document]:
    """Records taken out and groups counted, over the columns that are still there."""
    failed = failed_assessment(version)
    assert failed is not None
    gone = {step["column"] for step in steps if step["do"] == "drop"}
    measured = failed.report.get("with_suggested") or failed.report
    subject = {"subject": measured["subject"]} if measured["subject"] and measured["subject"] not in gone else {}
    quasi = [name for name in measured["quasi_identifiers"] if name not in gone]
    if given["smallest"] and quasi:
        sensitive = [name for name in failed.report["sensitive"] if name not in {*gone, *quasi}]
        rules = settings.RISK_RULES
        diverse = {"sensitive": sensitive, "l": rules.l, "t": rules.t} if sensitive else {}
        yield {"do": "suppress", "columns": quasi, "k": given["smallest"], **subject, **diverse}
    if given["group_by"]:
        measures: list[Document] = [{"function": "count"}]
        for function, field in MEASURES.items():
            measures += [{"function": function, "column": name} for name in given[field]]
        fewest = given["fewest"] or settings.RISK_RULES.required_k(MODE)
        yield {"do": "aggregate", "by": given["group_by"], "measures": measures, "minimum": fewest, **subject}


def _nothing(words: list[str]) -> Document:
    return {}


def _mask(words: list[str]) -> Document:
    if len(words) > 2 or not all(map(str.isdecimal, words)):
        raise Malformed(gettext("How many characters stay, at the beginning and at the end: “3 4”."))
    return dict(zip(("keep_first", "keep_last"), map(int, words), strict=False))


def _whole(name: str, sentence: Any) -> Callable[[list[str]], Document]:
    def read(words: list[str]) -> Document:
        if len(words) != 1 or not words[0].isdecimal():
            raise Malformed(str(sentence))
        return {name: int(words[0])}

    return read


def _band(words: list[str]) -> Document:
    try:
        numbers = [_number(word) for word in words]
    except ValueError:
        numbers = []
    if not numbers:
        raise Malformed(gettext("How wide the bands are: “10”; or where each begins: “18 35 60”."))
    return {"width": numbers[0]} if len(numbers) == 1 else {"edges": numbers}


def _bound(words: list[str]) -> Document:
    text = " ".join(words)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return {"at": text}
    try:
        return {"at": _number(text)}
    except ValueError:
        raise Malformed(gettext("The bound, a number or a date: “90” or “1940-01-01”.")) from None


def _number(word: str) -> int | float:
    number = float(word)
    return int(number) if number.is_integer() and "." not in word else number


_HOW: dict[str, Callable[[list[str]], Document]] = {
    "drop": _nothing,
    "surrogate": _nothing,
    "mask": _mask,
    "truncate": _whole("length", _("How many characters stay: “4”.")),
    "generalise": _whole("level", _("How many levels up: “1”.")),
    "band": _band,
    "top_code": _bound,
    "bottom_code": _bound,
}
