"""What a seller's own machine found before anything was uploaded: a signed report about a file (Art. 17)."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.deidentification import signed
from listings.models.versions import Version


class InHouseReport(models.Model):
    """A report as it was handed in, its signature and its consistency checked. Never changed, and never believed: the
    gate measures the file itself. `sha256` is of the original file, `document` the whole of what was signed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="in_house_reports")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(_("file name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    engine = models.CharField(_("engine version"), max_length=40)
    mode = models.CharField(max_length=10)
    passes = models.BooleanField()
    assessed_at = models.DateTimeField()
    public_key = models.CharField(max_length=64)
    document = models.JSONField()

    class Meta:
        verbose_name = _("report made in house")
        constraints = (
            models.UniqueConstraint(fields=["version", "sha256", "assessed_at"], name="in_house_report_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.assessed_at:%F}"

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["body"]["report"]
        return found

    @property
    def fingerprint(self) -> str:
        return signed.fingerprint(self.public_key)
