"""Messages that leave an operation: written in its transaction, sent afterwards, at least once."""

from django.db import models
from django.db.models import Q

from marketplace.notices.kinds import Delivery, Group


class Channel(models.TextChoices):
    PAGE = "page"
    EMAIL = "email"


class OutboxState(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Preference(models.Model):
    """How a person wants to hear of one group of notices. Without a row: by mail at once."""

    recipient_ref = models.CharField(max_length=80)
    group = models.CharField(max_length=10, choices=Group.choices)
    delivery = models.CharField(max_length=8, choices=Delivery.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["recipient_ref", "group"], name="preference_once"),)

    def __str__(self) -> str:
        return f"{self.recipient_ref}: {self.group} {self.delivery}"


class Digest(models.Model):
    """One mail that gathers what waits for a person; at most one for each morning, and one open at a time.

    Once a worker has claimed it nothing is added: it may have been sent, and stays what it was.
    """

    recipient_ref = models.CharField(max_length=80)
    morning = models.DateTimeField()
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["recipient_ref", "morning"], name="digest_one_a_morning"),
            models.UniqueConstraint(fields=["recipient_ref"], condition=Q(state="pending"), name="digest_one_open"),
        )
        indexes = (models.Index(fields=["next_try"], condition=Q(state="pending"), name="digest_due"),)

    def __str__(self) -> str:
        return f"{self.recipient_ref} {self.morning:%F}"


class Outbox(models.Model):
    """One message to one recipient by one channel. Page notices are sent by being there.

    `claims` counts how often a worker took it up, `attempts` how often it could not be sent then.

    A mail with a `rhythm` waits for the morning in `next_try` and then goes out as part of a `digest`.
    """

    dedup_key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    recipient_ref = models.CharField(max_length=80)
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10)
    kind = models.CharField(max_length=40)
    context = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    rhythm = models.CharField(max_length=8, choices=Delivery.choices, blank=True, default="")
    digest = models.ForeignKey(Digest, null=True, blank=True, on_delete=models.SET_NULL, related_name="rows")
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0)
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
