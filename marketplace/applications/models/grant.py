"""The grant: in effect or not, its people, its editions, the holds on it."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Credential, Party, User, standing
from accounts.reach import found_by, reach_of
from listings.models import Product, Version
from marketplace.applications.models.application import Item
from marketplace.applications.states import (
    EDITION,
    ENDED,
    GRANT,
    HOLD,
    EditionState,
    GrantState,
    HoldState,
)
from marketplace.clock.working_days import local_date
from marketplace.remedies import Decider


def open_holds(at: Any, **filters: Any) -> "models.QuerySet[Hold]":
    """Holds that stood at `at`, a moment or the column of one: opened, not yet lifted, not ended by themselves."""
    return Hold.objects.filter(
        Q(lifted_at=None) | Q(lifted_at__gt=at), Q(ends_at=None) | Q(ends_at__gt=at), opened_at__lte=at, **filters
    )


def in_effect(at: datetime) -> Q:
    """THE expression: a grant is served at `at` if and only if this holds. Pages, gate, API and sweeps all use it.

    Active, inside its period, no hold open, and the buyer verified and not barred or lapsed.
    """
    day = local_date(at)
    return (
        Q(state=GrantState.ACTIVE, activated_at__lte=at, starts__lte=day, ends__gte=day)
        & standing(at, "buyer__")
        & ~Exists(open_holds(at, grant=OuterRef("pk")))
    )


QUOTA = Cast(KeyTextTransform("quota", "terms"), models.IntegerField())  # of a grant; null where it has no limit


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_effect(self, at: datetime) -> "GrantQuerySet":
        return self.filter(in_effect(at))

    def with_effect(self, at: datetime) -> "GrantQuerySet":
        """Annotates `effective`, so that a list shows it without a query per row."""
        return self.annotate(effective=models.ExpressionWrapper(in_effect(at), output_field=models.BooleanField()))

    def active(self) -> "GrantQuerySet":
        return self.filter(state=GrantState.ACTIVE)

    def visible_to(self, user: Any) -> "GrantQuerySet":
        """The buyer, the seller, the units whose data it is, and the authorities above it."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(
            found_by(
                self.model,
                Q(buyer__in=who.parties),
                Q(product__seller__in=who.parties),
                Q(authority__in=who.authorities),
                Q(from_version__sources__unit__in=who.parties),
            )
        )


class ReportSchedule(models.TextChoices):
    """How often a grant's use is reported on (Art. 16). A term of the grant, frozen with it."""

    QUARTERS = "calendar_quarters", _("every calendar quarter")
    HALVES = "calendar_halves", _("every calendar half-year")
    END = "at_the_end", _("once, at its end")
    NONE = "none", _("none: a report is owed on public data")


class Grant(models.Model):
    """The right to use one product's versions for the agreed purposes. Terms are frozen at approval."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="grant")
    buyer = models.ForeignKey(Party, verbose_name=_("buyer"), on_delete=models.PROTECT, related_name="grants")
    product = models.ForeignKey(
        Product, verbose_name=_("data product"), on_delete=models.PROTECT, related_name="grants"
    )
    from_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(
        Party, verbose_name=_("competent authority"), on_delete=models.PROTECT, related_name="+"
    )
    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"))
    fields = models.JSONField(_("fields"))
    terms = models.JSONField(_("terms"))
    state = models.CharField(_("state"), max_length=12, choices=GrantState.choices, default=GrantState.OFFERED)
    activated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reported_until = models.DateField(null=True, blank=True)  # last day of the newest report period that was opened
    created_at = models.DateTimeField()

    objects = GrantQuerySet.as_manager()
    machine = GRANT
    comes_of = ("item",)

    class Meta:
        verbose_name = _("grant")
        constraints = (
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="grant_ends_after_start"),
            models.CheckConstraint(
                condition=Q(state__in=["offered", "declined"]) | Q(activated_at__isnull=False),
                name="grant_active_has_date",
            ),
        )
        indexes = (
            models.Index(fields=["ends"], condition=Q(state="active"), name="grant_active_ends"),
            models.Index(
                fields=["state"], condition=Q(state__in=[state.value for state in ENDED]), name="grant_ended"
            ),
            models.Index(
                fields=["reported_until"],
                condition=Q(activated_at__isnull=False) & (Q(reported_until=None) | Q(reported_until__lt=F("ends"))),
                name="grant_reports_to_come",
            ),
            models.Index(QUOTA, condition=Q(state="active"), name="grant_active_quota"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} · {self.product}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:grant", args=[self.pk])

    @property
    def number(self) -> str:
        return self.number_of(self.pk)

    @property
    def article(self) -> str:
        """On which article it rests: Art. 16, of non-public data Art. 40."""
        return "Art. 16" if self.product.is_public_data else "Art. 40"

    @property
    def decider(self) -> Decider:
        return Decider.AUTHORITY if self.product.is_public_data else Decider.CONTRACT

    @property
    def report_schedule(self) -> ReportSchedule:
        return ReportSchedule(self.terms["report_schedule"])

    @property
    def report_schedule_since(self) -> date:
        """From when on its report periods follow the schedule: its first day, or that of an edition."""
        since = self.terms.get("report_schedule_since")
        return date.fromisoformat(since) if since else self.starts

    @staticmethod
    def number_of(pk: int) -> str:
        return f"G{pk:06d}"

    @property
    def is_of_one_version(self) -> bool:
        return bool(self.terms.get("one_version"))

    @property
    def versions(self) -> "models.QuerySet[Version]":
        """The range that was granted, in whatever state: one version, or it and all later ones."""
        if self.is_of_one_version:
            return Version.objects.filter(pk=self.from_version_id)
        return Version.objects.filter(product=self.product_id, number__gte=self.from_version.number)

    def is_in_effect(self, at: datetime) -> bool:
        """The same expression, asked of the database for this one grant: there is no second copy to disagree."""
        return Grant.objects.in_effect(at).filter(pk=self.pk).exists()


class GrantUser(models.Model):
    """A person of the buyer who may use a grant. While none is named, all members but auditors may."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="users")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    until = models.DateField(_("until"), null=True, blank=True)
    named_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["grant", "user"], condition=Q(removed_at=None), name="grant_user_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.grant}"


class GrantSystem(models.Model):
    """A system of the buyer that may use a grant through the API: by its first key; later keys of it may, too."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="systems")
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="+")
    until = models.DateField(_("until"), null=True, blank=True)
    named_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["grant", "credential"], condition=Q(removed_at=None), name="grant_system_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.credential} · {self.grant}"


TERMS = {
    "people": _("Named users"),
    "systems": _("Named systems"),
    "ends": _("Until"),
    "fields": _("Fields"),
    "what_is_built": _("What is built"),
    "quota": _("Downloads in a calendar month, at most"),
    "report_schedule": _("Reports"),
    "hours": _("Handed over only at these hours"),
    "networks": _("Handed over only to these networks"),
}


class EditionKind(models.TextChoices):
    PEOPLE = "people", _("people who may use it: notice by the buyer")
    SYSTEMS = "systems", _("systems that may use it: notice by the buyer")
    CHANGE = "change", _("terms: by decision on the old file")


class GrantEditionQuerySet(models.QuerySet["GrantEdition"]):
    def visible_to(self, user: Any) -> "GrantEditionQuerySet":
        return self.filter(grant__in=Grant.objects.visible_to(user))


class GrantEdition(models.Model):
    """A change of a grant's terms. Numbered from 2 on when it holds; 1 are the terms as they were offered."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=8, choices=EditionKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=EditionState.choices, default=EditionState.REQUESTED)
    before = models.JSONField()
    after = models.JSONField()
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = GrantEditionQuerySet.as_manager()
    machine = EDITION
    comes_of = ("grant",)

    class Meta:
        verbose_name = _("edition of a grant")
        constraints = (
            models.UniqueConstraint(fields=["grant", "number"], name="edition_number"),
            models.UniqueConstraint(fields=["grant"], condition=Q(state="requested"), name="edition_one_requested"),
            models.CheckConstraint(
                condition=Q(state="agreed", number__isnull=False) | (~Q(state="agreed") & Q(number=None)),
                name="edition_numbered_iff_agreed",
            ),
        )

    def __str__(self) -> str:
        return Grant.number_of(self.grant_id) + (f" #{self.number}" if self.number else "")

    def get_absolute_url(self) -> str:
        return self.grant.get_absolute_url()

    @property
    def authority_id(self) -> int:
        return self.grant.authority_id

    @property
    def decider(self) -> Decider:
        return self.grant.decider

    def changes(self) -> list[tuple[Any, Any, Any]]:
        """What differs, for people: (term, as it was, as it is to be)."""
        return [
            (label, _shown_term(name, self.before.get(name)), _shown_term(name, self.after[name]))
            for name, label in TERMS.items()
            if name in self.after and self.after[name] != self.before.get(name)
        ]


def _shown_term(name: str, value: Any) -> Any:
    if name == "quota" and value is None:
        return _("no limit")
    if name in ("hours", "networks") and not value:
        return _("no limit")
    if name == "report_schedule":
        return ReportSchedule(value).label
    return (", ".join(value) or "–") if isinstance(value, list) else value


class HoldCode(models.TextChoices):
    MEASURE = "measure", _("an order or a contract notice suspends it")
    REPORT_OVERDUE = "report_overdue", _("a term of the grant: a usage report is overdue")
    PRECAUTION = "precaution", _("a precaution")


class Hold(models.Model):
    """One reason not to serve a grant. Two holds need two lifts; a precaution ends by itself."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="holds")
    code = models.CharField(max_length=16, choices=HoldCode.choices)
    source_ref = models.CharField(max_length=80)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.OPEN)
    opened_at = models.DateTimeField()
    opened_by_ref = models.CharField(max_length=80)
    ends_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_ref = models.CharField(max_length=80, blank=True)

    machine = HOLD

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["grant", "code", "source_ref"], condition=Q(state="open"), name="hold_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", lifted_at=None, lifted_by_ref="")
                | Q(state__in=["lifted", "annulled"], lifted_at__isnull=False),
                name="hold_lifted_both",
            ),
            models.CheckConstraint(
                condition=~Q(code="precaution") | Q(ends_at__isnull=False), name="hold_precaution_ends"
            ),
        )
        indexes = (models.Index(fields=["grant"], condition=Q(state="open"), name="hold_open"),)

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.grant}"
