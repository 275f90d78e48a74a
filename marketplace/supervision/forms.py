"""Input of the supervision verbs, the same for every face."""

from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, PartyKind, User, standing
from accounts.queries import people_of
from listings.forms import DESCRIPTION_FIELDS
from listings.models import Grade, Product, Purpose, ReleaseRule, Version
from listings.models.purposes import PurposeBoxes, split_purposes
from marketplace.applications.models import Application, Grant, GrantEdition, Hold, HoldCode, Item, open_holds
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.remedies import Decider
from marketplace.supervision.caution import Caution
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inquiry import ABOUT as ASKED_ABOUT
from marketplace.supervision.inspections import Inspection
from marketplace.supervision.models import DerivedProduct, Finding, Measure, ReportFiling
from marketplace.supervision.operations.order import LEAST_DAYS, MOST_DAYS
from marketplace.supervision.operations.recusal import party_in
from marketplace.supervision.permissions import reviewing_party
from marketplace.supervision.queries import (
    further_grants,
    grants_signed_for,
    institutions,
    metered_use,
    obtained,
    platforms,
)
from marketplace.supervision.referral import referral_text
from marketplace.supervision.review import ABOUT
from marketplace.supervision.second_pair import waiting_signature
from marketplace.supervision.states import FindingState
from marketplace.verbs import ReasonForm, RefusalForm, RowsField, VerbForm, model_fields, show_no_choice


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


class ProposeOrderForm(VerbForm):
    facts = forms.CharField(label=_("Facts"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    demand = forms.CharField(
        label=_("What has to be corrected"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


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


class NoticeForm(ProposeOrderForm):
    clause = forms.CharField(
        label=_("Clause or rule that is broken"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Of the contract, of the grant's terms, of the law or of the site's rules."),
    )  # fmt: skip
    field_order = ("clause", "facts", "demand")


class TakeDownForm(NoticeForm):
    """Of one version or, the only way for a retired one, of the whole product."""

    whole_product = forms.BooleanField(
        label=_("The whole product, with all its versions"), required=False,
        help_text=_("None of its versions is served or made public until the take-down is lifted."),
    )  # fmt: skip
    field_order = ("whole_product", "clause", "facts", "demand")


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
    grants = RowsField(
        label=_("Further grants of this party that it holds as well"), queryset=Grant.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("All in force that your authority is competent for."),
    )  # fmt: skip
    all_grants = forms.BooleanField(label=_("All of these further grants"), required=False)
    listed = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = None  # type: ignore[assignment]
    field_order = ("facts", "demand", "days", "grants", "all_grants", "remedy")

    def prepare(self) -> None:
        super().prepare()
        self.initial |= {"facts": self.target.facts, "demand": self.target.demand}
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


class SendBackForm(ConfirmForm, ReasonForm):
    """The same above it, and why it is not confirmed."""


class TextForm(VerbForm):
    text = forms.CharField(label=_("Statement"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}))


class StatementForm(TextForm):
    refuses = forms.BooleanField(label=_("We will not correct this."), required=False)


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


class AskReportForm(forms.Form):
    """Of partners' systems: exactly one case is named."""

    question = forms.CharField(label=_("Question"), max_length=4000)
    application = forms.ModelChoiceField(label=_("Application"), queryset=Application.objects.none(), required=False)
    finding = forms.ModelChoiceField(label=_("Finding"), queryset=Finding.objects.none(), required=False)
    measure = forms.ModelChoiceField(label=_("Order"), queryset=Measure.objects.none(), required=False)
    incident = forms.ModelChoiceField(label=_("Security incident"), queryset=Incident.objects.none(), required=False)
    concern = forms.ModelChoiceField(label=_("Report"), queryset=Concern.objects.none(), required=False)
    inspection = forms.ModelChoiceField(label=_("Inspection"), queryset=Inspection.objects.none(), required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ASKED_ABOUT:
            field: Any = self.fields[name]
            field.queryset = field.queryset.model.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        named = [case for name in ASKED_ABOUT if (case := said.pop(name, None))]
        if len(named) != 1 and not self.errors:
            raise forms.ValidationError(_("Name one case: exactly one of the fields beside the question."))
        return {**said, "case": named[0] if named else None}


class AnswerInquiryForm(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=8000)


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


class CheckForm(forms.Form):
    q = forms.CharField(label=_("Number, or address of the attribution"), max_length=300)
    day = forms.DateField(
        label=_("Date of the printed notice"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    code = forms.CharField(
        label=_("Code of the printed notice"), required=False, max_length=20,
        help_text=_("Only where you hold a printed notice: both stand at its end."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        day, code = self.cleaned_data.get("day"), self.cleaned_data.get("code")
        if bool(day) != bool(code) and not self.errors:
            raise forms.ValidationError(_("Type both the date and the code of the notice, or neither."))
        return self.cleaned_data


class ListDerivedForm(VerbForm):
    """The product that is listed: what it is, in its developer's words. Sources and conditions come by themselves."""

    def prepare(self) -> None:
        self.fields.update(model_fields(Product, ("grade", *DESCRIPTION_FIELDS)))
        self.fields["grade"].choices = [c for c in Grade.choices if c[0] == Grade.GENERAL]  # type: ignore[attr-defined]
        self.initial |= {"title": self.target.title, "description": self.target.description}


class AddSourcesForm(VerbForm):
    """Further deliveries that went in; those named already are not asked for again."""

    built_from = forms.MultipleChoiceField(label=_("Built from"), widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        named = set(self.target.built_from.values_list("grant", "version")) if self.target.pk else set()
        pairs = obtained(self.target.party) if self.target.pk else []
        self.pairs = {
            f"{grant.pk}:{version.pk}": (grant, version)
            for grant, version in pairs
            if (grant.pk, version.pk) not in named
        }
        self.fields["built_from"].choices = [  # type: ignore[attr-defined]
            (key, f"{version} ({grant.number})") for key, (grant, version) in self.pairs.items()
        ]

    def clean_built_from(self) -> list[Any]:
        return [self.pairs[key] for key in dict.fromkeys(self.cleaned_data["built_from"])]


class RegisterDerivedForm(forms.Form):
    """What was built, and from which deliveries: only what really was delivered can be chosen."""

    built_from = forms.MultipleChoiceField(label=_("Built from"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, party: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pairs = {
            f"{grant.pk}:{version.pk}": (grant, version) for grant, version in (obtained(party) if party else [])
        }
        self.fields["built_from"].choices = [  # type: ignore[attr-defined]
            (key, f"{version} ({grant.number})") for key, (grant, version) in self.pairs.items()
        ]
        self.fields.update(model_fields(DerivedProduct, ("title", "description", "url")))
        self.order_fields(["title", "description", "url", "built_from"])

    def clean_built_from(self) -> list[Any]:
        return [self.pairs[key] for key in dict.fromkeys(self.cleaned_data["built_from"])]


class MergeFindingForm(ReasonForm):
    into = forms.ModelChoiceField(Finding.objects.none(), label=_("Merged into"))
    field_order = ("into", "reason")

    def prepare(self) -> None:
        known = Finding.objects.visible_to(self.actor).filter(state=FindingState.OPEN).exclude(pk=self.target.pk)
        same = known.filter(party=self.target.party_id, authority=self.target.authority_id)
        self.fields["into"].queryset = (  # type: ignore[attr-defined]
            same.select_related("version__product").order_by("-pk")
        )
