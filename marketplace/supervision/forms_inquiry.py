"""Input of the level above, which asks for a report on a case, and of who answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.models import DescriptionChange, Objection, ReleaseRule, Version
from marketplace.applications.models import Application, GrantEdition
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inquiry import ABOUT as ASKED_ABOUT
from marketplace.supervision.inspections import Inspection
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.review import Review


class AskReportForm(forms.Form):
    """Of partners' systems: exactly one case is named."""

    question = forms.CharField(label=_("Question"), max_length=4000)
    application = forms.ModelChoiceField(label=_("Application"), queryset=Application.objects.none(), required=False)
    finding = forms.ModelChoiceField(label=_("Finding"), queryset=Finding.objects.none(), required=False)
    measure = forms.ModelChoiceField(label=_("Order"), queryset=Measure.objects.none(), required=False)
    incident = forms.ModelChoiceField(label=_("Security incident"), queryset=Incident.objects.none(), required=False)
    concern = forms.ModelChoiceField(label=_("Report"), queryset=Concern.objects.none(), required=False)
    inspection = forms.ModelChoiceField(label=_("Inspection"), queryset=Inspection.objects.none(), required=False)
    version = forms.ModelChoiceField(label=_("Version"), queryset=Version.objects.none(), required=False)
    objection = forms.ModelChoiceField(label=_("Objection"), queryset=Objection.objects.none(), required=False)
    rule = forms.ModelChoiceField(label=_("Release rule"), queryset=ReleaseRule.objects.none(), required=False)
    description = forms.ModelChoiceField(
        label=_("Change of the description"), queryset=DescriptionChange.objects.none(), required=False
    )
    edition = forms.ModelChoiceField(label=_("Change"), queryset=GrantEdition.objects.none(), required=False)
    report = forms.ModelChoiceField(label=_("Usage report"), queryset=UsageReport.objects.none(), required=False)
    certificate = forms.ModelChoiceField(
        label=_("Certificate of destruction"), queryset=Certificate.objects.none(), required=False
    )
    review = forms.ModelChoiceField(label=_("Review"), queryset=Review.objects.none(), required=False)

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
