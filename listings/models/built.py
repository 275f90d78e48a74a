"""Products built on public data: from which versions, on which conditions, and what stands against more of it."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from listings.models.products import Product, Version


class Upstream(models.Model):
    """A version obtained under a grant, from which a product was built (Arts 16, 17).

    `conditions` are the grant's terms that travel along, frozen, one entry for each grant up to the first source.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="upstream")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="downstream")
    grant_ref = models.CharField(max_length=80)
    conditions = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["product", "version", "grant_ref"], name="upstream_once"),)

    def __str__(self) -> str:
        return f"{self.version} → {self.product}"


class ProductStopQuerySet(models.QuerySet["ProductStop"]):
    def standing(self, at: datetime) -> "ProductStopQuerySet":
        return self.filter(Q(lifted_at=None) | Q(lifted_at__gt=at), Q(ends_at=None) | Q(ends_at__gt=at))


class ProductStop(models.Model):
    """Why nothing new may come of a built product: no version, no grant. What is granted already goes on.

    One for each hold, or end, of a grant it was built under (`source_ref`); two stops need two lifts.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="stops")
    source_ref = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects: Any = ProductStopQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["product", "source_ref"], condition=Q(lifted_at=None), name="product_stop_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product}: {self.reason}"
