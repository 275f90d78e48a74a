"""From the scenario to the grant: applications, consultations, decisions, grants and the holds on them."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import AssignmentRole, Party, User, standing
from accounts.queries import parties_of
from listings.models import Product, Version, VersionSource, is_provincial_officer, overseen
from marketplace.applications.states import (
    APPLICATION,
    CONSULTATION,
    EDITION,
    GRANT,
    HOLD,
    ITEM,
    ApplicationState,
    ConsultationState,
    EditionState,
    GrantState,
    HoldState,
    ItemState,
)
from marketplace.clock.working_days import local_date


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: Any) -> "ApplicationQuerySet":
        """The buyer's people; the competent authority and the province once submitted; units while and after asked."""
        submitted = ~Q(authority=None)
        if is_provincial_officer(user):
            return self.filter(submitted | Q(buyer__in=parties_of(user, timezone.now())))
        mine = parties_of(user, timezone.now())
        asked = Consultation.objects.filter(application=OuterRef("pk"), unit__in=mine)
        return self.filter(Q(buyer__in=mine) | (submitted & overseen(user)) | Exists(asked) | _assessed_by(user))


def _assessed_by(user: Any) -> Q:
    """Cases that a member of the expert committee is asked to assess, or has assessed."""
    if not user.is_authenticated:
        return Q(pk__in=[])
    asked = ApplicationUserObjectPermission.objects.filter(
        content_object=OuterRef("pk"), user=user, permission__codename=AssignmentRole.EXPERT
    )
    return Q(Exists(asked)) | Q(Exists(ExpertOpinion.objects.filter(application=OuterRef("pk"), by=user)))


class Application(models.Model):
    """A buyer asks for one or more products for one concrete scenario (Art. 16)."""

    buyer = models.ForeignKey(Party, verbose_name=_("buyer"), on_delete=models.PROTECT, related_name="applications")
    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        _("state"), max_length=16, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    round = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(_("name of the scenario"), max_length=200)
    beneficiaries = models.TextField(_("who benefits"), blank=True)
    what_is_built = models.TextField(_("what is built"), blank=True)
    why_these_fields = models.TextField(_("which fields and why"), blank=True)
    period_from = models.DateField(_("use from"), null=True, blank=True)
    period_until = models.DateField(_("use until"), null=True, blank=True)
    security = models.TextField(_("how the data is protected"), blank=True)
    people_with_access = models.TextField(_("who has access"), blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    question_at = models.DateTimeField(null=True, blank=True)
    split_from = models.OneToOneField(
        "Item", null=True, blank=True, on_delete=models.PROTECT, related_name="split_into"
    )
    created_at = models.DateTimeField()

    objects = ApplicationQuerySet.as_manager()
    machine = APPLICATION

    class Meta:
        verbose_name = _("application")
        permissions = (
            ("officer_in_charge", "officer in charge of the case"),
            ("expert", "expert asked to assess the case"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(period_from=None) | Q(period_until=None) | Q(period_from__lte=F("period_until")),
                name="application_period",
                violation_error_message=_("The use cannot end before it begins."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} · {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("applications:application", args=[self.pk])

    @property
    def number(self) -> str:
        return f"A{self.pk:06d}"


class ApplicationUserObjectPermission(UserObjectPermissionBase):
    """Guardian's row for one case, with a real foreign key: mirrors `accounts.Assignment`."""

    content_object = models.ForeignKey(Application, on_delete=models.CASCADE)


class ApplicationGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Application, on_delete=models.CASCADE)


class Route(models.TextChoices):
    ON_APPLICATION = "on_application", _("open on application: every unit consents, then the authority (Art. 15)")
    SECONDARY_DEVELOPMENT = (
        "secondary_development",
        _("through a primary developer: the authority, units heard (Art. 16)"),
    )


class ItemQuerySet(models.QuerySet["Item"]):
    def visible_to(self, user: Any) -> "ItemQuerySet":
        return self.filter(application__in=Application.objects.visible_to(user))


class Item(models.Model):
    """One product within an application; decided on its own."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="items")
    fields = models.JSONField()
    route = models.CharField(_("route"), max_length=24, choices=Route.choices)
    state = models.CharField(_("state"), max_length=10, choices=ItemState.choices, default=ItemState.OPEN)

    objects = ItemQuerySet.as_manager()
    machine = ITEM

    class Meta:
        verbose_name = _("item")
        constraints = (models.UniqueConstraint(fields=["application", "product"], name="item_once"),)

    def __str__(self) -> str:
        return str(self.product)

    def get_absolute_url(self) -> str:
        return self.application.get_absolute_url()


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def visible_to(self, user: Any) -> "ConsultationQuerySet":
        return self.filter(application__in=Application.objects.visible_to(user))


class Consultation(models.Model):
    """One unit asked about one application in one round. Silence is `no answer`, never consent."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="consultations")
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consultations")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(
        _("state"), max_length=20, choices=ConsultationState.choices, default=ConsultationState.ASKED
    )
    reason = models.TextField(blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    fields = models.JSONField(null=True, blank=True)  # item -> the fields consented to; null: those asked for
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ConsultationQuerySet.as_manager()
    machine = CONSULTATION

    class Meta:
        verbose_name = _("consultation")
        constraints = (
            models.UniqueConstraint(fields=["application", "unit", "round"], name="consultation_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="consultation_answered_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} · {self.application}"

    def get_absolute_url(self) -> str:
        return self.application.get_absolute_url()


class Message(models.Model):
    """What buyer, authority and units wrote to each other about a case. Kept for ever, never changed."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="messages")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("message"))
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.party} · {self.application}"


class ExpertOpinion(models.Model):
    """What a member of the expert committee found in one case, and the measures it asks for (Art. 35)."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="opinions")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opinion = models.TextField(_("opinion"))
    measures = models.TextField(_("measures that should be taken"), blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("expert opinion")

    def __str__(self) -> str:
        return f"{self.by} · {self.application}"


class Decision(models.Model):
    """What the authority decided on an item, why, on which article, and what remedy there is."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="decision")
    is_approval = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(_("reason"))
    article = models.CharField(max_length=40)
    remedy = models.TextField(_("remedy"), blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(is_approval=True) | ~Q(remedy=""), name="decision_refusal_has_remedy"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.item}: {'+' if self.is_approval else '-'}"


def open_holds(at: datetime, **filters: Any) -> "models.QuerySet[Hold]":
    """Holds that stood at `at`: opened, not yet lifted, not ended by themselves."""
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
        if is_provincial_officer(user):
            return self
        mine = parties_of(user, timezone.now())
        from_unit = VersionSource.objects.filter(version=OuterRef("from_version"), unit__in=mine)
        return self.filter(Q(buyer__in=mine) | Q(product__seller__in=mine) | overseen(user) | Exists(from_unit))


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
    created_at = models.DateTimeField()

    objects = GrantQuerySet.as_manager()
    machine = GRANT

    class Meta:
        verbose_name = _("grant")
        constraints = (
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="grant_ends_after_start"),
            models.CheckConstraint(
                condition=Q(state__in=["offered", "declined"]) | Q(activated_at__isnull=False),
                name="grant_active_has_date",
            ),
        )
        indexes = (models.Index(fields=["ends"], condition=Q(state="active"), name="grant_active_ends"),)

    def __str__(self) -> str:
        return f"{self.number} · {self.product}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:grant", args=[self.pk])

    @property
    def number(self) -> str:
        return self.number_of(self.pk)

    @staticmethod
    def number_of(pk: int) -> str:
        return f"G{pk:06d}"

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


class EditionKind(models.TextChoices):
    PEOPLE = "people", _("people who may use it: notice by the buyer")
    CHANGE = "change", _("period, fields or scenario: agreed by the authority")


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
        return f"{Grant.number_of(self.grant_id)} #{self.number or '–'}"

    def get_absolute_url(self) -> str:
        return self.grant.get_absolute_url()


class HoldCode(models.TextChoices):
    MEASURE = "measure", _("an order suspends it")
    REPORT_OVERDUE = "report_overdue", _("a term of the grant: a usage report is overdue")
    PRECAUTION = "precaution", _("an officer's precaution")


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
                | Q(state="lifted", lifted_at__isnull=False),
                name="hold_lifted_both",
            ),
            models.CheckConstraint(
                condition=~Q(code="precaution") | Q(ends_at__isnull=False), name="hold_precaution_ends"
            ),
        )
        indexes = (models.Index(fields=["grant"], condition=Q(state="open"), name="hold_open"),)

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.grant}"
