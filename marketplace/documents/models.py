"""Numbered documents: what was decided, frozen when it was, and the PDF made of it once."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User


class Paper(models.TextChoices):
    ORDER = "order", _("Order to correct, with suspension of the data service")
    CORRECTION = "correction", _("Order to correct within a time")
    HEARING = "hearing", _("Notice of intent to find a refusal to correct, with the time to be heard")
    REFUSAL_FOUND = "refusal_found", _("Finding of a refusal to correct")
    REFERRAL = "referral", _("Decision to refer an order that was not obeyed")
    LIFTING = "lifting", _("Decision to lift an order")
    TERMINATION = "termination", _("Decision to terminate the data service")
    NOTICE = "notice", _("Contract notice, with suspension of the data service")
    NOTICE_EXTENSION = "notice_extension", _("More time to correct after a contract notice")
    NOTICE_LIFTING = "notice_lifting", _("Lifting of a contract notice")
    NOTICE_TERMINATION = "notice_termination", _("Termination of the data service after a contract notice")
    NOTICE_ANNULMENT = "notice_annulment", _("Annulment of a contract notice")
    TAKE_DOWN = "take_down", _("Decision to take data down")
    TAKE_DOWN_LIFTING = "take_down_lifting", _("Decision to lift a take-down")
    TAKE_DOWN_FINAL = "take_down_final", _("Decision to make a take-down final")
    TAKE_DOWN_ANNULMENT = "take_down_annulment", _("Decision to annul a take-down")
    EXTENSION = "extension", _("Decision to extend the time to correct")
    ANNULMENT = "annulment", _("Decision to annul an order")
    GRANT = "grant", _("Decision to grant the use of data")
    REFUSAL = "refusal", _("Decision to refuse the use of data")
    REVIEW = "review", _("Decision on a review")
    CERTIFICATE = "certificate", _("Certificate of destruction, checked")


ANNULMENTS = (Paper.ANNULMENT, Paper.NOTICE_ANNULMENT, Paper.TAKE_DOWN_ANNULMENT)
# What documents are about: whoever sees the case sees its documents. By name, as these apps stand to the right.
CASES = ("supervision.measure", "applications.item", "supervision.review", "supervision.certificate")


def served(seen_at: datetime | None, deemed_served_at: datetime | None) -> datetime | None:
    """When something was served: opened by somebody of its party or, if not before, the last moment of the last day for
    that."""
    latest = deemed_served_at and deemed_served_at - timedelta(microseconds=1)
    return min(filter(None, (seen_at, latest)), default=None)


def new_token() -> str:
    return secrets.token_urlsafe(12)


class Series(models.Model):
    """The last number that an issuer gave in a year; its row is held until the act is through."""

    prefix = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["prefix", "year"], name="series_once"),)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: Any) -> "DocumentQuerySet":
        found = Q(pk__in=[])
        for label in CASES:
            rows: Any = apps.get_model(label)._default_manager
            keys = rows.visible_to(user).order_by().values(key=Cast("pk", CharField()))
            found |= Q(object_type=label, object_id__in=keys)
        return self.filter(found)

    def of(self, obj: models.Model) -> "DocumentQuerySet":
        return self.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk)).order_by("pk")

    def unopened(self) -> "DocumentQuerySet":
        """Served by being opened, and opened by nobody of its party yet."""
        return self.filter(seen_at=None, deemed_served_at__isnull=False)

    def due(self) -> "DocumentQuerySet":
        """Whose file is not made yet."""
        return self.filter(rendered_at=None)


class Document(models.Model):
    """One decision on paper. `content` is all that is printed; the file is made of it once and kept.

    `token` is in the QR code: who has the paper can ask whether it is genuine, and nobody else can guess it.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Paper.choices)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    issuer = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, verbose_name=_("to"), on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    token = models.CharField(max_length=24, unique=True, default=new_token)
    issued_at = models.DateTimeField(_("date"))
    pdf = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    deemed_served_at = models.DateTimeField(null=True, blank=True)  # of what is served by being opened: the latest
    void_at = models.DateTimeField(null=True, blank=True)  # what it decided was annulled; the file stays as it is

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("numbered document")
        constraints = (
            models.CheckConstraint(
                condition=Q(rendered_at=None, pdf=None, sha256="")
                | (Q(rendered_at__isnull=False, pdf__isnull=False) & ~Q(sha256="")),
                name="document_file_whole",
            ),
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="document_seen_both",
            ),
        )
        indexes = (
            models.Index(fields=["object_type", "object_id"], name="document_of"),
            models.Index(fields=["id"], condition=Q(rendered_at=None), name="document_due"),
        )

    def __str__(self) -> str:
        return f"{self.number} · {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("documents:file", args=[self.pk])

    @property
    def served_at(self) -> datetime | None:
        return served(self.seen_at, self.deemed_served_at)
