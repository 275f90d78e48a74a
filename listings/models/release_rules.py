"""Release rules: within which bounds a new version is published at once, and what was checked against them."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.reach import found_by, reach_of
from listings.models.products import Product
from listings.models.versions import Version
from listings.states import RELEASE_RULE, RuleState
from marketplace.clock.working_days import local_date
from marketplace.remedies import Decider


class ReleaseRuleQuerySet(models.QuerySet["ReleaseRule"]):
    def in_force(self, at: datetime) -> "ReleaseRuleQuerySet":
        return self.filter(state=RuleState.APPROVED, valid_until__gte=local_date(at))

    def visible_to(self, user: Any) -> "ReleaseRuleQuerySet":
        """The seller's people, the authorities', and those of the compliance reviewer of the version it rests on."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(
            found_by(
                self.model,
                Q(product__seller__in=who.parties),
                Q(authority__in=who.authorities),
                Q(basis__reviewer__in=who.reviewers),
            )
        )


class ReleaseRule(models.Model):
    """Under it a new version of a product is published at once if it stays close to the version that was reviewed.

    `min_k` is None where the rows are about nobody. `max_drift` is in per cent of the rows.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="release_rules")
    basis = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=RuleState.choices, default=RuleState.PROPOSED)
    min_rows = models.PositiveBigIntegerField(_("fewest rows"))
    max_rows = models.PositiveBigIntegerField(_("most rows"))
    min_k = models.PositiveIntegerField(
        _("smallest group (k) at least"), null=True, blank=True,
        help_text=_("Not less than a download needs. Leave it empty where the rows are about nobody."),
    )  # fmt: skip
    max_drift = models.PositiveSmallIntegerField(
        _("greatest shift of any distribution, in per cent"),
        help_text=_("How many of a hundred rows may fall into other classes than in the version reviewed."),
    )
    valid_until = models.DateField(_("valid until"))
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = ReleaseRuleQuerySet.as_manager()
    machine = RELEASE_RULE
    comes_of = ("basis",)

    class Meta:
        verbose_name = _("release rule")
        constraints = (
            models.UniqueConstraint(
                fields=["product"], condition=Q(state__in=["proposed", "returned", "approved"]), name="rule_one_living",
                violation_error_message=_("This product has a release rule already."),
            ),
            models.CheckConstraint(
                condition=Q(min_rows__lte=F("max_rows")), name="rule_rows",
                violation_error_message=_("The fewest rows cannot be more than the most."),
            ),
            models.CheckConstraint(
                condition=Q(max_drift__lte=100), name="rule_drift",
                violation_error_message=_("A shift is at most 100 per cent."),
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="rule_approved_by",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.product} · {self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("listings:release-rule", args=[self.pk])

    @property
    def reviewing_body(self) -> Party:
        """Whoever decides on the rule: the authority, or the compliance reviewer of the version it rests on."""
        return self.basis.reviewer or self.authority

    @property
    def decider(self) -> Decider:
        return self.basis.decider


class ReleaseCheck(models.Model):
    """A version held against a rule: each bound with its limit and the figure found. Never changed."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="release_check")
    rule = models.ForeignKey(ReleaseRule, on_delete=models.PROTECT, related_name="checks")
    bounds = models.JSONField()
    holds = models.BooleanField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.version} {self.holds}"
