"""What overseers gave as their reason before they read a case."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.reach import reach_of


class ReadingQuerySet(models.QuerySet["Reading"]):
    def visible_to(self, user: Any) -> "ReadingQuerySet":
        """The overseer's own organisation, and the province, which watches the watchers."""
        who = reach_of(user, timezone.now())
        return self if who.is_province else self.filter(party__in=who.parties)


class Reading(models.Model):
    """An overseer opened one case on one day, for a stated reason. Apart from the case: its parties are not told."""

    by = models.ForeignKey(User, verbose_name=_("overseer"), on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="+")
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    title = models.CharField(_("case"), max_length=300)
    day = models.DateField(_("day"))
    reason = models.TextField(_("reason"))
    at = models.DateTimeField()

    objects = ReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading")
        constraints = (
            models.UniqueConstraint(fields=["by", "object_type", "object_id", "day"], name="reading_once_a_day"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="reading_has_reason"),
        )

    def __str__(self) -> str:
        return self.title
