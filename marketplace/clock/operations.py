"""Starting, ending and asking clocks. Always part of another operation, in its transaction and under its act."""

from datetime import datetime

from django.db import models

from marketplace.clock import working_days
from marketplace.clock.defaults import DEFAULTS
from marketplace.clock.models import Clock, ClockSetting


def days(kind: str) -> int:
    """Working days of a deadline: the site's setting, else the default."""
    setting = ClockSetting.objects.filter(kind=kind).values_list("days", flat=True).first()
    return DEFAULTS[kind][0] if setting is None else setting


def start(obj: models.Model, kind: str, at: datetime, *, length: int | None = None) -> Clock:
    """Start a clock; the database refuses a second open one of the same kind for the same object.

    `length` is in working days; by default what the deadline's setting says.
    """
    length = days(kind) if length is None else length
    return Clock.objects.create(
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        kind=kind,
        started_at=at,
        working_days=length,
        due_at=working_days.due_after(at, length),
    )


def stop(obj: models.Model, at: datetime, *kinds: str) -> None:
    """End the open clocks of an object: those of the given kinds, or all. None running is no fault."""
    running = of(obj).open()
    if kinds:
        running = running.filter(kind__in=kinds)
    running.update(ended_at=at)


def of(obj: models.Model):  # type: ignore[no-untyped-def]
    """The clocks of one object."""
    return Clock.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))


def has_run_out(obj: models.Model, kind: str, at: datetime) -> bool:
    """Whether the newest clock of this kind is over at `at`; False when none was started or it was stopped in time."""
    clock = of(obj).filter(kind=kind).order_by("-started_at", "-pk").first()
    return clock is not None and clock.due_at <= at and (clock.ended_at is None or clock.ended_at >= clock.due_at)


def resume(obj: models.Model, kind: str, at: datetime) -> Clock:
    """Let a stopped clock go on with the working days that were left, at least one; nothing to do if it runs."""
    last = of(obj).filter(kind=kind).order_by("-started_at", "-pk")[0]
    if last.ended_at is None:
        return last
    used = working_days.working_days_between(
        working_days.local_date(last.started_at), working_days.local_date(last.ended_at)
    )
    return start(obj, kind, at, length=max(1, last.working_days - used))
