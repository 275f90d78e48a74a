"""The case: application, items, consultations, dialogue, opinions, decisions."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import AssignmentRole, Party, User
from accounts.reach import found_by, reach_of
from listings.models import Product, PurposesField
from marketplace.applications.states import (
    APPLICATION,
    CONSULTATION,
    ITEM,
    ApplicationState,
    ConsultationState,
    ItemState,
)
from marketplace.remedies import Decider


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: Any) -> "ApplicationQuerySet":
        """The buyer's people; once submitted the competent authority, the province and the seller who decides; units
        while and after asked."""
        who, submitted = reach_of(user, timezone.now()), Q(authority__isnull=False)
        own = Q(buyer__in=who.parties)
        if who.is_province:
            return self.filter(submitted | own)
        return self.filter(
            found_by(
                self.model,
                own,
                Q(authority__in=who.authorities),
                Q(seller__in=who.parties) & submitted,
                Q(consultations__unit__in=who.parties),
                *assessing(user),
            )
        )


def assessing(user: Any) -> tuple[Q, ...]:
    """The ways to cases that a member of the expert committee is asked to assess, or has assessed."""
    if not user.is_authenticated:
        return ()
    row = "applicationuserobjectpermission"
    asked = Q(**{f"{row}__user": user, f"{row}__permission__codename": AssignmentRole.EXPERT})
    return asked, Q(opinions__by=user)


class Application(models.Model):
    """A buyer asks for one or more products for one concrete scenario (Art. 16)."""

    buyer = models.ForeignKey(Party, verbose_name=_("buyer"), on_delete=models.PROTECT, related_name="applications")
    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey(  # who decides instead of the authority, set when non-public data is submitted for
        Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_from = models.ForeignKey(  # the authority below, where the level above has taken the case over
        Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=16, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    round = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(_("name of the scenario"), max_length=200)
    beneficiaries = models.TextField(_("who benefits"), blank=True)
    what_is_built = models.TextField(_("what is built"), blank=True)
    purposes = PurposesField(
        _("purposes"), blank=True, help_text=_("What the data is to be used for, of what is permitted.")
    )
    why_these_fields = models.TextField(_("which fields and why"), blank=True)
    period_from = models.DateField(_("use from"), null=True, blank=True)
    period_until = models.DateField(_("use until"), null=True, blank=True)
    security = models.TextField(_("how the data is protected"), blank=True)
    people_with_access = models.TextField(_("who has access"), blank=True)
    public_summary = models.TextField(
        _("summary for the public register"), max_length=500, blank=True,
        help_text=_(
            "What the data is used for, in a few sentences that anybody may read. You can write it later, too."
        ),
    )  # fmt: skip
    wait_months = models.PositiveSmallIntegerField(
        _("months that its publication should wait"), null=True, blank=True, validators=[MaxValueValidator(12)],
        help_text=_(
            "The use stands in the public register from the decision on. With a reason it may wait up to 12 months."
        ),
    )  # fmt: skip
    wait_reason = models.TextField(_("why it should wait"), max_length=1000, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    prepared_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
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

    @property
    def deciding_party(self) -> Party | None:
        """Once submitted: the authority, of non-public data the seller; then the authority only sees."""
        return self.seller or self.authority

    @property
    def decider(self) -> Decider:
        return Decider.SELLER if self.seller_id else Decider.AUTHORITY

    @property
    def article(self) -> str:
        """On which article it is decided: Art. 16, of non-public data Art. 40."""
        return "Art. 40" if self.seller_id else "Art. 16"


class ScenarioDraft(models.Model):
    """What somebody has typed into the scenario and not saved yet. No act: it is in no ledger and gone when saved."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="scenario_draft")
    data = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.application)


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
    NON_PUBLIC = "non_public", _("non-public data: the seller accepts or refuses, the authority is told (Art. 40)")
    BUILT = "built", _("built on public data: the authority and its developer, units heard (Arts 16, 17)")

    @property
    def article(self) -> str:
        """On which article it is decided."""
        return ARTICLE[self]


ARTICLE = {
    Route.ON_APPLICATION: "Art. 15", Route.SECONDARY_DEVELOPMENT: "Art. 16", Route.BUILT: "Art. 16",
    Route.NON_PUBLIC: "Art. 40",
}  # fmt: skip


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
    comes_of = ("application",)

    class Meta:
        verbose_name = _("item")
        constraints = (models.UniqueConstraint(fields=["application", "product"], name="item_once"),)

    def __str__(self) -> str:
        return str(self.product)

    def get_absolute_url(self) -> str:
        return self.application.get_absolute_url()

    @property
    def decider(self) -> Decider:
        return self.application.decider


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
    standing = models.ForeignKey(
        "StandingConsent", null=True, blank=True, on_delete=models.PROTECT, related_name="uses"
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ConsultationQuerySet.as_manager()
    machine = CONSULTATION
    comes_of = ("application",)

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
    linkage_reason = models.TextField(blank=True)  # why, in view of what the buyer's data reveals together (Art. 35)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(is_approval=True) | ~Q(remedy=""), name="decision_refusal_has_remedy"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.item}: {'+' if self.is_approval else '-'}"
