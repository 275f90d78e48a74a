"""The calendar, the deadlines and the clocks that run."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.clock.defaults import IN_HOURS, IN_MONTHS, Kind


def kinds() -> list[tuple[str, Any]]:
    """A function, so that a further deadline changes no table."""
    return Kind.choices


class CalendarDay(models.Model):
    """Overrides the `holidays` package for one day. `published` says that the State Council has announced the year."""

    date = models.DateField(primary_key=True)
    is_workday = models.BooleanField()
    published = models.BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.date)


class ClockSetting(models.Model):
    """Another number of working days (or days, months, hours: `unit`) than the default, and where it comes from."""

    kind = models.CharField(max_length=20, primary_key=True, choices=kinds)
    days = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.kind}: {self.days}"


class ClockQuerySet(models.QuerySet["Clock"]):
    def open(self) -> "ClockQuerySet":
        return self.filter(ended_at=None)

    def running(self) -> "ClockQuerySet":
        """Open, and not standing still while the other side must act."""
        return self.open().filter(paused_at=None)

    def newest_first(self) -> "ClockQuerySet":
        """By when they began; of those that began at once, the one made last comes first."""
        return self.order_by("-started_at", "-pk")

    def overdue(self, at) -> "ClockQuerySet":  # type: ignore[no-untyped-def]
        return self.running().filter(due_at__lte=at)


class Clock(models.Model):
    """A deadline that runs for one object. `due_at` is kept for the sweeps' index; see `operations.py`.

    `working_days` are days of the calendar, hours, day and night, or months for the kinds counted in these (`IN_DAYS`,
    `IN_HOURS`, `IN_MONTHS`).
    """

    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    kind = models.CharField(_("deadline"), max_length=20, choices=kinds)
    started_at = models.DateTimeField()
    working_days = models.PositiveSmallIntegerField()
    paused_days = models.PositiveSmallIntegerField(default=0)
    extended_days = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["object_type", "object_id", "kind"], condition=Q(ended_at=None), name="clock_one_open_per_kind"
            ),
        )
        indexes = (models.Index(fields=["kind", "due_at"], condition=Q(ended_at=None), name="clock_due"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.object_type}:{self.object_id}"

    @property
    def in_hours(self) -> bool:
        return self.kind in IN_HOURS

    @property
    def in_months(self) -> bool:
        return self.kind in IN_MONTHS
