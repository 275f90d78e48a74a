"""Input of the pages that keep a party's credentials."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.models import Party, Scope
from accounts.operations.credential import MOST_OVERLAP_HOURS
from marketplace.clock.working_days import SHANGHAI


class CreateCredentialForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Which system will use it."))
    responsible = forms.ModelChoiceField(
        queryset=None, label=_("Responsible person"), empty_label=None,
        help_text=_("The system reads what this person may see of the party's affairs."),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    expires_at = forms.DateField(
        label=_("Valid until"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("At most two years.")
    )

    def __init__(self, *args: Any, party: Party, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsible"].queryset = queries.people_of(party, at)  # type: ignore[attr-defined]

    def clean_expires_at(self) -> datetime:
        """The end of that day."""
        return datetime.combine(self.cleaned_data["expires_at"], time.max, tzinfo=SHANGHAI)


class RotateCredentialForm(forms.Form):
    overlap_hours = forms.IntegerField(
        label=_("The old key works on for (hours)"), min_value=0, max_value=MOST_OVERLAP_HOURS, initial=24
    )


class RevokeCredentialForm(forms.Form):
    """Nothing to say: the button is the act."""
