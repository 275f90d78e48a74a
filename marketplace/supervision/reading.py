"""What an officer has read of what a party filed: no refusal to correct is found over something unread."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Max

from accounts.models import EvidenceFile, User
from marketplace.supervision.models import Measure


class EvidenceReading(models.Model):
    """Up to which filing, and which file, one person has read what the party of a measure filed. Zero: none."""

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="readings")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    last_text = models.PositiveBigIntegerField(default=0)
    last_file = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["measure", "by"], name="reading_once"),)

    def __str__(self) -> str:
        return f"{self.measure}: {self.by}"


def newest_filed(measure: Measure) -> dict[str, int]:
    """The keys of the newest filing and file, as a reading keeps them. They grow: who files holds the measure."""
    texts = measure.evidence.aggregate(last=Max("pk"))
    files = EvidenceFile.objects.of(measure).aggregate(last=Max("pk"))
    return {"last_text": texts["last"] or 0, "last_file": files["last"] or 0}


def unread_since(measure: Measure, user: Any) -> datetime | None:
    """When the first was filed of what this person has not read; None where they have read it all."""
    read = EvidenceReading.objects.filter(measure=measure, by=user.pk).first() or EvidenceReading()
    times = [
        *measure.evidence.filter(pk__gt=read.last_text).values_list("at", flat=True),
        *EvidenceFile.objects.of(measure).filter(pk__gt=read.last_file).values_list("at", flat=True),
    ]
    return min(times, default=None)
