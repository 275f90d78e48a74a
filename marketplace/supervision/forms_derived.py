"""Input of who builds on the data, and of whoever checks what it says about its sources."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.forms import DESCRIPTION_FIELDS
from listings.models import Grade, Product
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.queries import (
    obtained,
)
from marketplace.verbs import VerbForm, model_fields


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
