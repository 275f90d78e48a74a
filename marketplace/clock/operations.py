"""Starting, ending and asking clocks. Always part of another operation, in its transaction and under its act."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from marketplace.clock import working_days
from marketplace.clock.defaults import DEFAULTS, IN_DAYS, IN_HOURS, IN_MONTHS, Kind
from marketplace.clock.models import Clock, ClockSetting
from marketplace.errors import InvalidState


def days(kind: str) -> int:
    """Working days (or days, months, hours: `unit`) of a deadline: the site's setting, else the default."""
    setting = ClockSetting.objects.filter(kind=kind).values_list("days", flat=True).first()
    return DEFAULTS[kind][0] if setting is None else setting


def review_term(at: datetime, remedy: str) -> dict[str, Any]:
    """For the message of a refusal that names its remedy: the last day on which a review of it can be asked for."""
    if not remedy:
        return {}
    return {"review_until": working_days.last_day(working_days.due_after(at, days(Kind.REVIEW_TERM)))}


def start_each(
    objects: Sequence[models.Model], kind: str, at: datetime | Sequence[datetime], *,
    lengths: Sequence[int | None] = (),
) -> list[Clock]:  # fmt: skip
    """What `start` does, for many objects at once, each from its own moment and with its own of the `lengths` where
    there are several."""
    usual, began = days(kind), [at] * len(objects) if isinstance(at, datetime) else at
    each = [usual if length is None else length for length in lengths or [None] * len(objects)]
    due = {spell: _over(kind, *spell) for spell in set(zip(began, each, strict=True))}
    return Clock.objects.bulk_create(
        Clock(
            object_type=obj._meta.label_lower, object_id=str(obj.pk), kind=kind, started_at=spell[0],
            working_days=spell[1], due_at=due[spell],
        )
        for obj, spell in zip(objects, zip(began, each, strict=True), strict=True)
    )  # fmt: skip


def start(obj: models.Model, kind: str, at: datetime, *, length: int | None = None) -> Clock:
    """Start a clock; the database refuses a second open one of the same kind for the same object.

    `length` is in working days (days, hours or months for the kinds `IN_DAYS`, `IN_HOURS`, `IN_MONTHS`); by default
    what the deadline's setting says.
    """
    length = days(kind) if length is None else length
    return Clock.objects.create(
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        kind=kind,
        started_at=at,
        working_days=length,
        due_at=_over(kind, at, length),
    )


def stop(obj: models.Model, at: datetime, *kinds: str) -> None:
    """End the open clocks of an object: those of the given kinds, or all. None running is no fault."""
    stop_each([obj], at, *kinds)


def stop_each(objects: Sequence[models.Model], at: datetime, *kinds: str) -> None:
    """What `stop` does, for many objects of one type at once."""
    keys = [str(obj.pk) for obj in objects]
    running = Clock.objects.open().filter(object_type=objects[0]._meta.label_lower, object_id__in=keys)
    if kinds:
        running = running.filter(kind__in=kinds)
    running.update(ended_at=at)


def of(obj: models.Model):  # type: ignore[no-untyped-def]
    """The clocks of one object."""
    return Clock.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))


def newest(obj: models.Model, kind: str) -> Clock | None:
    """The clock of this kind that began last, over or not."""
    found: Clock | None = of(obj).filter(kind=kind).newest_first().first()
    return found


def has_run_out(obj: models.Model, kind: str, at: datetime) -> bool:
    """Whether the newest clock of this kind is over at `at`; False when none was started or it was stopped in time."""
    clock = newest(obj, kind)
    if clock is None or clock.paused_at is not None:
        return False
    return clock.due_at <= at and (clock.ended_at is None or clock.ended_at >= clock.due_at)


def pause(obj: models.Model, kind: str, at: datetime) -> None:
    """The other side must act: the clock stands still. One that has run out already stays so."""
    of(obj).running().filter(kind=kind, due_at__gt=at).update(paused_at=at)


def go_on(obj: models.Model, kind: str, at: datetime) -> None:
    """The other side has acted: a clock that stands still goes on, due later by the working days that it stood, and
    with one day at least for whoever must act now."""
    for clock in of(obj).open().filter(kind=kind).exclude(paused_at=None):
        still = working_days.working_days_between(working_days.local_date(clock.paused_at), working_days.local_date(at))
        make_up(clock, at, days=clock.paused_days + still, since=None)


def make_up(clock: Clock, at: datetime, *, days: int, since: datetime | None) -> None:
    """It turns out that an open clock has stood still for `days` working days in all, and does `since` then: what runs
    leaves one day at least for whoever must act now."""
    clock.paused_days, clock.paused_at = days, since
    clock.due_at = due(clock, days)
    while since is None and clock.due_at < working_days.due_after(at, 1):
        clock.paused_days += 1
        clock.due_at = _due(clock)
    clock.save(update_fields=["paused_days", "paused_at", "due_at"])


def extend(obj: models.Model, kind: str, at: datetime, extra: int) -> Clock:
    """Give a running clock `extra` working days more, once. Raises InvalidState when it is over or was extended."""
    clock = of(obj).open().filter(kind=kind).first()
    if clock is None or (clock.paused_at is None and clock.due_at <= at):
        raise InvalidState(_("This deadline does not run any more."))
    clock.extended_days = extra
    clock.due_at = _due(clock)
    changed = Clock.objects.filter(pk=clock.pk, extended_days=0).update(extended_days=extra, due_at=clock.due_at)
    if changed != 1:
        raise InvalidState(_("This deadline was extended already: it is extended once."))
    return clock


def recompute(at: datetime) -> None:
    """After a change of the calendar: when each clock that still runs is over. One that stands still is computed when
    it goes on; what had run out before stays so."""
    for clock in Clock.objects.running().filter(due_at__gt=at).order_by("pk"):
        due = _due(clock)
        if due != clock.due_at:
            Clock.objects.filter(pk=clock.pk, ended_at=None).update(due_at=due)


def due(clock: Clock, paused_days: int) -> datetime:
    """When it is over if it has stood still for so many days."""
    return _over(clock.kind, clock.started_at, clock.working_days + paused_days + clock.extended_days)


def _due(clock: Clock) -> datetime:
    return due(clock, clock.paused_days)


def _over(kind: str, began: datetime, length: int) -> datetime:
    if kind in IN_MONTHS:
        return working_days.end_of_day(working_days.add_months(working_days.local_date(began), length))
    if kind in IN_DAYS:
        return working_days.end_of_day(working_days.local_date(began) + timedelta(days=length))
    return began + timedelta(hours=length) if kind in IN_HOURS else working_days.due_after(began, length)


def over_before(kind: str, at: datetime) -> datetime:
    """What began before this moment has used up a deadline counted in working or calendar days, its last day included,
    by the setting of today."""
    length, today = days(kind), working_days.local_date(at)
    if kind in IN_DAYS:
        return working_days.start_of_day(today - timedelta(days=length))
    return working_days.start_of_day(working_days.add_working_days(today, -length))


class Used(NamedTuple):
    """A clock at a moment: working days since it began (gross), and of those the ones that count (net)."""

    clock: Clock
    net: int
    gross: int
    allowed: int


def days_used(clocks: Iterable[Clock], at: datetime) -> list[Used]:
    """Net and gross days of each clock, with one look at the calendar."""
    overrides, rows = working_days.calendar_overrides(), []
    for clock in clocks:
        began, today = working_days.local_date(clock.started_at), working_days.local_date(clock.ended_at or at)
        gross = working_days.working_days_between(began, today, overrides)
        still = clock.paused_days
        if clock.paused_at is not None:
            still += working_days.working_days_between(working_days.local_date(clock.paused_at), today, overrides)
        rows.append(Used(clock, max(0, gross - still), gross, clock.working_days + clock.extended_days))
    return rows
