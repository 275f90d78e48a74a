"""The files behind a case: what was proved with which, by whom, since when; the row outlives the content."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EvidenceSubject(models.TextChoices):
    IDENTITY = "identity", _("identity document")
    REGISTRATION = "registration", _("registration certificate")
    MANDATE = "mandate", _("mandate or power of attorney")
    OTHER = "other", _("other proof")
    SOURCE = "source", _("document of the lawful-source file")
    CORRECTION = "correction", _("evidence of correction")
    OBSERVATION = "observation", _("evidence of what was found")
    PLAN = "plan", _("emergency plan, or proof of a drill")


class EvidenceFormat(models.TextChoices):
    PDF = "pdf", "PDF"
    PNG = "png", "PNG"
    JPEG = "jpeg", "JPEG"


class Removal(models.TextChoices):
    WITHDRAWN = "withdrawn", _("taken back")
    RETENTION = "retention", _("kept long enough")
    ACCOUNT = "account", _("account closed")


class EvidenceQuerySet(models.QuerySet["EvidenceFile"]):
    """A file is never found by itself: only through its case, by who sees that and may read its files."""

    def of(self, case: models.Model) -> "EvidenceQuerySet":
        """What stands of a case."""
        return self.ever_of(case).filter(removed_at=None)

    def hashes(self) -> list[str]:
        """What an act rests on that takes the files as they stand."""
        return list(self.order_by("pk").values_list("sha256", flat=True))

    def ever_of(self, *cases: models.Model) -> "EvidenceQuerySet":
        """Of cases of one kind."""
        kinds = {case._meta.label_lower for case in cases}
        return self.filter(object_type__in=kinds, object_id__in=[str(case.pk) for case in cases])


class EvidenceFile(models.Model):
    """A file of a case, never changed. `party`: against whose room it counts. The name it had is not kept."""

    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    party = models.ForeignKey("accounts.Party", on_delete=models.PROTECT, related_name="evidence_files")
    subject = models.CharField(_("what it is"), max_length=12, choices=EvidenceSubject.choices)
    note = models.CharField(_("what it shows"), max_length=200, blank=True)
    kind = models.CharField(_("format"), max_length=4, choices=EvidenceFormat.choices)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(_("size"))
    key = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="evidence_files")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removal = models.CharField(max_length=10, choices=Removal.choices, blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence file")
        constraints = (
            models.UniqueConstraint(
                fields=["object_type", "object_id", "sha256"], condition=Q(removed_at=None), name="evidence_once_a_case"
            ),
            models.CheckConstraint(
                condition=(Q(removed_at=None, removal="") & ~Q(key=""))
                | (Q(removed_at__isnull=False, key="") & ~Q(removal="")),
                name="evidence_removed_all",
            ),
        )
        indexes = (models.Index(fields=["key"], name="evidence_key"),)

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.pk}"

    def is_by(self, user: Any) -> bool:
        return self.by_id == user.pk
