"""Catalogue entries: what providing units hold, and who oversees it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.reach import reach_of
from listings.states import CATALOGUE_ENTRY, EntryState


class Sharing(models.TextChoices):
    UNCONDITIONAL = "unconditional", _("shared unconditionally")
    CONDITIONAL = "conditional", _("shared on conditions")
    WITHHELD = "withheld", _("withheld")


class Opening(models.TextChoices):
    OPENLY_AVAILABLE = "openly_available", _("openly available")
    ON_APPLICATION = "on_application", _("open on application")
    NOT_OPEN = "not_open", _("not open")


class Frequency(models.TextChoices):
    REAL_TIME = "real_time", _("real time")
    DAILY = "daily", _("daily")
    MONTHLY = "monthly", _("monthly")
    QUARTERLY = "quarterly", _("quarterly")
    YEARLY = "yearly", _("yearly")
    IRREGULAR = "irregular", _("irregular")


def overseen(user: Any) -> models.Q:
    """The parties' authorities among the user's, by key: used with a field that names the competent authority."""
    return Q(authority__in=reach_of(user, timezone.now()).authorities)


def is_provincial_officer(user: Any) -> bool:
    """The province sees every case."""
    return reach_of(user, timezone.now()).is_province


class CatalogueEntryQuerySet(models.QuerySet["CatalogueEntry"]):
    def listable(self) -> "CatalogueEntryQuerySet":
        """Published entries that products may be made of: the same condition as `may_be_listed`."""
        published = self.filter(state=EntryState.PUBLISHED)
        return published.exclude(opening=Opening.NOT_OPEN).exclude(sharing=Sharing.WITHHELD)

    def visible_to(self, user: Any) -> "CatalogueEntryQuerySet":
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        own = Q(unit__in=who.parties) | Q(authority__in=who.authorities)
        return self.filter(Q(state=EntryState.PUBLISHED) | own)


class CatalogueEntry(models.Model):
    """What a providing unit holds (Art. 10), how it may be shared (Art. 14) and opened (Art. 15)."""

    unit = models.ForeignKey(
        Party, verbose_name=_("providing unit"), on_delete=models.PROTECT, related_name="catalogue_entries"
    )
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"))
    sharing = models.CharField(_("sharing type"), max_length=20, choices=Sharing.choices)
    withheld_basis = models.CharField(_("legal basis where withheld"), max_length=300, blank=True)
    opening = models.CharField(_("opening type"), max_length=20, choices=Opening.choices)
    frequency = models.CharField(_("update frequency"), max_length=12, choices=Frequency.choices)
    contact = models.CharField(_("quality contact"), max_length=200)
    state = models.CharField(_("state"), max_length=12, choices=EntryState.choices, default=EntryState.PROPOSED)
    created_at = models.DateTimeField()

    objects = CatalogueEntryQuerySet.as_manager()
    machine = CATALOGUE_ENTRY

    class Meta:
        verbose_name = _("catalogue entry")
        constraints = (
            models.CheckConstraint(
                condition=~Q(sharing=Sharing.WITHHELD) | ~Q(withheld_basis=""),
                name="entry_withheld_has_basis",
                violation_error_message=_("Data may be withheld only on a legal basis: name it (Art. 14)."),
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("listings:entry", args=[self.pk])

    @property
    def may_be_listed(self) -> bool:
        """Neither withheld (Art. 14) nor closed (Art. 15)."""
        return self.opening != Opening.NOT_OPEN and self.sharing != Sharing.WITHHELD
