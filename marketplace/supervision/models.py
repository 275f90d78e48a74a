"""The half of the law after delivery: reports, derived products, findings, orders."""

import secrets
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, PartyKind, User
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from listings.models import Product, PurposesField, Version
from marketplace.applications.models import Grant, ReportSchedule
from marketplace.documents.models import served
from marketplace.remedies import Decider
from marketplace.supervision.measure_kinds import DECIDERS, KINDS, Issuer, MeasureKind, Row
from marketplace.supervision.said import said
from marketplace.supervision.states import (
    DERIVED_PRODUCT,
    FINDING,
    MEASURE,
    REPORT,
    DerivedState,
    FindingState,
    MeasureState,
    ReportState,
)


class UsageReportQuerySet(models.QuerySet["UsageReport"]):
    def visible_to(self, user: Any) -> "UsageReportQuerySet":
        return self.filter(grant__in=Grant.objects.visible_to(user))

    def owed(self) -> "UsageReportQuerySet":
        """Reports that somebody still has to file."""
        return self.filter(state__in=[ReportState.OPEN, ReportState.RETURNED])


class UsageReport(models.Model):
    """The duty to report on one period of a grant (Art. 16), and where it stands."""

    grant = models.ForeignKey(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="reports")
    start = models.DateField()
    end = models.DateField()
    due_at = models.DateTimeField()
    late_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=ReportState.choices, default=ReportState.OPEN)
    round = models.PositiveSmallIntegerField(default=0)
    thin = models.CharField(max_length=8, blank=True)  # why its last filing says nothing new (`thinness`), if so

    objects = UsageReportQuerySet.as_manager()
    machine = REPORT

    class Meta:
        verbose_name = _("usage report")
        constraints = (
            models.UniqueConstraint(fields=["grant", "start"], name="report_period_once"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="report_period_order"),
        )
        indexes = (
            models.Index(fields=["due_at"], condition=Q(state__in=["open", "returned"]), name="report_owed"),
            models.Index(fields=["grant"], condition=Q(state="filed"), name="report_to_judge"),
            models.Index(fields=["grant"], condition=Q(state="filed") & ~Q(thin=""), name="report_thin"),
        )

    def __str__(self) -> str:
        return f"{self.grant.number} {self.start} – {self.end}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:report", args=[self.pk])

    @property
    def overdue_key(self) -> str:
        """The occasion on which it is a finding that it is overdue, once in each round."""
        return f"report_overdue:{self.pk}:{self.round}"


class ReportFiling(models.Model):
    """What was filed in one round. A returned report is filed again; the earlier filing stays."""

    report = models.ForeignKey(UsageReport, on_delete=models.PROTECT, related_name="filings")
    round = models.PositiveSmallIntegerField()
    is_nil = models.BooleanField(_("the data was not used in this period"))
    # None: it was not asked, as the grant names no purposes, or the site asked for none yet
    purposes = PurposesField(_("which of the grant's purposes it was used for"), null=True, blank=True)
    other_purpose = models.CharField(_("other purposes it was used for"), max_length=300, blank=True)
    use = models.TextField(_("what the data was used for"), blank=True)
    results = models.TextField(_("results and benefits"), blank=True)
    security = models.TextField(_("security: measures, incidents"), blank=True)
    metered = models.JSONField(default=list)  # what the delivery records said when it was filed
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["report", "round"], name="filing_once"),
            models.CheckConstraint(condition=Q(is_nil=True) | ~Q(use=""), name="filing_says_something"),
            models.CheckConstraint(
                condition=Q(is_nil=False) | Q(other_purpose="") & (Q(purposes=None) | Q(purposes="")),
                name="filing_nil_has_no_purpose",
            ),
        )
        indexes = (
            models.Index(
                fields=["report"], condition=~Q(other_purpose="") | Q(is_nil=False, purposes=""), name="filing_beyond"
            ),
        )

    def __str__(self) -> str:
        return f"{self.report} #{self.round}"


def new_token() -> str:
    return secrets.token_urlsafe(12)


class DerivedProductQuerySet(models.QuerySet["DerivedProduct"]):
    def visible_to(self, user: Any) -> "DerivedProductQuerySet":
        public = Q(state__in=[DerivedState.PUBLISHED, DerivedState.FLAGGED])
        if not user.is_authenticated:
            return self.filter(public)
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        over_grants = Q(built_from__grant__authority__in=who.authorities)
        return self.filter(public | found_by(self.model, Q(party__in=who.parties), over_grants))

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


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: Any) -> "FindingQuerySet":
        """Those who answer it, and the province; nobody whose own case it is."""
        who = reach_of(user, timezone.now())
        seats = found_by(self.model, Q(authority__in=who.authorities), Q(reviewer__in=who.reviewers))
        found = self if who.is_province else self.filter(seats)
        return found.exclude(party__in=recent_parties(user, timezone.now()))


# What a finding is about: the monitors' rules that open one.
RULES = {
    "report_overdue": _("usage report overdue"),
    "version_recalled": _("version recalled"),
    "assessment_failed": _("re-assessment failed"),
    "seller_lapsed": _("a seller's verification has lapsed"),
    "buyer_lapsed": _("the verification of a party with grants has lapsed"),
    "mandate_lapsed": _("the mandate of a primary developer is over"),
    "report_thin": _("a report that says nothing new"),
    "source_lapsed": _("a document of the lawful-source file has lapsed"),
    "data_stale": _("data not updated as often as it says"),
    "outside_grant": _("deliveries outside the grant"),
    "outside_purpose": _("use beyond the purposes of the grant"),
    "outside_access": _("attempts outside the hours or networks of the grant"),
    "sudden_change": _("a sudden change of use"),
    "attribution": _("sources not shown, or not as delivered"),
    "whereabouts_unsaid": _("not said where the copies are"),
    "not_closed_out": _("over and not closed out"),
    "misuse_reported": _("misuse was reported"),
    "overseen": _("an oversight body has filed a finding"),
    "inspection": _("an inspection found something not in order"),
}


class Finding(models.Model):
    """What a monitor noticed about a grant or a version. Fires once per occasion, whatever the number of sweeps.

    `party` is whose case it is: the grant's buyer, the version's seller. `reviewer` answers it in the authority's place
    where a version of non-public data is concerned.
    """

    occasion_key = models.CharField(max_length=120, unique=True)
    rule = models.CharField(_("rule"), max_length=40)
    article = models.CharField(max_length=40)
    grant = models.ForeignKey(
        Grant, verbose_name=_("grant"), null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    version = models.ForeignKey(
        Version, verbose_name=_("version"), null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    party = models.ForeignKey(Party, verbose_name=_("party"), on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField()

    objects = FindingQuerySet.as_manager()
    machine = FINDING
    comes_of = ("concerns", "version")

    class Meta:
        verbose_name = _("finding")
        constraints = (
            models.CheckConstraint(
                condition=Q(grant__isnull=False, version=None, reviewer=None) | Q(grant=None, version__isnull=False),
                name="finding_about_one",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & Q(merged_into=None)),
                name="finding_merged_into_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule_label} · {Grant.number_of(self.grant_id) if self.grant_id else self.version}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:finding", args=[self.pk])

    @property
    def signatory(self) -> Party:
        """Who answers it."""
        return self.reviewer or self.authority

    @property
    def rule_label(self) -> Any:
        return RULES.get(self.rule, self.rule)

    @property
    def said(self) -> str:
        """What was seen, in a sentence, where the rule has one."""
        return said(self.rule, self.text)


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
        return DECIDERS[self.rules.issuer]

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


def period_end(schedule: str, day: date, until: date) -> date:
    """The last day of the report period that `day` lies in, by a grant's schedule; `until` is the grant's last day."""
    if schedule == ReportSchedule.END:
        return until
    return min(calendar_end(day, 6 if schedule == ReportSchedule.HALVES else 3), until)


def calendar_end(day: date, months: int) -> date:
    """The last day of the calendar quarter (3 months) or half-year (6) that `day` lies in."""
    last_month = (day.month - 1) // months * months + months
    first_of_next = date(day.year + last_month // 12, last_month % 12 + 1, 1)
    return date.fromordinal(first_of_next.toordinal() - 1)
