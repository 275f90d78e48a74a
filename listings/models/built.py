"""Products built on public data: from which versions, on which conditions, and what stands against more of it."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import PartyKind
from listings.models.products import Product
from listings.models.versions import Version


class UpstreamQuerySet(models.QuerySet["Upstream"]):
    def over(self, at: datetime) -> "UpstreamQuerySet":
        """Those whose grant is over, where the same product has no other grant on the same source that still runs."""
        runs = Upstream.objects.filter(
            Q(over_at=None) | Q(over_at__gt=at),
            product=OuterRef("product"),
            version__product=OuterRef("version__product"),
        )
        return self.filter(~Exists(runs), over_at__lte=at)


class Upstream(models.Model):
    """A version obtained under a grant, from which a product was built (Arts 16, 17).

    `conditions` are the grant's terms that travel along, frozen, one entry for each grant up to the first source.
    From `over_at` on the grant gives nothing any more: its period's end, or when it was surrendered or closed. None
    where an officer found that the product stands without it.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="upstream")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="downstream")
    grant_ref = models.CharField(max_length=80)
    conditions = models.JSONField(default=list)
    over_at = models.DateTimeField(null=True, blank=True)

    objects: Any = UpstreamQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["product", "version", "grant_ref"], name="upstream_once"),)

    def __str__(self) -> str:
        return f"{self.version} → {self.product}"

    @property
    def grant_number(self) -> str:
        """The grant's own conditions are the last of those that travel along. Empty for a natural person's, which its
        number would tell from the register, and for one on non-public data."""
        is_person = self.product.seller.kind == PartyKind.PERSON
        return "" if is_person or not self.conditions else str(self.conditions[-1]["grant"])


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
