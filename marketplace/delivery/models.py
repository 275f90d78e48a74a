"""What went to whom, and every time somebody asked."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from listings.models import Version
from marketplace.applications.models import Grant


class Format(models.TextChoices):
    CSV = "csv", "CSV"
    PARQUET = "parquet", "Parquet"


class Extract(models.Model):
    """The file made of a version for one set of fields in one format: made once, served often, never public."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="extracts")
    fields = models.JSONField()
    fields_hash = models.CharField(max_length=64)
    format = models.CharField(max_length=8, choices=Format.choices)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    key = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "fields_hash", "format"], name="extract_once"),)

    def __str__(self) -> str:
        return f"{self.version} {self.format}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Any) -> "DeliveryQuerySet":
        return self.filter(grant__in=Grant.objects.visible_to(user))


class Delivery(models.Model):
    """A version handed over. The attribution's date obtained is read from here, never typed (Art. 16)."""

    grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="deliveries")
    principal = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    extract = models.ForeignKey(Extract, on_delete=models.PROTECT, related_name="+")
    obtained_at = models.DateTimeField()
    fields = models.JSONField()
    rows = models.PositiveBigIntegerField()
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    is_examined = models.BooleanField(default=False)  # looked at by the monitor of what lies outside the grant

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        constraints = (
            models.CheckConstraint(
                condition=Q(grant=None, principal=None) | Q(grant__isnull=False, principal__isnull=False),
                name="delivery_grant_and_principal",
            ),
        )
        indexes = (
            models.Index(fields=["grant", "version", "obtained_at"], name="delivery_of_grant"),
            models.Index(fields=["id"], condition=Q(is_examined=False), name="delivery_to_examine"),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.obtained_at:%F}"


class DailyUse(models.Model):
    """What was handed over under a grant on one day, counted as each delivery is recorded: no monitor adds them up."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="daily_uses")
    day = models.DateField()
    downloads = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    is_judged = models.BooleanField(default=False)  # whether the monitor of sudden changes has looked at the whole day

    class Meta:
        constraints = (models.UniqueConstraint(fields=["grant", "day"], name="daily_use_once"),)
        indexes = (
            models.Index(fields=["day"], name="daily_use_of_day"),
            models.Index(fields=["id"], condition=Q(is_judged=False), name="daily_use_to_judge"),
        )

    def __str__(self) -> str:
        return f"{Grant.number_of(self.grant_id)} {self.day}: {self.downloads}"


class Outcome(models.TextChoices):
    ALLOWED = "allowed", _("allowed")
    REFUSED = "refused", pgettext_lazy("delivery", "refused")


OUTSIDE_ACCESS = ("outside_hours", "outside_networks")  # codes of the gate: not then, not from there


class AccessRecord(models.Model):
    """Every request for data, also each refused one. Plain references: it outlives what it names."""

    grant_ref = models.CharField(max_length=80, blank=True)
    version_ref = models.CharField(max_length=80)
    principal_ref = models.CharField(max_length=80)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    code = models.CharField(max_length=40)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    is_judged = models.BooleanField(default=False)  # whether the monitor of attempts from outside has looked at its day

    class Meta:
        indexes = (
            models.Index(fields=["grant_ref", "-id"], name="access_of_grant"),
            models.Index(fields=["at"], condition=Q(code__in=OUTSIDE_ACCESS, is_judged=False), name="access_to_judge"),
        )

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.outcome}"
