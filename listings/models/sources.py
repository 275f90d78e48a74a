"""The lawful-source file of a product, item by item."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.models.products import Product
from listings.states import SOURCE_FILE, SourceState
from marketplace.clock.working_days import local_date


class SourceKind(models.TextChoices):
    STATUTE = "statute", _("notice or statute")
    CONSENT = "consent", _("consent or other basis")
    AUTHORISATION = "authorisation", _("authorisation chain")


class SourceFileQuerySet(models.QuerySet["SourceFile"]):
    def standing(self) -> "SourceFileQuerySet":
        """The items that count: whatever was not withdrawn."""
        return self.exclude(state=SourceState.WITHDRAWN)

    def visible_to(self, user: Any) -> "SourceFileQuerySet":
        return self.filter(product__in=Product.objects.visible_to(user))


class SourceFile(models.Model):
    """One item of the lawful-source file: on what basis the data was obtained (Arts 11, 17), and who checked it."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="source_files")
    kind = models.CharField(_("kind"), max_length=16, choices=SourceKind.choices)
    title = models.CharField(_("document"), max_length=200)
    reference = models.CharField(_("number or place of publication"), max_length=200)
    summary = models.TextField(_("public summary"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=SourceState.choices, default=SourceState.UNCHECKED)
    check_words = models.TextField(_("what the check found"), blank=True)
    checked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = SourceFileQuerySet.as_manager()
    machine = SOURCE_FILE

    class Meta:
        verbose_name = _("item of the lawful-source file")
        constraints = (
            models.CheckConstraint(
                condition=Q(checked_at=None, checked_by=None) | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="source_checked_both",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "rejected"]) | Q(checked_at__isnull=False),
                name="source_checked_has_date",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return self.product.get_absolute_url()

    def has_lapsed(self, at: datetime) -> bool:
        return self.valid_until is not None and self.valid_until < local_date(at)
