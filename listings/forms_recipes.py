"""Input of the verbs that mend a file, the same for every face."""

import json
import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings import forms_steps as steps
from listings.deidentification.recipe import own
from listings.models import Recipe, Version
from listings.queries import failed_assessment, quasi_identifiers_of
from listings.recipe_words import last_search, levels_of
from marketplace.errors import InvalidState
from marketplace.verbs import VerbForm

DROP, EXACTLY = "drop", "="
LONGEST = 1_000_000  # characters of a recipe


def recipes_for(version: Version) -> QuerySet[Recipe]:
    """What can be applied to the file that failed, the newest search first."""
    failed = failed_assessment(version)
    recipes = Recipe.objects.filter(version=version, assessment=failed, document__isnull=False)
    return recipes.order_by("-job_id", "number") if failed else recipes.none()


class SuggestRecipeForm(VerbForm):
    """How much may go: of the records, and of each quasi-identifier."""

    suppression = forms.FloatField(
        label=_("At most this many per cent of the records are taken out"), min_value=0, max_value=50, initial=2,
        required=False, widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text=_("Records that stand out are taken out where that loses less than coarser values for all."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.columns = quasi_identifiers_of(self.target)
        levels = levels_of(self.target) if self.columns else {}
        for place, name in enumerate(self.columns):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name,
                required=False,
                choices=[("", _("as coarse as the search finds best")), *_bounds(levels.get(name, []))],
            )
        self._begin_where_the_last_search_was()

    def _begin_where_the_last_search_was(self) -> None:
        """To adjust is to change one thing and leave the rest."""
        last = last_search(self.target) if self.columns else None
        if last is None:
            return
        self.initial["suppression"] = round(100 * last.bounds.get("suppression", 0.02), 6)
        chosen = {name: str(level) for name, level in last.bounds.get("at_most", {}).items()}
        chosen |= {name: f"{EXACTLY}{level}" for name, level in last.bounds.get("exactly", {}).items()}
        chosen |= dict.fromkeys(last.bounds.get("drop", []), DROP)
        self.initial |= {f"column_{place}": chosen.get(name, "") for place, name in enumerate(self.columns)}

    def clean(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(f"column_{place}") or "" for place, name in enumerate(self.columns)}
        share = self.cleaned_data.get("suppression")
        return {
            "suppression": 0.02 if share is None else share / 100,
            "at_most": {name: int(bound) for name, bound in given.items() if bound.isdigit()},
            "exactly": {name: int(bound[1:]) for name, bound in given.items() if bound.startswith(EXACTLY)},
            "drop": tuple(name for name, bound in given.items() if bound == DROP),
        }


def _bounds(levels: list[str]) -> list[tuple[str, Any]]:
    """The choices for a column: `levels` says of each level what it does."""
    count = len(levels) + 1
    numbered = list(enumerate(levels, start=1))
    at_most = [(str(n), _("at most level %(n)s of %(levels)s") % {"n": n, "levels": count}) for n, _what in numbered]
    exactly = [(f"{EXACTLY}{n}", _("exactly level %(n)s – %(what)s") % {"n": n, "what": what}) for n, what in numbered]
    return [("0", _("leave it as it is")), *exactly, *at_most, (DROP, _("drop the column"))]


class BringHierarchyForm(VerbForm):
    """What stands above each value of a column, as the seller knows it."""

    column = forms.ChoiceField(label=_("Column"))
    hierarchy = forms.FileField(
        label=_("Hierarchy (CSV)"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_(
            "A row for each value: the value; level 1; level 2; … – each level coarser than the one before (UTF-8 or "
            "GB 18030, at most 4 MiB and 100,000 rows). A value that is not in it becomes “*”."
        ),
    )  # fmt: skip
    take_back = forms.BooleanField(
        label=_("Take back the hierarchy that I brought for this column"), required=False
    )  # fmt: skip

    def prepare(self) -> None:
        self.fields["column"].choices = [(name, name) for name in quasi_identifiers_of(self.target)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """One of the two: a file, or none and that it is taken back."""
        if failed_assessment(self.target) is None:
            raise InvalidState(gettext("The draft has no file that failed."))
        file, takes_back = self.cleaned_data.get("hierarchy"), self.cleaned_data.get("take_back")
        if "hierarchy" not in self.errors and bool(file) == bool(takes_back):
            self.add_error("hierarchy", gettext("Choose a file, or take back the one you brought."))
        content = file.read(own.MOST_BYTES + 1) if file else None
        return {"column": self.cleaned_data.get("column", ""), "content": content}


class RecipeField(forms.ModelChoiceField):
    """Recipes by number, with where each is from and whether the file would fail again."""

    def label_from_instance(self, obj: Recipe) -> str:
        said = f"{obj} – {obj.get_origin_display()}"
        return said if obj.reaches else f"{said} – {gettext('the file would fail again')}"


class ApplyRecipeForm(VerbForm):
    recipe = RecipeField(queryset=Recipe.objects.none(), label=_("Recipe"), empty_label=None)

    def prepare(self) -> None:
        self.fields["recipe"].queryset = recipes_for(self.target)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Without a file that failed there is nothing to choose from: a refusal of the state, not of the input."""
        if failed_assessment(self.target) is None:
            raise InvalidState(gettext("The draft has no file that failed."))
        return self.cleaned_data


class TryRecipeForm(VerbForm):
    """Steps in their order, beginning with those of the newest recipe; or a whole recipe as JSON."""

    recipe = forms.CharField(
        label=_("Recipe (JSON)"), max_length=LONGEST, required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "Where there is one, it counts and the steps above do not. Download one that was found, and change it. It "
            "may bring hierarchies of its own."
        ),
    )  # fmt: skip

    def prepare(self) -> None:
        version = self.target
        begun = steps.begin_with(version, recipes_for(version).first() if version.pk else None)
        self.trees = steps.trees_for(version, begun)
        self.rows = self._add_rows(steps.rows_of(begun))
        self.fields |= steps.group_fields(version)
        self.initial |= steps.groups_of(begun)
        self.fields["recipe"] = self.fields.pop("recipe")  # last

    def _add_rows(self, begun: list[dict[str, str]]) -> int:
        """Rows for the steps there are and some more; as many as were sent, where the page was sent."""
        sent = sum(re.fullmatch(r"do_[0-9]{1,3}", name) is not None for name in self.data)
        count = min(max(len(begun) + steps.BLANK, sent), steps.MOST_ROWS)
        columns = (
            list(self.target.columns.order_by("position").values_list("name", flat=True)) if self.target.pk else []
        )
        made = steps.step_fields(columns, self.trees)
        for place in range(count):
            self.fields |= {f"{name}_{place}": make() for name, make in made.items()}
        for place, row in enumerate(begun):
            self.initial |= {f"{name}_{place}": value for name, value in row.items()}
        return count

    def sections(self) -> list[dict[str, Any]]:
        """What the page shows together: a step in a row, what is done with groups, the recipe as JSON."""
        rows = [
            {
                "legend": _("Step %(number)s") % {"number": place + 1},
                "fields": [self[f"{name}_{place}"] for name in ("do", "column", "how")],
                "beside": True,
            }
            for place in range(self.rows)
        ]
        grouped = [self[name] for name in ("smallest", "group_by", "sums", "means", "fewest")]
        last = {"legend": _("Last: groups of records"), "fields": grouped}
        return [*rows, last, {"legend": _("Or all at once"), "fields": [self["recipe"]]}]

    def hint(self) -> Any:
        return _(
            "Steps are taken in their order; empty ones are left out. “How” says: for a mask, how many characters stay "
            "at the beginning and at the end (3 4); for shortening, how many stay (4); for coarser values, how many "
            "levels up (1); for bands, how wide (10) or where each begins (18 35 60); for a bound, the number or the "
            "date (90, 1940-01-01)."
        )

    def clean(self) -> dict[str, Any]:
        if failed_assessment(self.target) is None:
            raise InvalidState(gettext("The draft has no file that failed."))
        if self.cleaned_data.get("recipe") or self.errors:
            return {"recipe": self.cleaned_data.get("recipe", "")}
        taken = [step for place in range(self.rows) if (step := self._step(place))]
        if self.errors:
            return {}
        taken += steps.last_steps(self.target, taken, self.cleaned_data)
        if not taken:
            self.add_error("recipe", gettext("Choose at least one step."))
        used = {step["hierarchy"] for step in taken if "hierarchy" in step}
        own = {name: rows for name, rows in self.trees.items() if name in used}
        document = {"recipe": 1, "steps": taken, **({"hierarchies": own} if own else {})}
        return {"recipe": json.dumps(document, ensure_ascii=False)}

    def _step(self, place: int) -> dict[str, Any] | None:
        do, column, how = (self.cleaned_data.get(f"{name}_{place}", "") for name in ("do", "column", "how"))
        if not do:
            return None
        if not column:
            self.add_error(f"column_{place}", gettext("Which column?"))
            return None
        try:
            step = steps.read_row(do, column, how)
            steps.check_row(step, self.trees)
        except steps.Malformed as error:
            self.add_error(f"how_{place}", str(error))
            return None
        return step
