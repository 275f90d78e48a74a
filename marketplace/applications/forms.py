"""Input of the application verbs, the same for every face."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import MemberField, members
from accounts.models import CapabilityKind
from accounts.permissions import WRITERS
from accounts.queries import parties_as
from listings.models import Opening, Product
from marketplace.applications.models import Application
from marketplace.applications.operations.application import SCENARIO
from marketplace.verbs import ReasonForm, VerbForm, model_fields


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


class AddItemForm(VerbForm):
    """Another product, with all the fields of its newest version."""

    product = forms.ModelChoiceField(queryset=Product.objects.none(), label=_("Data product"))

    def prepare(self) -> None:
        self.fields["product"].queryset = (  # type: ignore[attr-defined]
            Product.objects.listed()
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


class ApproveItemForm(ReasonForm):
    """The terms: period, conditions, and fields that may be narrowed."""

    starts = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    conditions = forms.CharField(label=_("Conditions"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    granted = forms.MultipleChoiceField(label=_("Fields granted"), widget=forms.CheckboxSelectMultiple)
    field_order = ("starts", "ends", "granted", "conditions", "reason")

    def prepare(self) -> None:
        self.fields["granted"].choices = [(name, name) for name in self.target.fields]  # type: ignore[attr-defined]
        self.initial |= {
            "granted": self.target.fields,
            "starts": self.target.application.period_from,
            "ends": self.target.application.period_until,
        }

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["fields"] = data.pop("granted", [])
        return data


class ConditionsForm(VerbForm):
    conditions = forms.CharField(label=_("Conditions"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


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
        self.initial["officer"] = people.filter(user=self.actor).first()
