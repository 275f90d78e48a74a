"""A change of what is said of a product that was reviewed: proposed by its seller, accepted by who reviewed it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.reach import found_by, reach_of
from listings.models.products import Product
from listings.models.versions import Version
from listings.states import DESCRIPTION_CHANGE, ChangeState

# What describes a product. Its purposes, terms and price are what buyers agree to: they never change under a grant's
# name, nor by a word of the seller (ADR 0200).
CHANGEABLE = ("title", "summary", "description", "frequency")


class DescriptionChangeQuerySet(models.QuerySet["DescriptionChange"]):
    def visible_to(self, user: Any) -> "DescriptionChangeQuerySet":
        """The seller's people and the reviewing body's; what was accepted stands on the product's page."""
        if not user.is_authenticated:
            return self.none()
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(
            found_by(
                self.model,
                Q(product__seller__in=who.parties),
                Q(authority__in=who.authorities),
                Q(reviewer__in=who.reviewers),
            )
        )


class DescriptionChange(models.Model):
    """The texts before and after, {field: value}. One is open for each product; until it is accepted the old stand.

    `basis` is the version whose reviewer decides; `holders_told_at` says that who holds a grant was told.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="description_changes")
    basis = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    before = models.JSONField()
    after = models.JSONField()
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    holders_told_at = models.DateTimeField(null=True, blank=True)

    objects = DescriptionChangeQuerySet.as_manager()
    machine = DESCRIPTION_CHANGE
    comes_of = ("basis",)

    class Meta:
        verbose_name = _("change of a description")
        constraints = (
            models.UniqueConstraint(
                fields=["product"], condition=Q(state__in=["proposed", "returned"]), name="description_one_open",
                violation_error_message=_("A change of this description is proposed already."),
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="description_accepted_by",
            ),
        )  # fmt: skip
        indexes = (
            models.Index(
                fields=["decided_at"], condition=Q(state="accepted", holders_told_at=None), name="description_untold"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product} · {self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("listings:description-change", args=[self.pk])

    @property
    def reviewing_body(self) -> Party:
        return self.reviewer or self.authority
