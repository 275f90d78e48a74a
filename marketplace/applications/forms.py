"""Input of the application verbs, the same for every face."""

from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import MemberField, members
from accounts.models import CapabilityKind, Credential, Party, PartyKind, User
from accounts.permissions import WRITERS
from accounts.queries import parties_as, people_of
from listings.models import CatalogueEntry, Opening, Product
from listings.states import EntryState
from marketplace.applications import queries
from marketplace.applications.fields import HoursField, LinkageReasonField, NetworksField, QuotaField
from marketplace.applications.models import (
    Application,
    Disclosure,
    ExpertOpinion,
    GrantEdition,
    ReportSchedule,
    Route,
    ScenarioDraft,
    StandingConsent,
)
from marketplace.applications.models.disclosure import LANGUAGES, SUMMARY_LENGTH
from marketplace.applications.operations.application import SCENARIO
from marketplace.applications.operations.decision import OWED
from marketplace.applications.operations.grant import REVOCATION
from marketplace.applications.operations.linkage import pairs_of, results_of
from marketplace.verbs import ReasonForm, RefusalForm, VerbForm, model_fields


class StartForm(forms.Form):
    """First step on the product's page: for whom, under which name, which fields."""

    buyer = forms.ModelChoiceField(queryset=None, label=_("Buyer"), empty_label=None)
    title = forms.CharField(label=_("Name of the scenario"), max_length=200)
    fields_wanted = forms.MultipleChoiceField(label=_("Fields"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: Any, at: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["buyer"].queryset = parties_as(user, CapabilityKind.BUYER, at).order_by("name")  # type: ignore[attr-defined]
        self.fields["fields_wanted"].choices = [(name, name) for name in columns]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["fields"] = data.pop("fields_wanted", [])
        return data


class ScenarioForm(VerbForm):
    """Everything the authority needs to know; a draft may be saved with gaps, it is submitted without."""

    def prepare(self) -> None:
        self.fields.update(model_fields(Application, SCENARIO, self.target))
        self.autosave_url = reverse("applications:draft", args=[self.target.pk])
        self.draft = ScenarioDraft.objects.filter(application=self.target).select_related("by").first()
        if self.draft is not None:
            self.initial |= {name: text for name, text in self.draft.data.items() if name in self.fields}


class AddItemForm(VerbForm):
    """Another product, with all the fields of its newest version."""

    product = forms.ModelChoiceField(queryset=Product.objects.none(), label=_("Data product"))

    def prepare(self) -> None:
        self.fields["product"].queryset = (  # type: ignore[attr-defined]
            Product.objects.visible_to(self.actor)
            .listed()
            .exclude(entry__opening=Opening.OPENLY_AVAILABLE)
            .exclude(items__application=self.target)
            .order_by("title")
        )

    def clean(self) -> dict[str, Any]:
        product = self.cleaned_data.get("product")
        if product is None:
            return {}
        version = product.versions.published().order_by("-number").first()
        return {"product": product, "fields": list(version.columns.order_by("position").values_list("name", flat=True))}


class ChooseFieldsForm(VerbForm):
    """The fields of the newest version, those asked for so far ticked."""

    wanted = forms.MultipleChoiceField(label=_("Fields"), widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        version = queries.newest_version(self.target.product)
        names = version.columns.order_by("position").values_list("name", flat=True) if version else []
        self.fields["wanted"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.initial["wanted"] = self.target.fields

    def clean(self) -> dict[str, Any]:
        return {"fields": self.cleaned_data.get("wanted", [])}


def ask_only_where_needed(form: VerbForm) -> None:
    """A form for one object asks for this reason only where it is needed; the description of the API always has it."""
    if not form.target.pk:
        return
    found = results_of(pairs_of(form.target, form.at))
    is_refused = isinstance(form.target, GrantEdition) and any(row.takes_expert for row in found)
    if is_refused or not any(row.is_worrying for row in found):
        del form.fields["linkage_reason"]


class AgreeForm(ReasonForm):
    linkage_reason = LinkageReasonField()
    field_order = ("linkage_reason", "reason")

    def prepare(self) -> None:
        ask_only_where_needed(self)


class ApproveItemForm(ReasonForm):
    """The terms: period, conditions, reports, quota, and fields that may be narrowed."""

    starts = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    conditions = forms.CharField(label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    granted = forms.MultipleChoiceField(label=_("Fields granted"), widget=forms.CheckboxSelectMultiple)
    linkage_reason = LinkageReasonField()
    onward_supply = forms.BooleanField(
        label=_("Onward supply: what is built from it may be listed and supplied to others"), required=False,
        help_text=_("Your conditions and the units' travel along. Without this, nothing built from it can be listed."),
    )  # fmt: skip
    report_schedule = forms.ChoiceField(
        label=_("Reports on its use"), choices=[(one.value, one.label) for one in OWED], required=False,
        help_text=_("Every calendar quarter, unless you choose otherwise (Art. 16)."),
    )  # fmt: skip
    quota = QuotaField()
    hours, networks = HoursField(), NetworksField()
    one_version = forms.BooleanField(
        label=_("This version alone, none of the later ones"), required=False,
        help_text=_("Otherwise each later version is served under the grant as well, once it is published."),
    )  # fmt: skip
    wait_months = forms.IntegerField(
        label=_("Months that the publication waits"), required=False, min_value=0, max_value=12,
        help_text=_("In the public register of data uses. Left empty: it is public from today on."),
    )  # fmt: skip
    wait_reason = forms.CharField(
        label=_("Why the publication waits"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A trade secret, say. Not shown to the public."),
    )  # fmt: skip
    field_order = (
        "starts", "ends", "granted", "one_version", "conditions", "report_schedule", "quota", "hours", "networks",
        "onward_supply",
        "wait_months", "wait_reason", "linkage_reason", "reason",
    )  # fmt: skip

    def prepare(self) -> None:
        offered = queries.grantable_fields(self.target)
        self.fields["granted"].choices = [(name, name) for name in offered]  # type: ignore[attr-defined]
        self.initial |= {
            "granted": queries.consented_fields(self.target),
            "starts": self.target.application.period_from,
            "ends": self.target.application.period_until,
            "wait_months": self.target.application.wait_months,
            "wait_reason": self.target.application.wait_reason,
        }
        ask_only_where_needed(self)
        if self.target.route == Route.NON_PUBLIC:
            for name in ("report_schedule", "wait_months", "wait_reason"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["fields"] = data.pop("granted", [])
        data["report_schedule"] = data.get("report_schedule") or ReportSchedule.QUARTERS
        data["wait_months"] = data.get("wait_months") or 0
        return data


class ConsentInPartForm(VerbForm):
    """Conditions, and of each product that holds the unit's data the fields it consents to."""

    conditions = forms.CharField(
        label=_("Conditions"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    consented = forms.MultipleChoiceField(
        label=_("Fields you consent to"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        self.items = queries.items_of(self.target)
        self.fields["consented"].choices = [  # type: ignore[attr-defined]
            (item.product.title, [(f"{item.pk}:{name}", name) for name in item.fields]) for item in self.items
        ]
        self.initial["consented"] = [f"{item.pk}:{name}" for item in self.items for name in item.fields]

    def clean(self) -> dict[str, Any]:
        chosen = set(self.cleaned_data.get("consented", []))
        fields = {item: [name for name in item.fields if f"{item.pk}:{name}" in chosen] for item in self.items}
        if not chosen:
            raise forms.ValidationError(_("To consent to nothing, object instead."))
        whole = all(fields[item] == item.fields for item in self.items)
        return {"conditions": self.cleaned_data.get("conditions", ""), "fields": None if whole else fields}


class MessageForm(VerbForm):
    text = forms.CharField(label=_("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class OpinionForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(ExpertOpinion, ("opinion", "measures")))


class RecuseForm(ReasonForm):
    colleague = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Who takes the case over"))
    field_order = ("colleague", "reason")

    def prepare(self) -> None:
        colleagues = people_of(self.target.deciding_party, self.at).exclude(pk=self.actor.pk)
        self.fields["colleague"].queryset = colleagues  # type: ignore[attr-defined]


class ExtendForm(ReasonForm):
    """At most as long again as the deadline was."""

    days = forms.IntegerField(label=_("Working days more"), min_value=1, max_value=20, initial=5)
    field_order = ("days", "reason")


class NameUserForm(VerbForm):
    user = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Person"))
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def prepare(self) -> None:
        self.fields["user"].queryset = people_of(self.target.buyer, self.at)  # type: ignore[attr-defined]


class DropUserForm(VerbForm):
    user = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Person"))

    def prepare(self) -> None:
        named = User.objects.filter(pk__in=self.target.users.filter(removed_at=None).values("user"))
        people = (
            named if named.exists() else people_of(self.target.buyer, self.at)
        )  # nobody named: the operation says so
        self.fields["user"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]


class NameSystemForm(VerbForm):
    credential = forms.ModelChoiceField(queryset=Credential.objects.none(), label=_("Credential of the system"))
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def prepare(self) -> None:
        live = Credential.objects.filter(party=self.target.buyer, revoked_at=None, expires_at__gt=self.at)
        self.fields["credential"].queryset = live.order_by("name", "pk")  # type: ignore[attr-defined]
        self.initial["credential"] = getattr(self.actor, "credential", None)  # a system that asks names itself


class DropSystemForm(VerbForm):
    credential = forms.ModelChoiceField(queryset=Credential.objects.none(), label=_("Credential of the system"))

    def prepare(self) -> None:
        named = Q(pk__in=self.target.systems.filter(removed_at=None).values("credential"))
        own = Credential.objects.filter(party=self.target.buyer)  # nothing named: the operation says so
        self.fields["credential"].queryset = (  # type: ignore[attr-defined]
            own.filter(named) if own.filter(named).exists() else own
        ).order_by("name", "pk")


class ChangeForm(ReasonForm):
    """A renewal, more fields, another scenario, more downloads, other report periods: as it is now, to be edited."""

    ends = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    wanted = forms.MultipleChoiceField(label=_("Fields"), widget=forms.CheckboxSelectMultiple)
    what_is_built = forms.CharField(label=_("What is built"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    quota = QuotaField()
    report_schedule = forms.ChoiceField(
        label=_("Reports on its use"), choices=[(one.value, one.label) for one in OWED], required=False,
        help_text=_("Periods that have begun stay as they are, with the day their report is due."),
    )  # fmt: skip
    hours, networks = HoursField(), NetworksField()
    field_order = ("ends", "wanted", "what_is_built", "quota", "hours", "networks", "report_schedule", "reason")

    def prepare(self) -> None:
        fields = queries.changeable_fields(self.target)
        self.fields["wanted"].choices = [(name, name) for name in fields]  # type: ignore[attr-defined]
        self.initial |= {
            "ends": self.target.ends,
            "wanted": self.target.fields,
            "what_is_built": self.target.terms["what_is_built"],
            "quota": self.target.terms.get("quota"),
            "hours": self.target.terms.get("hours", ""),
            "networks": "\n".join(self.target.terms.get("networks", [])),
            "report_schedule": self.target.report_schedule.value,
        }
        if (as_before := self.target.report_schedule) not in OWED:
            self.fields["report_schedule"].choices = [(as_before.value, as_before.label)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["fields"] = data.pop("wanted", [])
        data["report_schedule"] = data.get("report_schedule") or self.target.report_schedule.value
        return data


class SummaryForm(VerbForm):
    """What anybody may read of a use, in one language; a natural person may agree to be named with it."""

    summary = forms.CharField(
        label=_("Summary for the public"), max_length=SUMMARY_LENGTH, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("At most 500 characters. Anybody reads it in the public register of data uses; name no persons."),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language it is written in"), choices=LANGUAGES)
    is_named = forms.BooleanField(
        label=_("Name me in the register"), required=False,
        help_text=_("Without this you stand there as “natural person”. Write again without it to take it back."),
    )  # fmt: skip

    def prepare(self) -> None:
        entry = Disclosure.objects.filter(grant=self.target.pk).first()
        if entry is not None:
            self.initial |= {"summary": entry.summary, "language": entry.language, "is_named": entry.is_named}
        if self.target.pk and self.target.buyer.kind != PartyKind.PERSON:
            del self.fields["is_named"]


class RevokeForm(RefusalForm):
    article = forms.ChoiceField(label=_("Article on which the grant no longer rests"))
    field_order = ("article", "reason", "remedy")

    def prepare(self) -> None:
        super().prepare()
        self.fields["article"].choices = [(name, gettext(name)) for name in REVOCATION]  # type: ignore[attr-defined]


class UseStandingForm(ReasonForm):
    standing = forms.ModelChoiceField(queryset=StandingConsent.objects.none(), label=_("Standing consent"))
    field_order = ("standing", "reason")

    def prepare(self) -> None:
        in_force = StandingConsent.objects.in_force(self.at).filter(unit=self.target.unit).order_by("pk")
        self.fields["standing"].queryset = in_force  # type: ignore[attr-defined]


class StandingConsentForm(forms.Form):
    """A unit's standing consent; the fields are named one a line, as the data calls them."""

    def __init__(self, *args: Any, unit: Party, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("entry", "document", "purposes", "conditions", "valid_from", "valid_until")
        self.fields.update(model_fields(StandingConsent, names))
        self.fields["entry"].queryset = CatalogueEntry.objects.filter(  # type: ignore[attr-defined]
            unit=unit, state=EntryState.PUBLISHED
        ).order_by("title")
        self.fields["named"] = forms.CharField(
            label=_("Fields, one a line"), max_length=8000, widget=forms.Textarea(attrs={"rows": 4})
        )

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["fields"] = list(dict.fromkeys(filter(None, map(str.strip, data.pop("named", "").splitlines()))))
        return data


class AcceptTermsForm(VerbForm):
    terms_accepted = forms.BooleanField(label=_("I have read the terms and accept them for the buyer."))


class HandOverForm(ReasonForm):
    officer = MemberField(_("Whose cases"))
    successor = MemberField(_("Successor"))
    field_order = ("officer", "successor", "reason")

    def prepare(self) -> None:
        people = members(self.target, self.at)
        self.fields["officer"].queryset = people
        self.fields["successor"].queryset = people.filter(role__in=WRITERS)
        self.initial["officer"] = people.filter(user=self.actor.pk).first()
