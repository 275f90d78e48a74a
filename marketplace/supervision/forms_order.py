"""Input of those who propose and sign measures, from the draft to what follows a refusal to correct."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from marketplace.applications.forms import RevokeForm
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from marketplace.supervision.operations.proposing import answerable, answerable_by, ended_with
from marketplace.supervision.queries import (
    further_grants,
    grants_signed_for,
    institutions,
    platforms,
)
from marketplace.supervision.referral import referral_text
from marketplace.supervision.second_pair import waiting_signature
from marketplace.verbs import ReasonForm, RefusalForm, RowsField, VerbForm, show_no_choice


class ProposeOrderForm(VerbForm):
    facts = forms.CharField(label=_("Facts"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    demand = forms.CharField(
        label=_("What has to be corrected"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


class OrderGrantForm(ProposeOrderForm):
    """About a grant, and about a finding where one is open: else it would stay so whatever is ordered."""

    finding = forms.ModelChoiceField(
        Finding.objects.none(), required=False, label=_("Finding that it answers"),
        help_text=_("Once this is issued, the finding is closed, and who reported is told."),
    )  # fmt: skip
    field_order: tuple[str, ...] = ("finding", "facts", "demand")
    of_review = False  # whether it answers what is before the compliance review

    def prepare(self) -> None:
        offer_findings(self, answerable(self.target, of_review=self.of_review))


class RevokeGrantForm(RevokeForm):
    """And a finding that the revocation answers, where one is open about the grant."""

    finding = forms.ModelChoiceField(
        Finding.objects.none(), required=False, label=_("Finding that it answers"),
        help_text=_("Once the grant is revoked, the finding is closed, and who reported is told."),
    )  # fmt: skip
    field_order = ("finding", "article", "reason", "remedy")

    def prepare(self) -> None:
        super().prepare()
        known = self.target.pk is not None
        offer_findings(self, answerable_by(self.actor, self.target, self.at) if known else Finding.objects.none())


def offer_findings(form: VerbForm, rows: QuerySet[Finding]) -> None:
    """No question where there is none."""
    form.fields["finding"].queryset = rows.select_related("version__product").order_by("pk")  # type: ignore[attr-defined]
    if form.target.pk and not rows:
        del form.fields["finding"]


class OrderPartyForm(ProposeOrderForm):
    """Against whom of the authority's region (Art. 46)."""

    against = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Against"))
    field_order = ("against", "facts", "demand")

    def prepare(self) -> None:
        self.fields["against"].queryset = self.choices()  # type: ignore[attr-defined]

    def choices(self) -> Any:
        return institutions(self.target, self.at)


class OrderPlatformForm(OrderPartyForm):
    """The operator of the platform (Art. 47)."""

    def choices(self) -> Any:
        return platforms(self.target, self.at)


class NoticeForm(OrderGrantForm):
    clause = forms.CharField(
        label=_("Clause or rule that is broken"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Of the contract, of the grant's terms, of the law or of the site's rules."),
    )  # fmt: skip
    field_order = ("finding", "clause", "facts", "demand")
    of_review = True


class TakeDownForm(NoticeForm):
    """Of one version or, the only way for a retired one, of the whole product."""

    whole_product = forms.BooleanField(
        label=_("The whole product, with all its versions"), required=False,
        help_text=_("None of its versions is served or made public until the take-down is lifted."),
    )  # fmt: skip
    field_order = ("whole_product", "finding", "clause", "facts", "demand")


class ReferForm(RefusalForm):
    """To whom a case goes that was not corrected, and the text that goes along: prepared, to be edited."""

    referred_to = forms.CharField(
        label=_("Referred to"),
        max_length=200,
        help_text=_("The body in charge of the party, which decides on discipline."),
    )
    referral = forms.CharField(label=_("Referral"), max_length=8000, widget=forms.Textarea(attrs={"rows": 12}))
    reason = None  # type: ignore[assignment]
    field_order = ("referred_to", "referral", "remedy")

    def prepare(self) -> None:
        super().prepare()
        if self.target.pk:
            self.initial["referral"] = referral_text(self.target)


class TerminateForm(RefusalForm):
    """And which further findings about the grants that end it answers: those ticked, every other stays open."""

    findings = RowsField(
        label=_("Other open findings about these grants that it answers"), queryset=Finding.objects.none(),
        required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Once the service is terminated, these are closed, and who reported is told."),
    )  # fmt: skip
    field_order = ("reason", "findings", "remedy")

    def prepare(self) -> None:
        super().prepare()
        if not self.target.pk:
            return
        rows = ended_with(self.target, self.actor, self.at).order_by("pk")
        self.fields["findings"].queryset = rows  # type: ignore[attr-defined]
        if not rows:
            show_no_choice(self, "findings")


class GrantsField(RowsField):
    """Of a grant that is only offered, its choice says so."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj) if obj.activated_at else f"{obj} · {obj.get_state_display()}"


class IssueOrderForm(RefusalForm):
    """Facts and demand as proposed, to be edited by the officer who signs."""

    facts = forms.CharField(label=_("Facts"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    demand = forms.CharField(
        label=_("What has to be corrected"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    days = forms.IntegerField(
        label=_("Working days to correct"), min_value=LEAST_DAYS, max_value=MOST_DAYS, required=False,
        help_text=_("Day 1 is the next working day. Left empty: as many as this site usually gives."),
    )  # fmt: skip
    grants = GrantsField(
        label=_("Further grants of this party that it holds as well"), queryset=Grant.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("All in force or offered that your authority is competent for; an offer begins suspended."),
    )  # fmt: skip
    all_grants = forms.BooleanField(label=_("All of these further grants"), required=False)
    listed = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = None  # type: ignore[assignment]
    field_order = ("facts", "demand", "days", "grants", "all_grants", "remedy")

    def prepare(self) -> None:
        super().prepare()
        self.initial |= {"facts": self.target.facts, "demand": self.target.demand}
        if self.target.pk and self.target.required_by is not None:  # issued in the words of who required it
            for name in ("facts", "demand"):
                self.fields[name].widget.attrs["readonly"] = True
        if self.target.pk and LEAST_DAYS <= (usual := clock.days(Kind.CORRECTION)) <= MOST_DAYS:
            self.initial["days"] = usual
        if not self.target.may_hold_all:
            del self.fields["grants"], self.fields["all_grants"], self.fields["listed"]
            return
        self.others = further_grants(self.target, self.at) if self.target.pk else Grant.objects.none()
        self.fields["grants"].queryset = self.others  # type: ignore[attr-defined]
        self.initial["listed"] = " ".join(str(grant.pk) for grant in self.others)
        if self.target.pk and not self.others:
            show_no_choice(self, "grants", "all_grants")

    def clean(self) -> dict[str, Any]:
        """All of them are those that were listed: where another grant has come since, it is shown first."""
        said = super().clean() or {}
        listed, takes_all = said.pop("listed", ""), said.pop("all_grants", False)
        if takes_all:
            said["grants"] = self.others
        if takes_all and listed and listed != self.initial["listed"]:
            self.data = self.data | {"listed": self.initial["listed"]}
            raise forms.ValidationError(
                {"all_grants": _("The grants of this party have changed: read the list again.")}
            )
        return said


class ConfirmForm(VerbForm):
    """Nothing to fill in: what the first officer signed stands above it, with the grants that it would suspend."""

    def prepare(self) -> None:
        signature = waiting_signature(self.target) if self.target.pk else None
        self.also_held = grants_signed_for(signature, self.at) if signature else []
        named = signature.texts.get("findings", []) if signature else []
        self.also_closed = ended_with(self.target, self.actor, self.at).filter(pk__in=named) if named else []


class SendBackForm(ConfirmForm, ReasonForm):
    """The same above it, and why it is not confirmed."""
