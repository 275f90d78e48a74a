"""Input of the verbs of reports of misuse and of faulty data, the same for every face."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from listings.forms import AnybodyForm
from listings.models import Nature, Version
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.supervision.closeout import is_over
from marketplace.supervision.concern import Concern, ConcernKind, Wish
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.concern import OVERSEEN_ARTICLES, wishes_about
from marketplace.supervision.queries import accusable, overseen_by
from marketplace.supervision.states import FindingState
from marketplace.verbs import ReasonForm, VerbForm

LOOK_INTO_IT = ("", _("that it is looked into"))
FACTS = {"label": _("Facts"), "max_length": 4000, "widget": forms.Textarea(attrs={"rows": 6})}


class ConcernForm(AnybodyForm):
    """Anybody's report. Somebody logged in can report for one of their parties, and needs no name."""

    kind = forms.ChoiceField(label=_("What it is about"), choices=ConcernKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        **FACTS, help_text=_("What you saw, when, and how you know. Name nobody who is not concerned.")
    )
    place = forms.CharField(
        label=_("Where you saw it"), max_length=300, required=False, help_text=_("An address, a number, a product.")
    )
    reporter = forms.ModelChoiceField(Party.objects.none(), label=_("Reported by"), required=False)
    field_order = ("kind", "text", "place", "reporter", "name", "contact", "website")

    def __init__(self, *args: Any, parties: Any = None, is_of_something: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if parties is None:
            del self.fields["reporter"]
        else:
            del self.fields["name"], self.fields["contact"]
            self.fields["reporter"].queryset = parties.order_by("name", "pk")  # type: ignore[attr-defined]
            self.fields["reporter"].empty_label = gettext("myself")  # type: ignore[attr-defined]
        if not is_of_something:
            del self.fields["kind"]  # faulty data is some product's or entry's

    def clean(self) -> dict[str, Any]:
        return {"kind": ConcernKind.MISUSE, **super().clean()}


class ReportMisuseForm(VerbForm):
    text = forms.CharField(**FACTS)
    wish = forms.ChoiceField(
        label=_("What you ask for"), required=False,
        choices=[LOOK_INTO_IT, *Wish.choices],
    )  # fmt: skip

    def prepare(self) -> None:
        if self.target.pk:
            wishes = wishes_about(self.target, self.at)
            self.fields["wish"].choices = [LOOK_INTO_IT, *((wish, wish.label) for wish in wishes)]  # type: ignore[attr-defined]


class FileFindingForm(VerbForm):
    """About one grant, version or party of the oversight body's regions."""

    grant = forms.ModelChoiceField(Grant.objects.none(), required=False, label=_("Grant"))
    version = forms.ModelChoiceField(Version.objects.none(), required=False, label=_("Version"))
    against = forms.ModelChoiceField(Party.objects.none(), required=False, label=_("Party"))
    article = forms.ChoiceField(label=_("Article that is broken"))
    text = forms.CharField(**FACTS)

    def prepare(self) -> None:
        for name, rows in overseen_by(self.target, self.at).items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["article"].choices = [(name, gettext(name)) for name in OVERSEEN_ARTICLES]  # type: ignore[attr-defined]


class AddForm(forms.Form):
    """Something more by whoever has number and code, which are sent along."""

    number = forms.CharField(max_length=12, widget=forms.HiddenInput)
    code = forms.CharField(max_length=40, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))


class WriteForm(VerbForm):
    text = forms.CharField(label=_("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))


class TakeUpForm(ReasonForm):
    """About which grant the finding is, or which version of a party; left empty, about the product's newest version on
    offer, else about the party alone, which is chosen where the report names none."""

    grant = forms.CharField(label=_("Number of the grant"), max_length=12, required=False)
    version = forms.ModelChoiceField(Version.objects.none(), required=False, label=_("Version"))
    party = forms.ModelChoiceField(
        Party.objects.none(), required=False, label=_("Party"),
        help_text=_("Where it is about no grant: who has to answer for it. Its authority answers the finding."),
    )  # fmt: skip
    pause = forms.BooleanField(label=_("Pause the grant at once, as a precaution (Art. 34)"), required=False)
    field_order = ("grant", "version", "party", "pause", "reason")

    def prepare(self) -> None:
        self.initial["grant"] = self.target.grant.number if self.target.grant_id else ""
        if self.target.reviewer_id or (self.target.grant_id and is_over(self.target.grant, self.at)):
            del self.fields["pause"]
        numbers = ", ".join(grant.number for grant in _grants_about(self.target))
        self.fields["grant"].help_text = gettext("Active grants of what was reported: %(numbers)s.") % {
            "numbers": numbers or "–"
        }
        self.fields["party"].queryset = accusable(self.target.authority, self.at)  # type: ignore[attr-defined]
        if self.target.party_id:
            del self.fields["party"]
        if not isinstance(self.target.subject, Party):
            del self.fields["version"]
            return
        theirs = Version.objects.filter(product__seller=self.target.party_id, authority=self.target.authority_id)
        rows = theirs.exclude(product__nature=Nature.NON_PUBLIC).select_related("product").order_by("-pk")
        self.fields["version"].queryset = rows  # type: ignore[attr-defined]

    def clean_grant(self) -> Grant | None:
        typed = self.cleaned_data["grant"].strip().upper()
        if not typed:
            return None
        digits = typed.removeprefix("G")
        known = digits.isascii() and digits.isdigit() and len(digits) < 12
        found = self._grants().filter(pk=int(digits)).first() if known else None
        if found is None:
            raise forms.ValidationError(gettext("There is no such grant."))
        return found

    def _grants(self) -> QuerySet[Grant]:
        """Those that the officer sees; of a reported party all its own; to the compliance review those of data that it
        reviews."""
        if self.target.reviewer_id:
            reviewed = {"product__nature": Nature.NON_PUBLIC, "from_version__reviewer": self.target.reviewer_id}
            return Grant.objects.filter(**reviewed)
        if isinstance(self.target.subject, Party):
            return Grant.objects.filter(buyer=self.target.party_id)
        return Grant.objects.visible_to(self.actor)


def _grants_about(concern: Concern) -> list[Grant]:
    """A few of the active grants that a report may be about, the newest first."""
    if concern.grant_id or concern.entry_id or concern.subject is None:
        return []
    grants = Grant.objects.filter(state=GrantState.ACTIVE)
    if concern.subject == concern.party:
        return list(grants.filter(buyer=concern.party_id).order_by("-pk")[:10])
    grants = grants.filter(authority=concern.authority_id)
    if concern.derived_id:
        grants = grants.filter(derived_uses__derived=concern.derived_id).distinct()
    else:
        grants = grants.filter(product=concern.product_id)
    return list(grants.order_by("-pk")[:10])


class MergeConcernForm(ReasonForm):
    finding = forms.ModelChoiceField(Finding.objects.none(), label=_("Finding"))
    field_order = ("finding", "reason")

    def prepare(self) -> None:
        rows = Finding.objects.visible_to(self.actor).filter(state=FindingState.OPEN)
        if self.target.pk:
            rows = rows.answered_by(self.target.reviewer or self.target.authority)
        if self.target.party_id:
            rows = rows.filter(party=self.target.party_id)
        self.fields["finding"].queryset = (  # type: ignore[attr-defined]
            rows.select_related("version__product", "party").order_by("-pk")
        )
