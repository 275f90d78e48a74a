"""Input of the verbs that mend a file, the same for every face."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings.models import Recipe, Version
from listings.queries import failed_assessment
from marketplace.errors import InvalidState
from marketplace.verbs import VerbForm

DROP = "drop"
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
        failed = failed_assessment(self.target)
        measured = (failed.report.get("with_suggested") or failed.report) if failed else {}
        self.columns: list[str] = measured.get("quasi_identifiers", [])
        levels = self._levels(failed)
        for place, name in enumerate(self.columns):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=name,
                required=False,
                choices=[("", _("as coarse as the search finds best")), *_bounds(levels.get(name, 0))],
            )

    def _levels(self, failed: Any) -> dict[str, int]:
        """How many levels each column has, as the last search saw them."""
        if failed is None:
            return {}
        last = Recipe.objects.filter(assessment=failed).exclude(suggestion={}).order_by("-job_id", "number").first()
        why = last.suggestion.get("why", []) if last else []
        return {row["column"]: row["levels"] for row in why if "levels" in row}

    def clean(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(f"column_{place}") for place, name in enumerate(self.columns)}
        share = self.cleaned_data.get("suppression")
        return {
            "suppression": 0.02 if share is None else share / 100,
            "at_most": {name: int(bound) for name, bound in given.items() if bound and bound != DROP},
            "drop": tuple(name for name, bound in given.items() if bound == DROP),
        }


def _bounds(levels: int) -> list[tuple[str, Any]]:
    between = [(str(n), _("at most level %(n)s of %(levels)s") % {"n": n, "levels": levels}) for n in range(1, levels)]
    return [("0", _("leave it as it is")), *between, (DROP, _("drop the column"))]


class ApplyRecipeForm(VerbForm):
    recipe = forms.ModelChoiceField(queryset=Recipe.objects.none(), label=_("Recipe"), empty_label=None)

    def prepare(self) -> None:
        self.fields["recipe"].queryset = recipes_for(self.target)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Without a file that failed there is nothing to choose from: a refusal of the state, not of the input."""
        if failed_assessment(self.target) is None:
            raise InvalidState(gettext("The draft has no file that failed."))
        return self.cleaned_data


class TryRecipeForm(VerbForm):
    recipe = forms.CharField(
        label=_("Recipe (JSON)"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=_("Download one that was found, and change it. It may bring hierarchies of its own."),
    )  # fmt: skip
