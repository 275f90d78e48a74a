"""Input of the supervision verbs, the same for every face."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, PartyKind, standing
from listings.forms import DESCRIPTION_FIELDS
from listings.models import Grade, Product
from marketplace.supervision.models import DerivedProduct, ReportFiling
from marketplace.supervision.queries import metered_use, obtained
from marketplace.verbs import ReasonForm, RefusalForm, VerbForm, model_fields


class ReportForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(ReportFiling, ("is_nil", "use", "results", "security")))
        last = self.target.filings.order_by("-round").first()
        if last is not None:
            self.initial |= {name: getattr(last, name) for name in ("is_nil", "use", "results", "security")}
            return
        metered = metered_use(self.target)
        self.initial["use"] = _metered_text(metered)


def _metered_text(metered: list[dict[str, Any]]) -> str:
    """What was obtained, one delivery a line, for the buyer to go on from."""
    lines = [
        gettext("Obtained %(day)s: version %(version)s, %(rows)s rows, %(bytes)s bytes; fields: %(fields)s.")
        % {**row, "day": row["at"][:10], "fields": ", ".join(row["fields"])}
        for row in metered
    ]
    return "\n".join([*lines, gettext("Used for: ")]) if lines else ""


class EvidencedForm(ReasonForm):
    evidence = forms.CharField(
        label=_("Evidence"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which document, by whom, of which day, you have checked."),
    )  # fmt: skip
    field_order = ("successor", "evidence", "reason")


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


class IssueOrderForm(RefusalForm):
    """Facts and demand as proposed, to be edited by the officer who signs."""

    facts = forms.CharField(label=_("Facts"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    demand = forms.CharField(
        label=_("What has to be corrected"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    reason = None  # type: ignore[assignment]
    field_order = ("facts", "demand", "remedy")

    def prepare(self) -> None:
        super().prepare()
        self.initial |= {"facts": self.target.facts, "demand": self.target.demand}


class TextForm(VerbForm):
    text = forms.CharField(label=_("Statement"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}))


class StatementForm(TextForm):
    refuses = forms.BooleanField(label=_("We will not correct this."), required=False)


class CheckForm(forms.Form):
    q = forms.CharField(label=_("Number, or address of the attribution"), max_length=300)


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
