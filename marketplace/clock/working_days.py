"""Chinese working days: weekends, public holidays and make-up workdays, in Asia/Shanghai.

Day 1 is the next working day; a period ends at 24:00 of its last day. `CalendarDay` rows override the `holidays`
package; a year the State Council has not yet published there is provisional.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from holidays.countries.china import ChinaStaticHolidays

from marketplace.clock.models import CalendarDay

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST_PUBLISHED_YEAR = max(ChinaStaticHolidays.special_public_holidays)


@cache
def _year(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=[year])


def package_says(day: date) -> bool:
    """Whether the `holidays` package takes the day for a working day, whatever the site's own calendar says."""
    return _year(day.year).is_working_day(day)


def calendar_overrides() -> dict[date, bool]:
    return dict(CalendarDay.objects.values_list("date", "is_workday"))


def is_working_day(day: date) -> bool:
    override = CalendarDay.objects.filter(date=day).values_list("is_workday", flat=True).first()
    return _year(day.year).is_working_day(day) if override is None else override


def is_provisional(day: date) -> bool:
    """Whether the day lies in a year whose holidays nobody has published yet."""
    if day.year <= LAST_PUBLISHED_YEAR:
        return False
    return not CalendarDay.objects.filter(date__year=day.year, published=True).exists()


def add_working_days(start: date, days: int, overrides: Mapping[date, bool] | None = None) -> date:
    """The last day of a period of `days` working days that starts to count on the next working day.

    Negative `days` count backwards from `start`, which is not counted itself; 0 is `start`. Who counts often looks
    `calendar_overrides()` up once.
    """
    overrides = calendar_overrides() if overrides is None else overrides
    step, day = (1 if days >= 0 else -1), start
    for _ in range(abs(days)):
        day += timedelta(days=step)
        while not overrides.get(day, _year(day.year).is_working_day(day)):
            day += timedelta(days=step)
    return day


def working_days_between(start: date, end: date, overrides: Mapping[date, bool] | None = None) -> int:
    """Working days after `start`, up to and with `end`. Who counts often looks `calendar_overrides()` up once."""
    overrides, day, count = calendar_overrides() if overrides is None else overrides, start, 0
    while day < end:
        day += timedelta(days=1)
        count += overrides.get(day, _year(day.year).is_working_day(day))
    return count


def local_date(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def end_of_day(day: date) -> datetime:
    """24:00 of `day`, which is 0:00 of the next."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=SHANGHAI)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one where that month is shorter. `months` may be negative."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_before(day: date, months: int) -> date:
    """The latest day of which `day` is at least `months` later."""
    found = add_months(day, -months)
    is_last = (day + timedelta(days=1)).day == 1
    return found.replace(day=monthrange(found.year, found.month)[1]) if is_last else found


def last_day(due: datetime) -> date:
    """The day at whose 24:00 a period is over: what a person is told."""
    return local_date(due - timedelta(microseconds=1))


def due_after(at: datetime, days: int) -> datetime:
    """When a period of `days` working days that began at `at` is over."""
    return end_of_day(add_working_days(local_date(at), days))
