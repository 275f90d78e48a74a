"""Input of who asks for a review, and of who decides it, the same for every face."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from listings.models import ReleaseRule, Version
from marketplace.applications.models import Application, Grant, GrantEdition, Item
from marketplace.remedies import Decider
from marketplace.supervision.caution import Caution
from marketplace.supervision.models import Measure
from marketplace.supervision.permissions import reviewing_party
from marketplace.supervision.review import ABOUT
from marketplace.verbs import RefusalForm, RowsField


class LodgeReviewForm(forms.Form):
    text = forms.CharField(
        label=_("Why the decision should be reviewed"), max_length=8000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What is wrong with it: facts, law, or measure. You add files once it is lodged."),
    )  # fmt: skip


class LodgeReviewOfForm(LodgeReviewForm):
    """Of partners' systems: exactly one of what can be reviewed is named."""

    measure = forms.ModelChoiceField(label=_("Order"), queryset=Measure.objects.none(), required=False)
    item = forms.ModelChoiceField(label=_("Item"), queryset=Item.objects.none(), required=False)
    application = forms.ModelChoiceField(label=_("Application"), queryset=Application.objects.none(), required=False)
    version = forms.ModelChoiceField(label=_("Version"), queryset=Version.objects.none(), required=False)
    caution = forms.ModelChoiceField(label=_("Caution"), queryset=Caution.objects.none(), required=False)
    rule = forms.ModelChoiceField(label=_("Release rule"), queryset=ReleaseRule.objects.none(), required=False)
    edition = forms.ModelChoiceField(label=_("Change"), queryset=GrantEdition.objects.none(), required=False)
    grant = forms.ModelChoiceField(label=_("Grant"), queryset=Grant.objects.none(), required=False)
    registration = forms.ModelChoiceField(label=_("Party"), queryset=Party.objects.none(), required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ABOUT:
            field: Any = self.fields[name]
            field.queryset = field.queryset.model.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        named = [subject for name in ABOUT if (subject := said.pop(name, None))]
        if len(named) != 1 and not self.errors:
            raise forms.ValidationError(_("Name one decision: exactly one of the fields beside the text."))
        return {**said, "subject": named[0] if named else None}


class UpholdForm(RefusalForm):
    def decider(self) -> Decider:
        """Of what the platform decided its own people review it, or the authority's."""
        by = reviewing_party(self.actor, self.target, self.at)
        return Decider.PLATFORM if by == self.target.reviewer else Decider.AUTHORITY


class VaryForm(UpholdForm):
    """What changes of an order; of a refusal the reasons say what the new decision has to heed."""

    days = forms.IntegerField(
        label=_("Working days to correct, from today"), min_value=1, max_value=250, required=False
    )
    free = RowsField(
        label=_("Grants that it holds no longer"), queryset=Grant.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    field_order = ("days", "free", "reason", "remedy")

    def prepare(self) -> None:
        super().prepare()
        if self.target.measure_id is None:
            del self.fields["days"], self.fields["free"]
            return
        held = Grant.objects.filter(measures__measure=self.target.measure_id, measures__outcome="").order_by("pk")
        self.fields["free"].queryset = held.select_related("product")  # type: ignore[attr-defined]
