"""What officers and parties type in when grants are inspected."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import PartyKind, Region, User
from marketplace.supervision.checklists import EDITIONS
from marketplace.supervision.forms_period import a_day
from marketplace.supervision.inspections import MOST, JointInspector, Method, Outcome, Strata, Verdict
from marketplace.verbs import ReasonForm, VerbForm


class PlanInspectionsForm(VerbForm):
    """Which grants are drawn from, how, and how many."""

    title = forms.CharField(label=_("Title"), max_length=200)
    first, last = a_day(_("From")), a_day(_("Until"))
    method = forms.ChoiceField(label=_("How grants are drawn"), choices=Method.choices)
    size = forms.IntegerField(label=_("How many grants"), min_value=1, max_value=MOST)
    strata = forms.ChoiceField(
        label=_("Divided"), choices=Strata.choices, required=False,
        help_text=_("Each part gets its share, and at least one grant where the number allows it."),
    )  # fmt: skip
    region = forms.ModelChoiceField(
        Region.objects.order_by("code"), label=_("Only buyers of this region"), required=False
    )
    purpose = forms.CharField(label=_("Only for this purpose"), max_length=200, required=False)
    buyer_kind = forms.ChoiceField(
        label=_("Only buyers of this kind"), choices=[("", _("any")), *PartyKind.choices], required=False
    )
    seller_kind = forms.ChoiceField(
        label=_("Only sellers of this kind"), choices=[("", _("any")), *PartyKind.choices], required=False
    )
    seed = forms.CharField(
        label=_("Seed"), max_length=64, required=False,
        help_text=_(
            "Give one drawn in public, or leave it empty: at the draw the site adds a part at random, and keeps it."
        ),
    )  # fmt: skip


class AnnounceForm(VerbForm):
    text = forms.CharField(
        label=_("Notice"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What is inspected, where, what the party should have at hand. It is told the first day itself."),
    )  # fmt: skip


class ReportForm(VerbForm):
    text = forms.CharField(label=_("Inspection report"), max_length=8000, widget=forms.Textarea(attrs={"rows": 8}))


class AnswerForm(VerbForm):
    text = forms.CharField(label=_("Answer"), max_length=8000, widget=forms.Textarea(attrs={"rows": 8}))


class CloseForm(VerbForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices)
    text = forms.CharField(label=_("Words on the outcome"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class NameInspectorForm(VerbForm):
    """Somebody of another department, by the address of their account."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254,
        help_text=_(
            "Of the person's account here: of another authority, a providing unit or an overseer, or of an expert. "
            "They see this inspection and nothing else of the authority."
        ),
    )  # fmt: skip
    department = forms.CharField(label=_("Department"), max_length=200)
    role = forms.CharField(
        label=_("Role in the inspection"), max_length=100, help_text=_("The report names it, with the department.")
    )

    def clean_email(self) -> Any:
        person = User.objects.filter(email__iexact=self.cleaned_data["email"], is_active=True).first()
        if person is None:
            raise forms.ValidationError(_("Nobody with this address has an account here."))
        return person

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        return {"person": said.get("email"), "department": said.get("department"), "role": said.get("role")}


class ReleaseInspectorForm(ReasonForm):
    inspector = forms.ModelChoiceField(JointInspector.objects.none(), label=_("Joint inspector"))
    field_order = ("inspector", "reason")

    def prepare(self) -> None:
        field = self.fields["inspector"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = self.target.taking_part


class PointsForm(VerbForm):
    """Verdict and words for each question; what is left open, or as it was shown, is not changed: several write."""

    def prepare(self) -> None:
        found = self.found = {}
        if self.target.pk:
            found |= {point.code: point for point in self.target.points.all()}
        for question in EDITIONS[self.target.edition]:
            point = found.get(question.code)
            self.fields[f"verdict_{question.code}"] = forms.ChoiceField(
                label=question.text, choices=[("", _("not checked yet")), *Verdict.choices], required=False,
                initial=point.verdict if point else "", show_hidden_initial=True,
            )  # fmt: skip
            self.fields[f"words_{question.code}"] = forms.CharField(
                label=_("What was found"), max_length=2000, required=False, initial=point.words if point else "",
                widget=forms.Textarea(attrs={"rows": 2}), show_hidden_initial=True,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said, points = super().clean() or self.cleaned_data, {}
        changed = set(self.changed_data)
        for code in (question.code for question in EDITIONS[self.target.edition]):
            names = (f"verdict_{code}", f"words_{code}")
            if not changed & set(names):
                continue
            verdict, words = (said.get(name) or "" for name in names)
            if self._was_changed_meanwhile(code):
                self.add_error(names[0], _("Somebody else wrote this down meanwhile: open the page anew to see it."))
            elif verdict:
                points[code] = (verdict, words)
            elif words:
                self.add_error(names[1], _("Choose a verdict too."))
        return {"points": points}

    def _was_changed_meanwhile(self, code: str) -> bool:
        """Whether what the page showed is not what is written down now. A partner's system was shown nothing."""
        shown = [self.data.get(self.add_initial_prefix(f"{name}_{code}")) for name in ("verdict", "words")]
        point = self.found.get(code)
        now = [point.verdict, point.words] if point else ["", ""]
        return None not in shown and [one.split() for one in shown] != [one.split() for one in now]
