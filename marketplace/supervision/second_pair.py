"""A second pair of eyes: where an authority wants it, what one officer signed waits for another."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.queries import in_whose_place
from marketplace.supervision.models import Measure


class SecondPairRule(models.Model):
    """An authority whose orders, and whatever ends a case of its, take two people of who signs."""

    authority = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="second_pair_rule")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.authority)


class What(models.TextChoices):
    ISSUE = "issue", _("issue the order")
    TERMINATE = "terminate", _("terminate the service")
    REFER = "refer", _("refer for discipline")
    FINAL = "make_final", _("make the take-down final")


class Outcome(models.TextChoices):
    CONFIRMED = "confirmed", _("confirmed")
    SENT_BACK = "sent_back", _("sent back")
    OVERTAKEN = "overtaken", _("overtaken: the case ended otherwise")


class SignatureQuerySet(models.QuerySet["Signature"]):
    def waiting(self) -> "SignatureQuerySet":
        return self.filter(outcome="")


class Signature(models.Model):
    """What one officer signed, with its texts, until another confirms it or sends it back."""

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="signatures")
    what = models.CharField(max_length=10, choices=What.choices)
    texts = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    acting_for = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_for = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["measure"], condition=Q(outcome=""), name="signature_one_waiting"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_by=None, ended_at=None)
                | ~Q(outcome="") & Q(ended_by__isnull=False, ended_at__isnull=False),
                name="signature_ended_all",
            ),
            models.CheckConstraint(
                condition=Q(ended_for=None) | Q(ended_by__isnull=False), name="signature_ended_for_by"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "overtaken"]) | ~Q(ended_by=F("by")), name="signature_two_persons"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.measure}"

    @property
    def first(self) -> str:
        """Who signed it and, of a deputy, in whose place."""
        return in_whose_place(self.by, self.acting_for)

    @property
    def second(self) -> str:
        """Who ended it, likewise; empty while it waits."""
        return in_whose_place(self.ended_by, self.ended_for) if self.ended_by else ""


def waiting_signature(measure: Any) -> Signature | None:
    return Signature.objects.waiting().select_related("by", "acting_for").filter(measure=measure).first()


def is_waiting(measure: Any) -> bool:
    return Signature.objects.waiting().filter(measure=measure).exists()
