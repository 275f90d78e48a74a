"""Input after the order: what the party says and shows, and what whoever signed asks for on top."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.supervision.operations.correction import own_days
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from marketplace.verbs import ReasonForm, VerbForm


class TextForm(VerbForm):
    text = forms.CharField(label=_("Statement"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}))


class StatementForm(TextForm):
    refuses = forms.BooleanField(label=_("We will not correct this."), required=False)


class AskForMoreForm(ReasonForm):
    """New time is asked for where the party has none left; else its time goes on."""

    days = forms.IntegerField(
        label=_("New working days to correct, from today"), min_value=LEAST_DAYS, max_value=MOST_DAYS, required=False,
        help_text=_("Its time to correct is over. Left empty: as many as it had."),
    )  # fmt: skip
    field_order = ("days", "reason")

    def prepare(self) -> None:
        if not self.target.pk:
            return
        if clock.has_run_out(self.target, Kind.CORRECTION, self.at):
            self.initial["days"] = own_days(self.target)
        else:
            del self.fields["days"]
