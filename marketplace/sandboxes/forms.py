"""Input of the API for sandboxes."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.sandboxes.operations import after_working_days


class TimeForm(forms.Form):
    """How far time moves: so many working days, or until a moment. One of the two."""

    working_days = forms.IntegerField(label=_("Working days"), required=False, min_value=1, max_value=250)
    until = forms.DateTimeField(label=_("Until"), required=False, input_formats=["%Y-%m-%dT%H:%M:%S%z"])

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at

    def clean(self) -> dict[str, Any]:
        days, until = self.cleaned_data.get("working_days"), self.cleaned_data.get("until")
        if not self.errors and (days is None) == (until is None):
            raise forms.ValidationError(_("Give either working days or a moment with its zone."))
        return {"until": until or after_working_days(self.at, days)} if not self.errors else self.cleaned_data
