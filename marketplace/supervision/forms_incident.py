"""Input about security incidents."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.delivery.models import Delivery
from marketplace.errors import is_allowed
from marketplace.supervision.incidents import Incident, IncidentKind
from marketplace.supervision.permissions_incident import check_can_decide_incident
from marketplace.verbs import RowsField, VerbForm, YesNoField, show_no_choice

TIME = "%Y-%m-%dT%H:%M"
MOST_DAYS = 60  # of all grants together: so many are offered, and may be named at once


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """A time to the minute, as the browser's own field gives it, or as ISO 8601."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TIME)
    return forms.DateTimeField(label=label, widget=widget, help_text=help_text)


def whole_minute(at: datetime) -> datetime:
    return timezone.localtime(at).replace(second=0, microsecond=0)


def long_text(label: Any, rows: int = 5, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=8000, widget=forms.Textarea(attrs={"rows": rows}), **more)


class DaysField(forms.MultipleChoiceField):
    """Days of grants, `17:2026-03-31`: the newest are offered, any may be named. The form says which are unknown."""

    def valid_value(self, value: str) -> bool:
        return True


class OpenIncidentForm(forms.Form):
    """For which of one's parties, what happened, since when it is known, and with which copies."""

    party = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Reported by"))
    kind = forms.ChoiceField(choices=IncidentKind.choices, label=_("Kind"))
    title = forms.CharField(max_length=200, label=_("What happened, in one line"))
    facts = long_text(_("What is known: how, since when, which data"))
    noticed_at = moment_field(_("When it was noticed"), _("One hour for the first reports runs from here."))
    may_identify = YesNoField(label=_("May people have become recognisable?"))
    only_under = RowsField(
        queryset=Grant.objects.none(), required=False, label=_("Only copies obtained under"),
        widget=forms.CheckboxSelectMultiple, help_text=_("Leave all empty when the version itself is concerned."),
    )  # fmt: skip

    only_deliveries = DaysField(
        required=False, label=_("Only these deliveries"), widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_(
            "Where only what was handed over on some days is concerned: the days of each grant. Leave all empty when "
            "the version itself is concerned."
        ),
    )  # fmt: skip
    older_deliveries = forms.CharField(
        required=False, label=_("Older deliveries"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "The list has the newest days. Name older ones with the number of the grant, one a line: G000001 2026-03-31"
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, version: Version | None, user: Any, parties: Any, at: datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["party"].queryset = parties  # type: ignore[attr-defined]
        visible = (
            Grant.objects.visible_to(user).filter(deliveries__version=version) if version else Grant.objects.none()
        )
        self.fields["only_under"].queryset = visible.select_related("product").distinct().order_by("pk")  # type: ignore[attr-defined]
        self.handed_over = (
            Delivery.objects.visible_to(user).filter(version=version) if version else Delivery.objects.none()
        ).annotate(day=TruncDate("obtained_at", tzinfo=SHANGHAI))
        newest = _newest_days(self.handed_over)
        self.fields["only_deliveries"].choices = newest  # type: ignore[attr-defined]
        if len(newest) < MOST_DAYS:  # the list has all there are
            del self.fields["older_deliveries"]
        if version and not newest:
            show_no_choice(self, "only_under", "only_deliveries")
        self.initial |= {"noticed_at": whole_minute(at), "party": parties.first() if version else None}

    def clean_only_deliveries(self) -> list[Delivery]:
        return self._of_days(self.cleaned_data["only_deliveries"], ":")

    def clean_older_deliveries(self) -> list[Delivery]:
        lines = self.cleaned_data["older_deliveries"].splitlines()
        return self._of_days([" ".join(line.split()) for line in lines if line.strip()], " ")

    def clean(self) -> dict[str, Any]:
        """The days of both fields together: it is one list of deliveries that is concerned."""
        fields = self.cleaned_data
        older = fields.pop("older_deliveries", [])
        fields["only_deliveries"] = list(dict.fromkeys([*fields.get("only_deliveries", []), *older]))
        return fields

    def _of_days(self, named: list[str], between: str) -> list[Delivery]:
        """What was handed over on each of these days, as far as the person sees it; an unknown day is refused."""
        days = {text: _grant_and_day(text, between) for text in named}
        if len(days) > MOST_DAYS:
            raise forms.ValidationError(_("Choose at most %(most)s days."), params={"most": MOST_DAYS})
        known = [day for day in days.values() if day]
        rows = self.handed_over.filter(
            grant__in={grant for grant, _day in known}, day__in={day for _grant, day in known}
        )
        found = dict[tuple[int | None, date], list[Delivery]]()
        for row in rows.order_by("grant", "obtained_at", "pk"):
            found.setdefault((row.grant_id, local_date(row.obtained_at)), []).append(row)
        if unknown := [text for text, day in days.items() if day is None or day not in found]:
            raise forms.ValidationError(
                _("Nothing of this version was handed over then, as far as you see: %(days)s."),
                params={"days": ", ".join(unknown)},
            )
        return [row for day in days.values() if day for row in found[day]]


def _grant_and_day(text: str, between: str) -> tuple[int, date] | None:
    """`17:2026-03-31`, or as people write it `G000017 2026-03-31`; None for anything else."""
    number, _sign, day = text.partition(between)
    key = number.upper().removeprefix("G")
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return (int(key), found) if key.isascii() and key.isdigit() and len(key) <= 12 else None


def _newest_days(rows: QuerySet[Delivery]) -> list[tuple[str, str]]:
    """The newest days on which something was handed over under a grant, as choices."""
    pairs = list(rows.values_list("grant", "day").distinct().order_by("-day", "grant")[:MOST_DAYS])
    grants = Grant.objects.select_related("product", "buyer").in_bulk({grant for grant, _day in pairs})
    return [(f"{grant}:{day}", f"{grants[grant]} · {day}") for grant, day in pairs]


class FactForm(VerbForm):
    """When it happened, and what there is to say about it."""

    when = moment_field(_("When"))
    text = long_text(_("Text"))

    def prepare(self) -> None:
        self.initial["when"] = max(whole_minute(self.at), self.target.noticed_at or self.at)


class FirstReportForm(FactForm):
    """Drafted from what the case knows, in Chinese, to be edited by whoever reports."""

    def prepare(self) -> None:
        super().prepare()
        if self.target.pk:
            self.initial["text"] = draft_report(self.target)


class SupplementForm(VerbForm):
    text = long_text(_("What became known"))
    may_identify = YesNoField(label=_("May people have become recognisable?"))

    def prepare(self) -> None:
        self.initial["may_identify"] = self.target.may_identify

    def clean_may_identify(self) -> bool:
        said: bool = self.cleaned_data["may_identify"]
        takes_back = self.target.may_identify and not said
        if takes_back and not is_allowed(check_can_decide_incident, self.actor, self.target, self.at):
            raise forms.ValidationError(_("Only who decides about the incident takes this back, with the reason."))
        return said


class NoticeForm(VerbForm):
    """To the holders: drafted from the case."""

    text = long_text(_("Text"), 7)

    def prepare(self) -> None:
        if self.target.pk:
            self.initial["text"] = draft_notice(self.target)


class PublicNoticeForm(VerbForm):
    text = long_text(
        _("Notice to the public"),
        7,
        help_text=_(
            "What happened, which data, since when, what people can do, whom they can ask. No detail that helps an "
            "attacker."
        ),
    )

    def prepare(self) -> None:
        if self.target.pk:
            self.initial["text"] = draft_public_notice(self.target)


class LessonsForm(VerbForm):
    lessons = long_text(_("Lessons"), help_text=_("What caused it, and what is done so that it does not happen again."))


def _facts(incident: Incident) -> dict[str, Any]:
    noticed = timezone.localtime(incident.noticed_at)
    return {
        "kind": incident.get_kind_display(), "data": incident.version, "noticed": f"{noticed:%Y-%m-%d %H:%M}",
        "holders": incident.copies.values("grant__buyer").distinct().count(), "title": incident.title,
        "people": incident.people_known, "facts": incident.facts,
        "address": f"{settings.SITE_URL}{incident.get_absolute_url()}", "seller": incident.version.product.seller,
    }  # fmt: skip


def draft_report(incident: Incident) -> str:
    with override("zh-hans"):
        return gettext(
            "%(title)s. Kind: %(kind)s. Data: %(data)s. Noticed: %(noticed)s. What is known: %(facts)s\n"
            "Holders of copies: %(holders)s. People in the data: %(people)s.\nMeasures taken and planned: "
        ) % _facts(incident)


def draft_notice(incident: Incident) -> str:
    with override("zh-hans"):
        return gettext(
            "On %(noticed)s a security incident was noticed with %(data)s (%(kind)s), of which you obtained a copy or "
            "something built from it. Check your copies and systems, pass no copy on, and tell us at once what you "
            "find."
        ) % _facts(incident)


def draft_public_notice(incident: Incident) -> str:
    with override("zh-hans"):
        return gettext(
            "On %(noticed)s a security incident was noticed with the data “%(data)s” of %(seller)s. It cannot be ruled "
            "out that people can be recognised by it. Take care with calls and messages that know more about you than "
            "they should, and ask %(seller)s what you want to know."
        ) % _facts(incident)
