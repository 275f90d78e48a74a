"""Inspections (Art. 33): plans that draw a sample of grants, and each inspection from its notice to its outcome."""

from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import CapabilityKind, Party, PartyKind, Region, User
from accounts.queries import acting_as, recent_parties
from accounts.reach import found_by, reach_of
from listings.models import VersionSource
from marketplace.applications.models import Grant
from marketplace.supervision.checklists import CURRENT, Question, questions
from marketplace.supervision.sampling import Unit, draw, fingerprint
from marketplace.workflow import Machine, table

MOST = 500  # grants in one plan
RULE = "inspection"  # of the findings that inspections open


class InspectionPlanState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("inspection plan", "draft")
    DRAWN = "drawn", _("sample drawn")
    DROPPED = "dropped", pgettext_lazy("inspection plan", "dropped")


class InspectionState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("inspection", "planned")
    ANNOUNCED = "announced", pgettext_lazy("inspection", "announced")
    UNDER_WAY = "under_way", pgettext_lazy("inspection", "under way")
    REPORTED = "reported", pgettext_lazy("inspection", "reported")
    ANSWERED = "answered", pgettext_lazy("inspection", "answered")
    CLOSED = "closed", pgettext_lazy("inspection", "closed")
    CANCELLED = "cancelled", pgettext_lazy("inspection", "cancelled")


OFFICERS = _("an officer of the authority")
INSPECTION_PLAN = Machine(
    name="inspection plan",
    states=InspectionPlanState,
    initial=InspectionPlanState.DRAFT,
    transitions=table(draft="drawn dropped", drawn="", dropped=""),
    owners={InspectionPlanState.DRAFT: OFFICERS},
)
INSPECTION = Machine(
    name="inspection",
    states=InspectionState,
    initial=InspectionState.PLANNED,
    transitions=table(
        planned="announced under_way cancelled", announced="under_way cancelled", under_way="reported cancelled",
        reported="answered closed", answered="closed", closed="", cancelled="",
    ),
    owners={
        InspectionState.PLANNED: OFFICERS, InspectionState.ANNOUNCED: OFFICERS, InspectionState.UNDER_WAY: OFFICERS,
        InspectionState.REPORTED: _("the party that was inspected"), InspectionState.ANSWERED: OFFICERS,
    },
)  # fmt: skip
I = InspectionState  # noqa: E741
# as what somebody acts who is named as a joint inspector
JOINT = (CapabilityKind.AUTHORITY, CapabilityKind.UNIT, CapabilityKind.OVERSIGHT, CapabilityKind.EXPERT)
# acts of inspectors that the party learns of by the report
AT_WORK = ("check_points", "name_inspector", "release_inspector", "recuse")
TOLD = (I.ANNOUNCED, I.UNDER_WAY, I.REPORTED, I.ANSWERED)  # open, and the party knows of it
OPEN_INSPECTION = (I.PLANNED, *TOLD)


class Method(models.TextChoices):
    RANDOM = "random", _("at random")
    RISK = "risk", _("weighted by risk")


class Strata(models.TextChoices):
    NONE = "", _("not divided")
    PURPOSE = "purpose", _("by purpose")
    REGION = "region", _("by the buyer's region")
    BUYER = "buyer", _("by the buyer's kind")


class InspectionPlanQuerySet(models.QuerySet["InspectionPlan"]):
    def visible_to(self, user: Any) -> "InspectionPlanQuerySet":
        """The officers of its authority, and the province. Its frame, which may be long, is read when it is used."""
        who, rows = reach_of(user, timezone.now()), self.defer("frame")
        return rows if who.is_province else rows.filter(authority__in=who.authorities)


class InspectionPlan(models.Model):
    """Which grants an authority draws from in a period, how, and how many.

    `frame` is what it was drawn from: [grant, stratum, weight, figures] each; with `seed`, what was given and
    then what the site drew, it gives the sample again.
    """

    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200)
    first = models.DateField(_("from"))
    last = models.DateField(_("until"))
    method = models.CharField(_("how grants are drawn"), max_length=8, choices=Method.choices)
    strata = models.CharField(_("divided"), max_length=8, choices=Strata.choices, blank=True)
    size = models.PositiveIntegerField(_("how many grants"), validators=[MinValueValidator(1), MaxValueValidator(MOST)])
    region = models.ForeignKey(
        Region, verbose_name=_("only buyers of this region"), null=True, blank=True, on_delete=models.PROTECT
    )
    purpose = models.CharField(_("only for this purpose"), max_length=200, blank=True)
    buyer_kind = models.CharField(_("only buyers of this kind"), max_length=20, choices=PartyKind.choices, blank=True)
    seller_kind = models.CharField(_("only sellers of this kind"), max_length=20, choices=PartyKind.choices, blank=True)
    seed = models.CharField(_("seed"), max_length=100, blank=True)
    frame = models.JSONField(default=list)
    frame_hash = models.CharField(_("hash of what it was drawn from"), max_length=64, blank=True)
    frame_count = models.PositiveIntegerField(_("grants to draw from"), null=True, blank=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    drawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        _("state"), max_length=10, choices=InspectionPlanState.choices, default=InspectionPlanState.DRAFT
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = InspectionPlanQuerySet.as_manager()
    machine = INSPECTION_PLAN

    class Meta:
        verbose_name = _("inspection plan")
        constraints = (
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="inspection_plan_period_order"),
            models.CheckConstraint(
                condition=Q(state="drawn", drawn_at__isnull=False, drawn_by__isnull=False, frame_count__gte=1)
                & ~Q(frame_hash="")
                | ~Q(state="drawn") & Q(drawn_at=None, drawn_by=None, frame_count=None, frame_hash=""),
                name="inspection_plan_drawn_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:inspection-plan", args=[self.pk])

    @property
    def number(self) -> str:
        return f"P{self.pk:06d}"

    def drawn_again(self) -> bool:
        """Whether the frame kept has its hash, and gives the very inspections by the seed."""
        units = [Unit(*row) for row in self.frame]
        again = sorted(unit.grant for unit in draw(units, self.size, self.seed))
        return fingerprint(units) == self.frame_hash and again == sorted(
            self.inspections.values_list("grant", flat=True)
        )


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, user: Any) -> "InspectionQuerySet":
        """Officers of the authority, the province and joint inspectors, but for the people of the party; the party once
        it was told."""
        who = reach_of(user, timezone.now())
        others = ~Q(party__in=recent_parties(user, timezone.now()))
        mine = Q(party__in=who.parties)
        ways = [mine & Q(announced_at__isnull=False), mine & Q(begun_at__isnull=False)]
        if user.is_authenticated and user.is_active:
            ways.append(Q(pk__in=joint_of(user, timezone.now()).values("inspection")) & others)
        if who.authorities:
            ways.append(others if who.is_province else Q(authority__in=who.authorities) & others)
        return self.filter(found_by(self.model, *ways))

    def of_sides(self, user: Any, at: datetime) -> "InspectionQuerySet":
        """Those in which the person is on a side: of buyer, seller or a providing unit of the grant, now or of late."""
        sides = recent_parties(user, at)
        provided = VersionSource.objects.filter(unit__in=sides).values("version")
        return self.filter(
            Q(party__in=sides) | Q(grant__product__seller__in=sides) | Q(grant__from_version__in=provided)
        )


FIGURES = {
    "findings": _("findings"),
    "overdue_reports": _("reports overdue"),
    "deliveries": _("deliveries"),
    "years": _("years since it was inspected or began"),
}


class Outcome(models.TextChoices):
    IN_ORDER = "in_order", _("everything in order")
    PUT_RIGHT = "put_right", _("points put right")
    FOLLOWED_UP = "followed_up", _("points followed up as findings")


class Inspection(models.Model):
    """The inspection of one grant. `figures`: why it was drawn; `reason`: why it was opened, without a plan.

    `inspectors` are those that its report names: [name, department, role] each, the officer who signed it first.
    """

    plan = models.ForeignKey(
        InspectionPlan, verbose_name=_("plan"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="inspections",
    )  # fmt: skip
    grant = models.ForeignKey(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="inspections")
    party = models.ForeignKey(Party, verbose_name=_("party"), on_delete=models.PROTECT, related_name="inspections")
    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=200, blank=True)
    weight = models.FloatField(_("weight"), default=1.0)
    figures = models.JSONField(default=dict)
    reason = models.TextField(_("why it is inspected"), blank=True)
    edition = models.PositiveSmallIntegerField(default=CURRENT)
    announced_at = models.DateTimeField(_("announced"), null=True, blank=True)
    announcement = models.TextField(_("notice"), blank=True)
    unannounced = models.TextField(_("why it was not announced"), blank=True)
    begun_at = models.DateTimeField(_("begun"), null=True, blank=True)
    report = models.TextField(_("inspection report"), blank=True)
    inspectors = models.JSONField(_("inspected by"), default=list, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    answer = models.TextField(_("answer of the party"), blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)
    closing = models.TextField(_("words on the outcome"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=I.choices, default=I.PLANNED)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = InspectionQuerySet.as_manager()
    machine = INSPECTION

    class Meta:
        verbose_name = _("inspection")
        constraints = (
            models.UniqueConstraint(fields=["plan", "grant"], name="inspection_drawn_once"),
            models.UniqueConstraint(
                fields=["grant"], condition=Q(plan=None, state__in=OPEN_INSPECTION), name="inspection_for_cause_once"
            ),
            models.CheckConstraint(condition=Q(plan__isnull=False) | ~Q(reason=""), name="inspection_has_a_reason"),
            models.CheckConstraint(
                condition=Q(begun_at=None) | Q(announced_at__isnull=False) | ~Q(unannounced=""),
                name="inspection_announced_or_says_why_not",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | (~Q(outcome="") & Q(closed_at__isnull=False)),
                name="inspection_closed_with_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} · {Grant.number_of(self.grant_id)}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:inspection", args=[self.pk])

    @property
    def number(self) -> str:
        return f"J{self.pk:06d}"

    @property
    def grant_number(self) -> str:
        return Grant.number_of(self.grant_id)

    @property
    def taking_part(self) -> "models.QuerySet[JointInspector]":
        """The joint inspectors of now, as they were named."""
        return self.joint.filter(ended_at=None).select_related("user").order_by("pk")

    def finding_keys(self) -> dict[str, str]:
        """Of what is not in order, the occasion by which it is a finding once, and the question."""
        rows = self.points.filter(verdict__in=DEFECTS).order_by("pk")
        return {f"{RULE}:{self.pk}:{code}": code for code in rows.values_list("code", flat=True)}

    @property
    def why(self) -> list[tuple[Any, float]]:
        """The figures that its weight comes from, in words."""
        return [(FIGURES[name], value) for name, value in self.figures.items()]

    @property
    def asked(self) -> list[tuple[Question, "InspectionPoint | None"]]:
        """Each question of its edition, and what was found."""
        found = {point.code: point for point in self.points.all()}
        return [(one, found.get(one.code)) for one in questions(self.edition)]


class JointInspector(models.Model):
    """Somebody of another department who takes part in one inspection: reads it and writes down what is found."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="joint")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    department = models.CharField(_("department"), max_length=200)
    role = models.CharField(_("role in the inspection"), max_length=100)
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("joint inspector")
        constraints = (
            models.UniqueConstraint(
                fields=["inspection", "user"], condition=Q(ended_at=None), name="joint_inspector_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user.name} ({self.department}, {self.role})"


def joint_of(user: Any, at: datetime) -> models.QuerySet[JointInspector]:
    """By what somebody takes part in inspections at `at`: not released, and acting still for a public body or as an
    expert."""
    return JointInspector.objects.filter(Exists(acting_as(user, JOINT, at)), user=user, ended_at=None)


class Verdict(models.TextChoices):
    IN_ORDER = "in_order", _("in order")
    NOT_IN_ORDER = "not_in_order", _("not in order")
    SERIOUS = "serious", _("not in order, serious")
    NOT_APPLICABLE = "not_applicable", _("not applicable")


DEFECTS = (Verdict.NOT_IN_ORDER, Verdict.SERIOUS)


class InspectionPoint(models.Model):
    """What was found on one question."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="points")
    code = models.CharField(max_length=20)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    words = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["inspection", "code"], name="inspection_point_once"),
            models.CheckConstraint(condition=~Q(verdict__in=DEFECTS) | ~Q(words=""), name="inspection_point_says_what"),
        )

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.code}"

    @property
    def text(self) -> Any:
        return next(one.text for one in questions(self.inspection.edition) if one.code == self.code)
