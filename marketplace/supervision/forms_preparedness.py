"""Input about emergency plans and what is exercised."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from marketplace.clock.working_days import local_date
from marketplace.supervision.forms_period import a_day
from marketplace.supervision.preparedness import ExerciseKind
from marketplace.verbs import VerbForm


def text(label: Any, rows: int = 4) -> forms.CharField:
    return forms.CharField(label=label, max_length=4000, widget=forms.Textarea(attrs={"rows": rows}))


class DraftPlanForm(forms.Form):
    """For which of one's units; the document itself is added to the draft."""

    unit = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Unit"))
    title = forms.CharField(max_length=200, label=_("Title"))
    contact = forms.CharField(max_length=200, label=_("Who is called, day and night"))
    covers = text(_("What it covers: data, systems, roles"))

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.initial |= {"unit": units.first()}


class AdoptPlanForm(VerbForm):
    adopted_on = a_day(_("Adopted on"))

    def prepare(self) -> None:
        self.initial["adopted_on"] = local_date(self.at)


class RecordExerciseForm(VerbForm):
    kind = forms.ChoiceField(choices=ExerciseKind.choices, label=_("Kind"))
    day = a_day(_("Day"))
    people = forms.IntegerField(min_value=1, max_value=1_000_000, label=_("People who took part"))
    scenario = text(_("What was tried or looked at"))
    lessons = text(_("What was found, and what changes"))

    def prepare(self) -> None:
        self.initial["day"] = local_date(self.at)
