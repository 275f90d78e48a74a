"""Measures: orders, contract notices and take-downs, the grants that they hold, and what the party says."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from accounts.states import PartyState
from listings.models import Product, Version
from marketplace.applications.models import Grant
from marketplace.documents.models import served
from marketplace.remedies import Decider
from marketplace.supervision.measure_kinds import DECIDERS, KINDS, Issuer, MeasureKind, Row
from marketplace.supervision.models.finding import Finding
from marketplace.supervision.states import MEASURE, MeasureState


class MeasureQuerySet(models.QuerySet["Measure"]):
    def visible_to(self, user: Any) -> "MeasureQuerySet":
        """The authorities and who issues it in their place; the party from the moment it is issued: a proposal is told
        to none of its people, that of a seller not to the authority either."""
        who = reach_of(user, timezone.now())
        told = ~Q(state__in=[MeasureState.PROPOSED, MeasureState.DROPPED])
        drafts = ~told & ~Q(party__in=recent_parties(user, timezone.now()))
        ways = [told & (Q(party__in=who.parties)), (told | drafts) & Q(issuer__in=who.parties)]
        if who.authorities:
            seat = Q(authority__in=who.authorities) & (told | drafts & Q(issuer=None))
            ways.append(told | drafts if who.is_province else seat)
        return self.filter(found_by(self.model, *ways))


class Measure(models.Model):
    """An order or notice against one party: facts, article or clause, deadline, grants held, outcome, remedy.

    `issuer` signs it in the authority's place where its kind says so; the authority sees it all. A take-down is of one
    `version`, or of the whole product that this belongs to.
    """

    occasion_key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=MeasureKind.choices, default=MeasureKind.ORDER_33)
    number = models.CharField(_("number"), max_length=40, unique=True, null=True, blank=True)
    party = models.ForeignKey(Party, verbose_name=_("against"), on_delete=models.PROTECT, related_name="measures")
    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    issuer = models.ForeignKey(
        Party, verbose_name=_("issued by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    finding = models.ForeignKey(Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="measures")
    version = models.ForeignKey(
        Version, verbose_name=_("version"), null=True, blank=True, on_delete=models.PROTECT, related_name="take_downs"
    )
    whole_product = models.BooleanField(_("the whole product"), default=False)
    required_by = models.ForeignKey(
        Party, verbose_name=_("required by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    clause = models.TextField(_("clause or rule that is broken"), blank=True)
    facts = models.TextField(_("facts"))
    demand = models.TextField(_("what has to be corrected"))
    article = models.CharField(max_length=40)
    remedy = models.TextField(_("remedy"), blank=True)
    referred_to = models.CharField(_("referred to"), max_length=200, blank=True)
    referral = models.TextField(_("referral"), blank=True)
    state = models.CharField(_("state"), max_length=20, choices=MeasureState.choices, default=MeasureState.PROPOSED)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    deemed_served_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    hearing_opened_at = models.DateTimeField(null=True, blank=True)
    refuses = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = MeasureQuerySet.as_manager()
    machine = MEASURE
    comes_of = ("finding", "version")

    class Meta:
        verbose_name = _("measure")
        constraints = (
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="measure_seen_both",
            ),
            models.CheckConstraint(
                condition=Q(issued_at=None, issued_by=None, number=None)
                | Q(issued_at__isnull=False, issued_by__isnull=False, number__isnull=False),
                name="measure_issued_all",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "dropped"]) | Q(issued_at__isnull=False),
                name="measure_standing_was_issued",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["notice", "take_down"], issuer__isnull=False) & ~Q(clause="")
                | ~Q(kind__in=["notice", "take_down"]) & Q(issuer=None),
                name="measure_issuer_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="take_down", version__isnull=False)
                | ~Q(kind="take_down") & Q(version=None, required_by=None, whole_product=False),
                name="measure_take_down_of_version",
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(state__in=["issued", "evidence_filed", "refused_to_correct"], whole_product=False),
                name="measure_one_take_down",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["referred", "annulled"]) & ~Q(referral="") & ~Q(referred_to="")
                | ~Q(state="referred") & Q(referral="", referred_to=""),
                name="measure_referral_iff_referred",
            ),
        )

    def __str__(self) -> str:
        return self.number or f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:measure", args=[self.pk])

    @property
    def rules(self) -> Row:
        """What its kind provides."""
        return KINDS[self.kind]

    @property
    def decider(self) -> Decider:
        return Decider.AUTHORITY if self.required_by_id else DECIDERS[self.rules.issuer]

    @property
    def may_hold_all(self) -> bool:
        """Whether it may hold every grant of the party that is in its authority's competence (Art. 33)."""
        return self.rules.suspends and self.rules.issuer == Issuer.AUTHORITY

    @property
    def taken_down(self) -> Version | Product | None:
        """What a take-down holds."""
        return self.version.product if self.version and self.whole_product else self.version

    @property
    def served_at(self) -> datetime | None:
        return served(self.seen_at, self.deemed_served_at)

    @property
    def signatory(self) -> Party:
        """Who issues it and follows it up."""
        return self.issuer or self.authority

    @property
    def is_left(self) -> bool:
        """Whether the seller that issued it has ended without a successor: the authority lifts or annuls it."""
        return self.issuer is not None and self.issuer.state == PartyState.ENDED

    @property
    def answering(self) -> Party:
        """Who follows it up now."""
        return self.authority if self.is_left else self.signatory

    @property
    def closer(self) -> Party:
        """Who lifts it or makes it final: who signs it or, where the province required it, the province."""
        return self.required_by or self.answering


class GrantOutcome(models.TextChoices):
    RESUMED = "resumed", _("this hold was lifted")
    TERMINATED = "terminated", _("terminated")
    ANNULLED = "annulled", _("annulled")


class MeasureGrant(models.Model):
    """A grant that a measure holds, and what became of it."""

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="held")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="measures")
    outcome = models.CharField(max_length=10, choices=GrantOutcome.choices, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["measure", "grant"], name="measure_grant_once"),)

    def __str__(self) -> str:
        return f"{self.measure}: {self.grant}"


class EvidenceKind(models.TextChoices):
    CORRECTION = "correction", _("evidence of correction")
    STATEMENT = "statement", _("statement")


class Evidence(models.Model):
    """What the party says and shows: on its correction, in the hearing or before it."""

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=12, choices=EvidenceKind.choices)
    text = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.measure} {self.at:%F}"
