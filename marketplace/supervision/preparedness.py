"""How a unit is prepared for an incident: its emergency plan, what it drills, evaluates and assesses (Art. 34)."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Party, User
from accounts.reach import found_by, reach_of
from marketplace.clock.defaults import Kind
from marketplace.workflow import Machine, table


class PlanState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("plan", "draft")
    IN_FORCE = "in_force", pgettext_lazy("plan", "in force")
    SUPERSEDED = "superseded", pgettext_lazy("plan", "no longer in force")
    DISCARDED = "discarded", pgettext_lazy("plan", "discarded")


UNIT = _("the unit")
EMERGENCY_PLAN = Machine(
    name="emergency plan",
    states=PlanState,
    initial=PlanState.DRAFT,
    transitions=table(draft="in_force discarded", in_force="superseded", superseded="", discarded=""),
    owners={PlanState.DRAFT: UNIT, PlanState.IN_FORCE: UNIT},
)
EARLIEST = date(2000, 1, 1)  # day that anybody means: before it lies a slip of the pen
OWN_ALONE = (PlanState.DRAFT, PlanState.DISCARDED)  # what nobody but the unit reads


class ExerciseKind(models.TextChoices):
    """What a unit does regularly; the value is that of its clock."""

    DRILL = Kind.DRILL.value, _("emergency drill")
    EVALUATION = Kind.EVALUATION.value, _("security evaluation")
    RISK = Kind.RISK.value, _("risk assessment")


class PlanQuerySet(models.QuerySet["EmergencyPlan"]):
    def visible_to(self, user: Any) -> "PlanQuerySet":
        """The unit; of what is or was in force the authority of its region and the province."""
        who = reach_of(user, timezone.now())
        ways, seen = [Q(unit__in=who.parties)], ~Q(state__in=OWN_ALONE)
        if who.is_province:
            ways.append(seen)
        elif who.authorities:
            ways.append(seen & Q(authority__in=who.authorities))
        return self.filter(found_by(self.model, *ways))


class EmergencyPlan(models.Model):
    """A unit's plan for incidents with data; the document itself lies with it as a file. One is in force at a time."""

    unit = models.ForeignKey(Party, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="emergency_plans")
    authority = models.ForeignKey(
        Party, verbose_name=_("authority"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(_("title"), max_length=200)
    contact = models.CharField(_("who is called, day and night"), max_length=200)
    covers = models.TextField(_("what it covers: data, systems, roles"), max_length=4000)
    adopted_on = models.DateField(_("adopted"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=PlanState.choices, default=PlanState.DRAFT)
    created_at = models.DateTimeField()

    objects = PlanQuerySet.as_manager()
    machine = EMERGENCY_PLAN

    class Meta:
        verbose_name = _("emergency plan")
        constraints = (
            models.UniqueConstraint(fields=["unit"], condition=Q(state="in_force"), name="plan_one_in_force"),
            models.UniqueConstraint(fields=["unit"], condition=Q(state="draft"), name="plan_one_draft"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"], adopted_on=None)
                | Q(state__in=["in_force", "superseded"], adopted_on__isnull=False),
                name="plan_adopted_iff_in_force",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.unit})"

    def get_absolute_url(self) -> str:
        return reverse("supervision:emergency-plan", args=[self.pk])


class Exercise(models.Model):
    """A drill, a security evaluation or a risk assessment that was done, and what it taught. Never changed."""

    plan = models.ForeignKey(EmergencyPlan, on_delete=models.PROTECT, related_name="exercises")
    kind = models.CharField(_("kind"), max_length=12, choices=ExerciseKind.choices)
    day = models.DateField(_("day"))
    people = models.PositiveIntegerField(_("people who took part"))
    scenario = models.TextField(_("what was tried or looked at"), max_length=4000)
    lessons = models.TextField(_("what was found, and what changes"), max_length=4000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("exercise")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.day}"
