"""Against the State Council's notices for 2025 and 2026, written down by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.clock import working_days
from marketplace.clock.models import CalendarDay
from marketplace.clock.working_days import SHANGHAI

pytestmark = pytest.mark.django_db

OFF = [
    "2026-01-01", "2026-01-02", "2026-01-03",  # New Year, Thursday to Saturday
    "2026-02-15", "2026-02-16", "2026-02-17", "2026-02-20", "2026-02-23",  # Spring Festival, nine days
    "2026-04-06",  # Qingming, the Monday after
    "2026-05-01", "2026-05-04", "2026-05-05",  # Labour Day
    "2026-06-19",  # Dragon Boat, a Friday
    "2026-09-25",  # Mid-Autumn, a Friday
    "2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07",  # National Day
    "2025-10-08", "2025-01-28", "2025-02-04",
    "2026-03-07", "2026-03-08",  # a plain weekend
]  # fmt: skip
ON = [
    "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",  # make-up workdays
    "2025-01-26", "2025-02-08", "2025-09-28", "2025-10-11",
    "2026-02-24", "2026-10-08", "2026-03-09", "2026-12-31",
]  # fmt: skip


@pytest.mark.parametrize("day", OFF)
def test_day_off_is_no_working_day(day):
    assert working_days.is_working_day(date.fromisoformat(day)) is False


@pytest.mark.parametrize("day", ON)
def test_workday_and_makeup_workday_are_working_days(day):
    assert working_days.is_working_day(date.fromisoformat(day)) is True


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2026-03-02", 1, "2026-03-03"),  # Monday: day 1 is Tuesday
        ("2026-03-06", 1, "2026-03-09"),  # Friday: day 1 is Monday
        ("2026-03-07", 1, "2026-03-09"),  # Saturday: day 1 is Monday
        ("2026-09-29", 1, "2026-09-30"),
        ("2026-09-30", 1, "2026-10-08"),  # over National Day
        ("2026-09-30", 3, "2026-10-10"),  # 8, 9 and the make-up Saturday
        ("2026-09-30", 4, "2026-10-12"),
        ("2026-09-18", 1, "2026-09-20"),  # a Friday before the make-up Sunday
        ("2026-02-13", 1, "2026-02-14"),  # Friday; the make-up Saturday counts
        ("2026-02-13", 2, "2026-02-24"),  # then nine days off
        ("2026-02-27", 1, "2026-02-28"),
        ("2026-03-02", 10, "2026-03-16"),
        ("2026-12-31", 0, "2026-12-31"),
        ("2026-10-08", -1, "2026-09-30"),  # backwards over National Day
        ("2026-10-12", -1, "2026-10-10"),
        ("2026-10-12", -3, "2026-10-08"),
        ("2026-02-24", -1, "2026-02-14"),
        ("2026-03-09", -10, "2026-02-24"),
    ],
)
def test_add_working_days_counts_as_by_hand(start, days, last):
    assert working_days.add_working_days(date.fromisoformat(start), days) == date.fromisoformat(last)


def test_period_ends_at_midnight_of_its_last_day_in_shanghai():
    at = datetime(2026, 9, 30, 9, 0, tzinfo=SHANGHAI)
    assert working_days.due_after(at, 3) == datetime(2026, 10, 11, 0, 0, tzinfo=SHANGHAI)
    assert working_days.due_after(at, 3).astimezone(UTC) == datetime(2026, 10, 10, 16, 0, tzinfo=UTC)


def test_day_begins_at_midnight_in_shanghai_not_in_utc():
    just_before = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)  # Monday 23:59 in Shanghai
    assert working_days.local_date(just_before) == date(2026, 3, 2)
    assert working_days.due_after(just_before, 1) == datetime(2026, 3, 4, tzinfo=SHANGHAI)
    assert working_days.due_after(just_before + timedelta(minutes=1), 1) == datetime(2026, 3, 5, tzinfo=SHANGHAI)


def test_counting_forth_and_back_agree():
    for offset in range(0, 400, 7):
        day = date(2026, 1, 5) + timedelta(days=offset)
        if not working_days.is_working_day(day):
            continue
        for days in (1, 5, 20):
            assert working_days.add_working_days(working_days.add_working_days(day, days), -days) == day


def test_calendar_day_overrides_the_package_both_ways():
    CalendarDay.objects.create(date=date(2026, 3, 3), is_workday=False)
    CalendarDay.objects.create(date=date(2026, 3, 7), is_workday=True)
    assert working_days.is_working_day(date(2026, 3, 3)) is False
    assert working_days.is_working_day(date(2026, 3, 7)) is True
    assert working_days.add_working_days(date(2026, 3, 2), 1) == date(2026, 3, 4)
    assert working_days.add_working_days(date(2026, 3, 6), 1) == date(2026, 3, 7)


def test_year_nobody_has_published_is_provisional_until_it_is_entered():
    assert working_days.is_provisional(date(2026, 12, 31)) is False
    assert working_days.is_provisional(date(2031, 1, 2)) is True
    CalendarDay.objects.create(date=date(2031, 1, 1), is_workday=False, published=False)
    assert working_days.is_provisional(date(2031, 1, 2)) is True
    CalendarDay.objects.create(date=date(2031, 1, 2), is_workday=False, published=True)
    assert working_days.is_provisional(date(2031, 5, 1)) is False
    assert working_days.is_provisional(date(2032, 5, 1)) is True
