"""Messages that leave an operation: written in its transaction, sent afterwards, at least once."""

from django.db import models
from django.db.models import Q


class Channel(models.TextChoices):
    PAGE = "page"
    EMAIL = "email"


class OutboxState(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Outbox(models.Model):
    """One message to one recipient by one channel. Page notices are sent by being there."""

    dedup_key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient_ref = models.CharField(max_length=80)
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10)
    kind = models.CharField(max_length=40)
    context = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["next_try"], condition=Q(state="pending"), name="outbox_due"),
            models.Index(fields=["recipient_ref", "-id"], name="outbox_recipient"),
        )

    def __str__(self) -> str:
        return self.dedup_key
