"""What was answered to a request that may come again."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models import Party


class IdempotencyKey(models.Model):
    """The reply to a POST, kept with the write itself: the same key and body get the same reply, and one write."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    reply = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["party", "key"], name="idempotency_key_once"),)
        indexes = (models.Index(fields=["party", "created_at"], name="idempotency_key_age"),)

    def __str__(self) -> str:
        return f"{self.party}: {self.key}"
