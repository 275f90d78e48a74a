"""When the mails that gather notices go out: on the mornings of working days, in Asia/Shanghai."""

from datetime import date, datetime, time, timedelta

from django.conf import settings

from marketplace.clock.working_days import SHANGHAI, is_working_day, local_date
from marketplace.notices.kinds import Delivery

DAY = timedelta(days=1)


def morning(day: date) -> datetime:
    return datetime.combine(day, time(settings.DIGEST_HOUR), tzinfo=SHANGHAI)


def latest_morning(at: datetime) -> datetime:
    """The last working day's morning that `at` has reached."""
    day = local_date(at)
    if at < morning(day):
        day -= DAY
    while not is_working_day(day):
        day -= DAY
    return morning(day)


def next_morning(at: datetime, delivery: str) -> datetime:
    """The first morning after `at` on which a daily or weekly mail goes out."""
    day = local_date(at)
    if at >= morning(day):
        day += DAY
    while not (is_working_day(day) and (delivery == Delivery.DAILY or _opens_week(day))):
        day += DAY
    return morning(day)


def _opens_week(day: date) -> bool:
    return not any(is_working_day(day - DAY * back) for back in range(1, day.weekday() + 1))
