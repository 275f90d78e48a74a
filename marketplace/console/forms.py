"""Forms of the settings, and the reason that an overseer states."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.clock import working_days
from marketplace.clock.models import CalendarDay
from marketplace.verbs import RefusalForm


def words(label: Any, limit: int, help_text: Any = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=limit, widget=area, help_text=help_text)


class StatedReasonForm(forms.Form):
    reason = words(_("Reason"), 4000, _("Recorded with your name, the case and the day."))


class QuestionForm(forms.Form):
    question = words(_("Question"), 4000)


class AnswerForm(forms.Form):
    answer = words(_("Answer"), 8000)


class DeadlineForm(forms.Form):
    days = forms.IntegerField(label=_("Working days"), min_value=1, max_value=250)
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("The rule or decision that it follows."))
    reason = words(_("Reason"), 4000)


class DaysField(forms.CharField):
    """Dates, one a line, as a sorted list."""

    default_error_messages = {"invalid": _("“%(text)s” is no date: write 2027-10-01, one a line.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=6000, required=False, widget=forms.Textarea(attrs={"rows": 8}), **kwargs)

    def clean(self, value: Any) -> Any:
        found = set()
        for text in re.split(r"[\s,;，；、]+", super().clean(value)):
            try:
                found |= {date.fromisoformat(text)} if text else set()
            except ValueError as error:
                raise forms.ValidationError(
                    self.error_messages["invalid"], code="invalid", params={"text": text}
                ) from error
        return sorted(found)


class YearForm(forms.Form):
    """A year's calendar, filled with what the site counts with at present."""

    days_off = DaysField(label=_("Weekdays that are days off"), help_text=_("One date a line."))
    make_up_days = DaysField(label=_("Weekends that are worked"), help_text=_("One date a line."))
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("Title and number of the notice."))
    reason = words(_("Reason"), 4000)

    def __init__(self, *args: Any, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = [date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())]
        overrides = dict(CalendarDay.objects.filter(date__year=year).values_list("date", "is_workday"))
        worked = {day: overrides.get(day, working_days.package_says(day)) for day in days}
        self.initial = {
            "days_off": "\n".join(str(day) for day in days if day.weekday() < 5 and not worked[day]),
            "make_up_days": "\n".join(str(day) for day in days if day.weekday() >= 5 and worked[day]),
        }


class RegionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=40)
    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    reason = words(_("Reason"), 4000)


class ReasonOnlyForm(forms.Form):
    reason = words(_("Reason"), 4000)


class ExplainForm(forms.Form):
    reason = words(_("Why it ran out"), 4000)
    is_at_fault = forms.BooleanField(label=_("It was the office's own fault"), required=False)


class PurposeForm(forms.Form):
    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Latin letters, digits and hyphens. It never changes.")
    )
    name = forms.CharField(label=_("Name"), max_length=60)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    reason = words(_("Reason"), 4000)


class SignRuleForm(forms.Form):
    """`authorities` are those for which the person may sign."""

    authority = forms.ModelChoiceField(queryset=None, label=_("Authority"), empty_label=None)
    text = words(_("What the proposed order demands"), 2000, _("Left empty, the order demands the duty by its name."))
    reason = words(_("Reason"), 4000)

    def __init__(self, *args: Any, authorities: Any, has_text: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["authority"].queryset = authorities  # type: ignore[attr-defined]
        self.fields["text"].required = False
        if not has_text:
            del self.fields["text"]


class NewRegionForm(RegionForm):
    code = forms.RegexField(r"^\d{6}$", label=_("Code (GB/T 2260)"), help_text=_("Six digits: they say where it lies."))
    field_order = ("code", "name", "name_en", "reason")


class ShownField(forms.Field):
    """Of each proposal its number and the digest of what was shown of it, as a mapping."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": _("Choose at least one proposal."),
        "invalid": _("Choose the proposals again."),
    }

    def clean(self, value: Any) -> dict[int, str]:
        found = {}
        for one in super().clean(value):
            key, _colon, digest = one.partition(":")
            if not re.fullmatch(r"[0-9]{1,11}", key):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
            found[int(key)] = digest
        return found


class SignSeveralForm(RefusalForm):
    """One reason and one remedy for all that was shown."""

    shown = ShownField()
    field_order = ("reason", "remedy", "shown")
