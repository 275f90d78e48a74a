"""Whose figures, and of which period: asked in the same way on pages and by partners' systems."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, Party, RegionLevel
from accounts.queries import authority_level, parties_as
from marketplace.clock.working_days import local_date
from marketplace.errors import NotAllowed
from marketplace.supervision.evaluation import Scope
from marketplace.supervision.preparedness import EARLIEST

LONGEST = 366 * 5  # days
LATEST = date(2100, 1, 1)  # of any day that is asked for
BOUNDS = (MinValueValidator(EARLIEST), MaxValueValidator(LATEST))


def a_day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=BOUNDS)


class PeriodForm(forms.Form):
    """Whose evaluation, from when until when; without an authority, which only the province may say, everybody's."""

    authority = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Authority"), required=False)
    first, last = a_day(_("From")), a_day(_("Until"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = timezone.now()
        own = parties_as(user, CapabilityKind.AUTHORITY, at).order_by("pk")
        self.is_province = any(authority_level(one, at) == RegionLevel.PROVINCE for one in own)
        field = self.fields["authority"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = own if not self.is_province else Party.objects.filter(
            capabilities__kind=CapabilityKind.AUTHORITY
        ).distinct().order_by("region", "pk")  # fmt: skip
        field.empty_label = str(_("the whole province")) if self.is_province else None
        field.required = not self.is_province

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and not 0 <= (last - first).days <= LONGEST:
            raise forms.ValidationError(_("A period ends after it begins, and lasts five years at most."))
        return self.cleaned_data

    @classmethod
    def asked(cls, said: Any, user: Any) -> "PeriodForm":
        """Of what was sent; where something was not, this year so far of the person's own authority.

        Raises NotAllowed for whoever acts for no authority.
        """
        at = timezone.now()
        own = parties_as(user, CapabilityKind.AUTHORITY, at).order_by("pk").first()
        if own is None:
            raise NotAllowed(_("This is for officers of an authority."))
        today, given = local_date(at), said.copy()
        given.setdefault("authority", str(own.pk))
        given.setdefault("first", str(date(today.year, 1, 1)))
        given.setdefault("last", str(today))
        return cls(given, user=user)

    def scope(self) -> Scope:
        """Of what was asked for."""
        data = self.cleaned_data
        authority = data["authority"]
        return Scope([authority.pk] if authority else None, data["first"], data["last"], timezone.now())
