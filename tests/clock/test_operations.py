"""Clocks that run: one open of a kind for an object, due at the end of its last day, changed by a setting."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from marketplace.clock import operations as clock
from marketplace.clock.defaults import DEFAULTS, Kind
from marketplace.clock.models import Clock, ClockSetting
from marketplace.clock.working_days import SHANGHAI
from marketplace.errors import InvalidState

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


def test_every_kind_has_a_default_with_its_source():
    assert {str(kind): DEFAULTS[kind][0] for kind in Kind} == {
        "acceptance": 3, "precheck": 2, "consultation": 5, "decision": 20, "publicity": 10, "objection": 5, "offer": 20,
        "report": 10, "report_grace": 5, "correction": 15, "hearing": 5, "heard": 3, "judgement": 10,
        "change": 10, "report_check": 10, "inspection_report": 15, "inspection_outcome": 10,
        "finding": 3, "precaution": 10,
        "whereabouts": 3, "destruction": 10, "certificate": 10, "reassessment": 12, "mending": 3, "concern": 3,
        "fault": 5,
        "repair": 15, "incident_authority": 1, "incident_cyberspace": 1, "review_term": 10, "review": 15,
        "inquiry": 5, "contest": 60, "take_down": 3, "drill": 12, "evaluation": 12, "risk": 12, "service": 3,
        "inspection_notice": 3, "inspection_answer": 10,
    }  # fmt: skip
    assert all(source for _days, source in DEFAULTS.values())


def test_clock_is_due_at_the_end_of_its_last_working_day(world):
    running = clock.start(world.product, Kind.FINDING, MONDAY)
    assert (running.working_days, running.due_at) == (3, datetime(2026, 3, 6, tzinfo=SHANGHAI))
    assert clock.has_run_out(world.product, Kind.FINDING, running.due_at - timedelta(microseconds=1)) is False
    assert clock.has_run_out(world.product, Kind.FINDING, running.due_at) is True
    assert clock.has_run_out(world.product, Kind.OFFER, running.due_at) is False


def test_second_open_clock_of_one_kind_is_refused_by_the_database(world):
    clock.start(world.product, Kind.FINDING, MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        clock.start(world.product, Kind.FINDING, MONDAY + timedelta(days=1))
    clock.start(world.product, Kind.OFFER, MONDAY)
    clock.start(world.version, Kind.FINDING, MONDAY)
    clock.stop(world.product, MONDAY, Kind.FINDING)
    clock.start(world.product, Kind.FINDING, MONDAY + timedelta(days=1))
    assert list(clock.of(world.product).order_by("pk").values_list("kind", "ended_at")) == [
        ("finding", MONDAY), ("offer", None), ("finding", None),
    ]  # fmt: skip


def test_newest_clock_is_the_one_that_began_last_whichever_was_written_last(world):
    def written(at, length):
        clock.start(world.product, Kind.FINDING, at, length=length)
        clock.stop(world.product, at, Kind.FINDING)
        found = clock.newest(world.product, Kind.FINDING)
        assert found is not None
        return found.working_days

    assert clock.newest(world.product, Kind.FINDING) is None
    assert written(MONDAY, 1) == 1
    assert written(MONDAY, 2) == 2  # at the same moment
    assert written(MONDAY - timedelta(days=7), 3) == 2  # later, of what began before


def test_stop_ends_the_named_kinds_or_all_of_this_object_only(world):
    for kind in (Kind.FINDING, Kind.OFFER, Kind.HEARING):
        clock.start(world.product, kind, MONDAY)
    clock.start(world.version, Kind.FINDING, MONDAY)
    clock.stop(world.product, MONDAY, Kind.OFFER, Kind.HEARING)
    assert list(clock.of(world.product).open().values_list("kind", flat=True)) == ["finding"]
    clock.stop(world.product, MONDAY)
    assert clock.of(world.product).open().count() == 0
    assert clock.of(world.version).open().count() == 1


def test_setting_replaces_the_default_for_new_clocks_only(world):
    before = clock.start(world.product, Kind.FINDING, MONDAY)
    ClockSetting.objects.create(kind=Kind.FINDING, days=1, source="本市规定")
    after = clock.start(world.version, Kind.FINDING, MONDAY)
    before.refresh_from_db()
    assert (before.working_days, after.working_days) == (3, 1)
    assert after.due_at == datetime(2026, 3, 4, tzinfo=SHANGHAI)
    assert clock.days(Kind.FINDING) == 1


def test_overdue_are_open_clocks_whose_time_is_over(world):
    Clock.objects.all().delete()
    short = clock.start(world.product, Kind.FINDING, MONDAY)
    clock.start(world.product, Kind.OFFER, MONDAY)
    ended = clock.start(world.version, Kind.FINDING, MONDAY)
    clock.stop(world.version, MONDAY)
    assert ended.due_at == short.due_at
    assert list(Clock.objects.overdue(short.due_at)) == [short]
    assert list(Clock.objects.overdue(short.due_at - timedelta(seconds=1))) == []


def test_newest_clock_of_a_kind_decides_whether_time_is_over(world):
    clock.start(world.product, Kind.FINDING, MONDAY)
    clock.stop(world.product, MONDAY)
    clock.start(world.product, Kind.FINDING, MONDAY + timedelta(days=30))
    assert clock.has_run_out(world.product, Kind.FINDING, MONDAY + timedelta(days=20)) is False
    assert date(2026, 4, 1) == (MONDAY + timedelta(days=30)).date()


def test_paused_clock_has_not_run_out_and_goes_on_with_the_days_that_were_left(world):
    clock.start(world.product, Kind.HEARING, MONDAY)  # 5 working days
    clock.pause(world.product, Kind.HEARING, MONDAY + timedelta(days=2))  # 2 used
    assert clock.has_run_out(world.product, Kind.HEARING, MONDAY + timedelta(days=99)) is False
    clock.go_on(world.product, Kind.HEARING, MONDAY + timedelta(days=14))
    assert clock.of(world.product).get().due_at == datetime(2026, 3, 20, tzinfo=SHANGHAI)


def test_clock_that_goes_on_leaves_at_least_one_day(world):
    clock.start(world.product, Kind.HEARING, MONDAY)
    clock.pause(world.product, Kind.HEARING, MONDAY + timedelta(days=7))  # all 5 used, not yet over
    clock.go_on(world.product, Kind.HEARING, MONDAY + timedelta(days=14))
    again = clock.of(world.product).get()
    assert again.due_at == datetime(2026, 3, 18, tzinfo=SHANGHAI)
    clock.recompute(MONDAY + timedelta(days=14))
    assert clock.of(world.product).get().due_at == again.due_at


def test_paused_clock_is_not_overdue_and_goes_on_later_by_the_days_it_stood(world):
    Clock.objects.all().delete()
    clock.start(world.product, Kind.HEARING, MONDAY)  # 5 working days: until Monday 9
    clock.pause(world.product, Kind.HEARING, MONDAY + timedelta(days=2))
    clock.pause(world.product, Kind.HEARING, MONDAY + timedelta(days=3))  # it stands already
    month_later = MONDAY + timedelta(days=30)
    assert list(Clock.objects.overdue(month_later)) == []
    used = clock.days_used(Clock.objects.all(), MONDAY + timedelta(days=7))
    assert [(row.net, row.gross, row.allowed) for row in used] == [(2, 5, 5)]
    clock.go_on(world.product, Kind.HEARING, MONDAY + timedelta(days=7))
    clock.go_on(world.product, Kind.HEARING, MONDAY + timedelta(days=8))
    running = clock.of(world.product).get()
    assert (running.paused_days, running.due_at) == (3, datetime(2026, 3, 13, tzinfo=SHANGHAI))
    assert list(Clock.objects.overdue(running.due_at)) == [running]


def test_clock_is_extended_once_and_only_while_it_runs(world):
    over = clock.start(world.product, Kind.HEARING, MONDAY).due_at
    with pytest.raises(InvalidState):
        clock.extend(world.product, Kind.HEARING, over, 3)
    assert clock.extend(world.product, Kind.HEARING, MONDAY, 3).due_at == datetime(2026, 3, 13, tzinfo=SHANGHAI)
    with pytest.raises(InvalidState):
        clock.extend(world.product, Kind.HEARING, MONDAY, 3)
    with pytest.raises(InvalidState):
        clock.extend(world.product, Kind.OFFER, MONDAY, 3)
    assert clock.days_used(clock.of(world.product), MONDAY)[0].allowed == 8
