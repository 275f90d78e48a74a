"""Form fields of the terms of a grant, asked for at its approval and at a change."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LinkageReasonField(forms.CharField):
    """Why an approval may be given though the buyer's data singles people out together (Art. 35)."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Reason in view of what the data reveals together"), max_length=4000, required=False,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_(
                "Needed where two data sets of the buyer single people out together or could not be measured. Before "
                "you approve you can also have an expert assess the case."
            ),
        )  # fmt: skip


class QuotaField(forms.IntegerField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Downloads in a calendar month, at most"), required=False, min_value=1, max_value=100_000,
            help_text=_("Left empty: no limit."),
        )  # fmt: skip


class HoursField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Handed over only at these hours"), required=False, max_length=20,
            help_text=_("As 08:00-20:00, by the clock of Beijing. Left empty: at any time."),
        )  # fmt: skip


class NetworksField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Handed over only to these networks"), required=False, max_length=4000,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("One address or network on a line, as 203.0.113.0/24. Left empty: anywhere."),
        )  # fmt: skip
