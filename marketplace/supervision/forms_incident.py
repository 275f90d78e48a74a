"""Input about security incidents."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.supervision.incidents import Incident, IncidentKind
from marketplace.verbs import RowsField, VerbForm, YesNoField

TIME = "%Y-%m-%dT%H:%M"


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """A time to the minute, as the browser's own field gives it, or as ISO 8601."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TIME)
    return forms.DateTimeField(label=label, widget=widget, help_text=help_text)


def whole_minute(at: datetime) -> datetime:
    return timezone.localtime(at).replace(second=0, microsecond=0)


def long_text(label: Any, rows: int = 5, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=8000, widget=forms.Textarea(attrs={"rows": rows}), **more)


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

    only_deliveries = forms.MultipleChoiceField(
        required=False, label=_("Only these deliveries"), widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_(
            "Where only what was handed over on some days is concerned: the days of each grant. Leave all empty when "
            "the version itself is concerned."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, version: Version | None, user: Any, parties: Any, at: datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["party"].queryset = parties  # type: ignore[attr-defined]
        visible = (
            Grant.objects.visible_to(user).filter(deliveries__version=version) if version else Grant.objects.none()
        )
        self.fields["only_under"].queryset = visible.select_related("product").distinct().order_by("pk")  # type: ignore[attr-defined]
        self.days = _days(version, user) if version else {}
        self.fields["only_deliveries"].choices = [  # type: ignore[attr-defined]
            (key, f"{found[0].grant} · {local_date(found[0].obtained_at)}") for key, found in self.days.items()
        ]
        self.initial |= {"noticed_at": whole_minute(at), "party": parties.first() if version else None}

    def clean_only_deliveries(self) -> list[Delivery]:
        return [row for key in dict.fromkeys(self.cleaned_data["only_deliveries"]) for row in self.days[key]]


def _days(version: Version, user: Any) -> dict[str, list[Delivery]]:
    """What was handed over of a version, as far as the person sees it: grant and day -> its deliveries."""
    found = dict[str, list[Delivery]]()
    rows = Delivery.objects.visible_to(user).filter(version=version).select_related("grant__product", "grant__buyer")
    for row in rows.order_by("grant", "obtained_at", "pk"):
        found.setdefault(f"{row.grant_id}:{local_date(row.obtained_at)}", []).append(row)
    return found


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
        "people": incident.people_known or gettext("not known"), "facts": incident.facts,
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
