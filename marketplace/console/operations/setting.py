"""The ordinary settings of the site: deadlines, calendar, regions. An operator changes them, with reason and entry."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Region, User
from accounts.regions import level_of
from listings.models import SearchRow
from listings.operations import follow_rows
from marketplace.clock import operations as clock
from marketplace.clock import working_days
from marketplace.clock.defaults import AT_LEAST
from marketplace.clock.models import CalendarDay, ClockSetting
from marketplace.console import permissions
from marketplace.errors import require
from marketplace.ledger import entries as ledger
from marketplace.ledger.acts import Act
from marketplace.supervision.operations import recompute_reports


@transaction.atomic
def set_deadline(*, kind: str, actor: User, at: datetime, days: int, source: str, reason: str) -> ClockSetting:
    """Another number of working days for clocks that start from now on; those that run keep theirs.

    Raises ValidationError for less than the law gives a party.
    """
    permissions.check_can_set(actor, at)
    require(source=source, reason=reason)
    if days < (least := AT_LEAST.get(kind, 0)):
        raise ValidationError(
            {"days": _("The law gives a party %(days)d days: fewer cannot be set.") % {"days": least}}
        )
    before = clock.days(kind)
    setting, _is_new = ClockSetting.objects.update_or_create(kind=kind, defaults={"days": days, "source": source})
    detail = {"days": days, "before": before, "source": source, "reason": reason}
    ledger.record(ledger.begin("set_deadline", actor, at), setting, detail=detail)
    return setting


@transaction.atomic
def publish_year(
    *, year: int, actor: User, at: datetime, days_off: list[date], make_up_days: list[date], source: str, reason: str
) -> list[CalendarDay]:
    """The year's calendar as the State Council published it; every deadline that still runs is computed anew.

    All weekdays are working days but `days_off`; no weekend is but `make_up_days`. Records an entry per day that
    changes. Raises ValidationError for a day of another year, of the wrong kind, or one that is over already.
    """
    permissions.check_can_set(actor, at)
    require(source=source, reason=reason)
    _check_days(year, days_off, weekend=False, field="days_off")
    _check_days(year, make_up_days, weekend=True, field="make_up_days")
    wanted = dict.fromkeys(days_off, False) | dict.fromkeys(make_up_days, True)
    changes = list(_changes(year, wanted))
    if any(moves and day <= working_days.local_date(at) for day, _is_workday, moves in changes):
        raise ValidationError({"days_off": _("This changes days that are over: what was counted stays counted.")})
    act = ledger.begin("publish_calendar", actor, at)
    rows = [_set_day(act, day, is_workday, source, reason) for day, is_workday, _moves in changes]
    clock.recompute(at)
    recompute_reports(at)
    return rows


def _check_days(year: int, days: list[date], *, weekend: bool, field: str) -> None:
    for day in days:
        if day.year != year:
            raise ValidationError({field: _("%(day)s is not in %(year)s.") % {"day": day, "year": year}})
        if (day.weekday() >= 5) != weekend:
            wrong = _("%(day)s is no weekend.") if weekend else _("%(day)s is a weekend.")
            raise ValidationError({field: wrong % {"day": day}})


def _changes(year: int, wanted: Mapping[date, bool]) -> Iterator[tuple[date, bool, bool]]:
    """(day, is it a working day, was it otherwise before) for each day that needs a new or another row: those that were
    published, and those on which the package is wrong."""
    overrides, day = working_days.calendar_overrides(), date(year, 1, 1)
    while day.year == year:
        is_workday = wanted.get(day, day.weekday() < 5)
        before = overrides.get(day, working_days.package_says(day))
        if before != is_workday or (day in wanted and day not in overrides):
            yield day, is_workday, before != is_workday
        day += timedelta(days=1)


def _set_day(act: Act, day: date, is_workday: bool, source: str, reason: str) -> CalendarDay:
    row, _is_new = CalendarDay.objects.update_or_create(
        date=day, defaults={"is_workday": is_workday, "published": True}
    )
    ledger.record(act, row, detail={"is_workday": is_workday, "source": source, "reason": reason})
    return row


@transaction.atomic
def rename_region(*, region: Region, actor: User, at: datetime, name: str, name_en: str, reason: str) -> Region:
    """Another name for a region; its code stays."""
    permissions.check_can_set(actor, at)
    require(name=name, name_en=name_en, reason=reason)
    detail = {"name": name, "name_en": name_en, "before": region.name, "before_en": region.name_en, "reason": reason}
    region.name, region.name_en = name, name_en
    region.save(update_fields=["name", "name_en"])
    follow_rows(SearchRow.objects.filter(region=region))
    ledger.record(ledger.begin("rename_region", actor, at), region, detail=detail)
    return region


@transaction.atomic
def add_region(*, code: str, actor: User, at: datetime, name: str, name_en: str, reason: str) -> Region:
    """A new city or county by its GB/T 2260 code, which says where it belongs. Raises ValidationError for its code."""
    permissions.check_can_set(actor, at)
    require(name=name, name_en=name_en, reason=reason)
    above = code[:4] + "00" if level_of(code) == "county" else code[:2] + "0000"
    parent = Region.objects.filter(code=above).first()
    if above == code or parent is None:
        raise ValidationError({"code": _("There is no region %(code)s for it to lie in.") % {"code": above}})
    if Region.objects.filter(code=code).exists():
        raise ValidationError({"code": _("There is a region with this code already.")})
    region = Region.objects.create(code=code, name=name, name_en=name_en, parent=parent, level=level_of(code))
    ledger.record(
        ledger.begin("add_region", actor, at), region, detail={"name": name, "name_en": name_en, "reason": reason}
    )
    return region
