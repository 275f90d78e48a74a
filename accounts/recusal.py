"""Who has stepped back from a single case (Art. 45): they see it still, and decide neither it nor what comes of it."""

from typing import Any

from django.conf import settings
from django.db import models


class RecusalQuerySet(models.QuerySet["Recusal"]):
    def of(self, case: models.Model) -> "RecusalQuerySet":
        return self.filter(object_type=case._meta.label_lower, object_id=str(case.pk))

    def note(self, case: models.Model, user: models.Model, **said: Any) -> None:
        """Once for each person and case: what was said first stands."""
        self.get_or_create(user=user, object_type=case._meta.label_lower, object_id=str(case.pk), defaults=said)


class Recusal(models.Model):
    """Somebody who declared themselves biased in a case. `colleague`: to whom they passed it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="recusals")
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    reason = models.TextField()
    colleague = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    objects = RecusalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["object_type", "object_id", "user"], name="recusal_once_a_case"),
        )

    def __str__(self) -> str:
        return f"{self.object_type}:{self.object_id}: {self.user}"
