"""Derived products: what developers built on the data, and from which deliveries."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, PartyKind
from accounts.reach import found_by, reach_of
from listings.models import Product, Version
from marketplace.applications.models import Grant
from marketplace.supervision.states import DERIVED_PRODUCT, DerivedState


def new_token() -> str:
    return secrets.token_urlsafe(12)


# Whether it is flagged or not: public is what its keeper published, never what is only listed as a data product.
PUBLIC_DERIVED = Q(state="published") | Q(state="flagged", published_at__isnull=False)


class DerivedProductQuerySet(models.QuerySet["DerivedProduct"]):
    def visible_to(self, user: Any) -> "DerivedProductQuerySet":
        if not user.is_authenticated:
            return self.filter(PUBLIC_DERIVED)
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        over_grants = Q(built_from__grant__authority__in=who.authorities)
        return self.filter(PUBLIC_DERIVED | found_by(self.model, Q(party__in=who.parties), over_grants))

    def with_developer(self) -> "DerivedProductQuerySet":
        """With its party, and whether anybody may read its name: a natural person's where they agreed to stand by name
        in the register for every grant that it is built from."""
        unnamed = DerivedFrom.objects.filter(derived=OuterRef("pk")).exclude(grant__disclosure__is_named=True)
        named = Q(party__kind=PartyKind.ORGANISATION) | ~Q(Exists(unnamed))
        return self.select_related("party").annotate(is_named=ExpressionWrapper(named, models.BooleanField()))


class DerivedProduct(models.Model):
    """What a developer built on the data. Its public page prints source and date obtained (Art. 16)."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="derived_products")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"))
    url = models.URLField(_("where it can be found"), blank=True)
    token = models.CharField(max_length=24, unique=True, default=new_token)
    listed_as = models.OneToOneField(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="built_as")
    state = models.CharField(_("state"), max_length=12, choices=DerivedState.choices, default=DerivedState.REGISTERED)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    is_named: bool  # annotated by `with_developer`

    objects = DerivedProductQuerySet.as_manager()
    machine = DERIVED_PRODUCT

    class Meta:
        verbose_name = _("derived product")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("supervision:derived", args=[self.token])

    @property
    def flagged_by(self) -> QuerySet[Party]:
        """The authorities of the ended grants for which it is flagged."""
        open_flags = DerivedFlag.objects.filter(derived=self, cleared_at=None)
        return Party.objects.filter(pk__in=open_flags.values("grant__authority")).order_by("pk")

    @property
    def number(self) -> str:
        return f"D{self.pk:06d}"

    @property
    def developer(self) -> str:
        """As anybody may read it, of rows read `with_developer`."""
        return self.party.name if self.is_named else _("natural person")


class DerivedFrom(models.Model):
    """A version obtained under a grant went into a derived product. Dates come from the delivery records.

    `named_at`: when it was last named for a newer edition; None where it was named as the product was registered.
    """

    derived = models.ForeignKey(DerivedProduct, on_delete=models.PROTECT, related_name="built_from")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="derived_uses")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="derived_uses")
    named_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["derived", "grant", "version"], name="derived_from_once"),)

    def __str__(self) -> str:
        return f"{self.version} → {self.derived}"


class DerivedFlag(models.Model):
    """A grant on public data that an authority ended, for which a derived product is flagged; until it is found that
    the product may stay, or what ended the grant is annulled."""

    derived = models.ForeignKey(DerivedProduct, on_delete=models.PROTECT, related_name="flags")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["derived", "grant"], condition=Q(cleared_at=None), name="flagged_once"),
        )

    def __str__(self) -> str:
        return f"{self.derived}: {Grant.number_of(self.grant_id)}"
