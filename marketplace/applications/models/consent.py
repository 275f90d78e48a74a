"""What stands before any single case: a unit's standing consent, a party's two-person rule."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User, valid_on
from accounts.reach import reach_of
from listings.models import CatalogueEntry
from marketplace.applications.states import STANDING_CONSENT, StandingState
from marketplace.clock.working_days import local_date


class StandingConsentQuerySet(models.QuerySet["StandingConsent"]):
    def visible_to(self, user: Any) -> "StandingConsentQuerySet":
        """The unit's people, and the officers who may rest an answer on it."""
        at = timezone.now()
        who = reach_of(user, at)
        if who.authorities:
            return self
        return self.filter(unit__in=who.parties)

    def in_force(self, at: datetime) -> "StandingConsentQuerySet":
        return self.filter(valid_on(local_date(at)), state=StandingState.GIVEN)


class StandingConsent(models.Model):
    """A unit's consent in writing, for a term, to named purposes and fields of one catalogue entry (Art. 15)."""

    unit = models.ForeignKey(
        Party, verbose_name=_("providing unit"), on_delete=models.PROTECT, related_name="standing_consents"
    )
    entry = models.ForeignKey(
        CatalogueEntry, verbose_name=_("catalogue entry"), on_delete=models.PROTECT, related_name="+"
    )
    document = models.CharField(_("written document: title, number, date"), max_length=200)
    purposes = models.TextField(_("purposes"))
    fields = models.JSONField(_("fields"))
    conditions = models.TextField(_("conditions"), blank=True)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    state = models.CharField(_("state"), max_length=10, choices=StandingState.choices, default=StandingState.GIVEN)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = StandingConsentQuerySet.as_manager()
    machine = STANDING_CONSENT

    class Meta:
        verbose_name = _("standing consent")
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_until")),
                name="standing_term",
                violation_error_message=_("The term cannot end before it begins."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.document} · {self.entry}"

    def get_absolute_url(self) -> str:
        return reverse("applications:standing-consent", args=[self.pk])


class TwoPersonRule(models.Model):
    """A party that wants it: one member prepares an application, another signs it by submitting."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="two_person_rule")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.party)
