"""Input of the caution's verbs, the same for every face."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from listings.models import Purpose
from marketplace.supervision.caution import Caution
from marketplace.supervision.queries import cautionable
from marketplace.verbs import VerbForm, model_fields


class CautionForm(VerbForm):
    """About whom, for which of its cases, on which article, why, until when."""

    about = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("About"))
    field_order = ("about", "scope", "purpose", "region", "nature", "article", "reason", "ends")

    def prepare(self) -> None:
        names = ("scope", "purpose", "region", "nature", "article", "reason", "ends")
        self.fields.update(model_fields(Caution, names))
        self._choose("about", cautionable(self.target, self.at))
        self._choose("purpose", Purpose.objects.offered().order_by("pk"))
        self.fields["purpose"].help_text = _("Only for “one purpose”.")
        self.fields["region"].help_text = _("Only for “one region”: cases that its authority decides.")
        self.fields["nature"].help_text = _("Only for “one kind of data”.")
        self.fields["reason"].help_text = _("Told to the party, and shown to whoever decides its cases.")
        self.fields["ends"].help_text = _("At most three years from now. It is over by itself after this day.")
        self.order_fields(self.field_order)

    def _choose(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]
