"""Input of the verbs of reports, findings, parties and precautions, the same for every face."""

from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, PartyKind, User, standing
from accounts.queries import people_of
from listings.models import Purpose
from listings.models.purposes import PurposeBoxes, split_purposes
from marketplace.applications.models import Hold, HoldCode, open_holds
from marketplace.supervision.models import Finding, ReportFiling
from marketplace.supervision.operations.recusal import party_in
from marketplace.supervision.queries import (
    metered_use,
)
from marketplace.supervision.states import FindingState
from marketplace.verbs import ReasonForm, VerbForm, model_fields


class HoldField(forms.ModelChoiceField):
    """Holds of one grant, by when and why each was opened."""

    def label_from_instance(self, hold: Any) -> str:
        return f"{localtime(hold.opened_at):%Y-%m-%d %H:%M} {hold.reason}"


class LiftPrecautionForm(ReasonForm):
    """Which precaution ends is asked where several hold the grant."""

    hold = HoldField(Hold.objects.none(), label=_("Precaution that ends"), required=False)
    field_order = ("hold", "reason")

    def prepare(self) -> None:
        rows = open_holds(self.at, grant=self.target.pk, code=HoldCode.PRECAUTION).order_by("pk")
        self.fields["hold"].queryset = rows  # type: ignore[attr-defined]
        if self.target.pk and len(rows) < 2:
            del self.fields["hold"]


class ReportForm(VerbForm):
    FIELDS = ("is_nil", "purposes", "other_purpose", "use", "results", "security")

    def prepare(self) -> None:
        self.fields.update(model_fields(ReportFiling, self.FIELDS))
        self._ask_purposes(split_purposes(self.target.grant.terms.get("purposes", "")))
        last = self.target.filings.order_by("-round").first()
        if last is not None:
            self.initial |= {name: getattr(last, name) for name in self.FIELDS}
            return
        if metered := metered_use(self.target):
            before = ReportFiling.objects.filter(report__grant=self.target.grant_id, is_nil=False).order_by("pk").last()
            self.initial |= {"use": _metered_text(metered), "purposes": before and before.purposes}

    def _ask_purposes(self, granted: list[str]) -> None:
        """Of the grant's own; what else the data was used for is a text."""
        labels = {purpose.name: str(purpose) for purpose in Purpose.objects.filter(name__in=granted)}
        purposes, other = self.fields["purposes"], self.fields["other_purpose"]
        purposes.widget = PurposeBoxes(choices=[(name, labels.get(name, name)) for name in granted])
        purposes.help_text = _("Where the data was used and none is ticked, the authority looks into it.")
        other.help_text = _(
            "Only where it was used for something that the grant does not name. Say so here: the authority is told and "
            "looks into it; an order may follow."
        )
        if not granted:
            del self.fields["purposes"]


def _metered_text(metered: list[dict[str, Any]]) -> str:
    """What was obtained, one delivery a line, for the buyer to go on from."""
    lines = [
        gettext("Obtained %(day)s: version %(version)s, %(rows)s rows, %(bytes)s bytes; fields: %(fields)s.")
        % {**row, "day": row["at"][:10], "fields": ", ".join(row["fields"])}
        for row in metered
    ]
    return "\n".join([*lines, gettext("Used for: ")])


class EvidencedForm(ReasonForm):
    evidence = forms.CharField(
        label=_("Evidence"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which document, by whom, of which day, you have checked."),
    )  # fmt: skip
    field_order = ("successor", "evidence", "reason")


class RecuseForm(ReasonForm):
    colleague = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, label=_("Who takes the case over"),
        help_text=_("Left empty, all your colleagues and the level above are told."),
    )  # fmt: skip
    field_order = ("colleague", "reason")

    def prepare(self) -> None:
        others = people_of(party_in(self.target, self.actor, self.at), self.at).exclude(pk=self.actor.pk)
        self.fields["colleague"].queryset = others  # type: ignore[attr-defined]


class MergeForm(EvidencedForm):
    successor = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Merged into"))

    def prepare(self) -> None:
        others = Party.objects.filter(standing(self.at), kind=PartyKind.ORGANISATION).exclude(pk=self.target.pk)
        self.fields["successor"].queryset = others.order_by("name", "pk")  # type: ignore[attr-defined]


class MergeFindingForm(ReasonForm):
    into = forms.ModelChoiceField(Finding.objects.none(), label=_("Merged into"))
    field_order = ("into", "reason")

    def prepare(self) -> None:
        known = Finding.objects.visible_to(self.actor).filter(state=FindingState.OPEN).exclude(pk=self.target.pk)
        if self.target.pk:
            known = known.answered_by(self.target.signatory).filter(party=self.target.party_id)
        self.fields["into"].queryset = (  # type: ignore[attr-defined]
            known.select_related("version__product", "party").order_by("-pk")
        )
