"""Settings: operators change them, with a reason and an entry each; clocks that run follow the calendar."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Region
from listings.operations import drift
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock import working_days
from marketplace.clock.defaults import Kind
from marketplace.clock.models import CalendarDay, ClockSetting
from marketplace.clock.working_days import SHANGHAI
from marketplace.console import operations
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry
from tests.actors import World
from tests.workflow import matrix

Enter = Callable[..., Client]
NOTICE = {"source": "国办发明电〔2026〕1号", "reason": "国务院办公厅已公布"}
AT = datetime(2026, 9, 7, 9, 0, tzinfo=SHANGHAI)  # a Monday


def last_entry() -> tuple[str, str, str]:
    entry = Entry.objects.latest("pk")
    return entry.object_type, entry.object_id, entry.verb


def days_of(year: int) -> tuple[list[date], list[date]]:
    """The calendar as the package knows it: weekdays off, weekends worked."""
    days = [date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())]
    off = [day for day in days if day.weekday() < 5 and not working_days.package_says(day)]
    return off, [day for day in days if day.weekday() >= 5 and working_days.package_says(day)]


def test_a_deadline_holds_for_clocks_that_begin_later(world: World) -> None:
    running = clock.start(world.product, Kind.OFFER, AT)
    operations.set_deadline(
        kind="offer", actor=world["operator"], at=AT, days=5, source="新规定", reason="缩短办理时间"
    )
    setting = ClockSetting.objects.get()
    assert (setting.kind, setting.days, setting.source) == ("offer", 5, "新规定")
    assert last_entry() == ("clock.clocksetting", "offer", "set_deadline")
    assert '"before":20' in Entry.objects.latest("pk").detail.json
    running.refresh_from_db()
    assert running.working_days == 20
    assert clock.start(world.version, Kind.OFFER, AT).working_days == 5


def test_a_day_off_makes_what_runs_later_and_leaves_what_is_over_or_stands_still(world: World, grant: Grant) -> None:
    running = clock.start(world.product, Kind.OFFER, AT)
    over = clock.start(world.version, Kind.FINDING, AT - timedelta(days=30))
    still = clock.start(grant, Kind.OFFER, AT)
    clock.pause(grant, Kind.OFFER, AT)
    report = grant.reports.create(
        start=date(2026, 7, 1), end=date(2026, 9, 4),
        due_at=working_days.due_after(datetime(2026, 9, 4, tzinfo=SHANGHAI), 10),
        late_at=working_days.due_after(datetime(2026, 9, 4, tzinfo=SHANGHAI), 15),
    )  # fmt: skip
    before = {row.pk: row.due_at for row in (running, over, still)}
    due, late = report.due_at, report.late_at
    off, worked = days_of(2026)
    operations.publish_year(
        year=2026, actor=world["operator"], at=AT, days_off=[*off, date(2026, 9, 9)], make_up_days=worked, **NOTICE
    )
    for row in (running, over, still, report):
        row.refresh_from_db()
    assert before[running.pk] == datetime(2026, 10, 11, tzinfo=SHANGHAI)  # the end of a Saturday that is worked
    assert running.due_at == datetime(2026, 10, 13, tzinfo=SHANGHAI)
    assert (over.due_at, still.due_at) == (before[over.pk], before[still.pk])
    assert (due, late) == (datetime(2026, 9, 19, tzinfo=SHANGHAI), datetime(2026, 9, 25, tzinfo=SHANGHAI))
    assert report.due_at == datetime(2026, 9, 21, tzinfo=SHANGHAI)  # the end of a Sunday that is worked
    assert report.late_at == datetime(2026, 9, 29, tzinfo=SHANGHAI)  # three days of the Mid-Autumn Festival between
    clock.go_on(grant, Kind.OFFER, AT + timedelta(hours=1))
    still.refresh_from_db()
    assert still.due_at == running.due_at


def test_a_published_year_is_what_was_published_and_no_longer_provisional(world: World) -> None:
    assert working_days.is_provisional(date(2028, 1, 1))
    off, worked = [date(2028, 1, 3)], [date(2028, 1, 8)]
    rows = operations.publish_year(
        year=2028, actor=world["operator"], at=AT, days_off=off, make_up_days=worked, **NOTICE
    )
    assert not working_days.is_provisional(date(2028, 1, 1))
    assert not working_days.is_working_day(off[0]) and working_days.is_working_day(worked[0])
    holidays = [day for day in days_of(2028)[0] if day not in off]
    assert holidays and all(working_days.is_working_day(day) for day in holidays)
    entries = Entry.objects.filter(verb="publish_calendar")
    assert set(entries.values_list("object_id", flat=True)) == {str(row.date) for row in rows}
    assert len(set(entries.values_list("operation_id", flat=True))) == 1
    again = operations.publish_year(
        year=2028, actor=world["operator"], at=AT, days_off=off, make_up_days=worked, **NOTICE
    )
    assert again == [] and entries.count() == len(rows)


@pytest.mark.parametrize(
    ("off", "worked", "field"),
    [
        ([date(2025, 9, 9)], [], "days_off"),
        ([date(2026, 9, 12)], [], "days_off"),  # a Saturday
        ([], [date(2026, 9, 9)], "make_up_days"),
        ([date(2026, 9, 7)], [], "days_off"),  # today has been counted
        ([date(2026, 9, 4)], [], "days_off"),
    ],
)
def test_days_of_another_year_of_the_wrong_kind_or_over_are_refused(
    world: World, off: list[date], worked: list[date], field: str
) -> None:
    known_off, known_worked = days_of(2026)
    before = matrix.rows()
    with pytest.raises(ValidationError) as error:
        operations.publish_year(
            year=2026, actor=world["operator"], at=AT, days_off=[*known_off, *off],
            make_up_days=[*known_worked, *worked], **NOTICE,
        )  # fmt: skip
    assert set(error.value.message_dict) == {field}
    assert matrix.rows() == before


def test_a_region_is_renamed_and_another_added_where_its_code_says(world: World) -> None:
    operator, county = world["operator"], Region.objects.get(code="350121")
    operations.rename_region(region=county, actor=operator, at=AT, name="闽侯区", name_en="Minhou", reason="撤县设区")
    county.refresh_from_db()
    assert county.name == "闽侯区" and last_entry() == ("accounts.region", "350121", "rename_region")
    city = world.parties["city"].region
    operations.rename_region(region=city, actor=operator, at=AT, name="榕城市", name_en="Rong", reason="更名")
    assert drift() == []
    city.refresh_from_db()
    made = operations.add_region(code="350199", actor=operator, at=AT, name="新区", name_en="New", reason="新设")
    assert (made.parent_id, made.level) == ("350100", "county")
    assert last_entry() == ("accounts.region", "350199", "add_region")
    for code in ("350199", "990000", "360101"):
        with pytest.raises(ValidationError):
            operations.add_region(code=code, actor=operator, at=AT, name="新区", name_en="New", reason="新设")
    assert Region.objects.filter(name="新区").count() == 1


def test_only_operators_set_and_only_with_a_reason(world: World) -> None:
    county, before = Region.objects.get(code="350121"), matrix.rows()
    acts = (
        lambda by, reason: operations.set_deadline(kind="offer", actor=by, at=AT, days=5, source="x", reason=reason),
        lambda by, reason: operations.publish_year(
            year=2028, actor=by, at=AT, days_off=[], make_up_days=[], source="x", reason=reason
        ),
        lambda by, reason: operations.rename_region(
            region=county, actor=by, at=AT, name="x", name_en="x", reason=reason
        ),
        lambda by, reason: operations.add_region(code="350199", actor=by, at=AT, name="x", name_en="x", reason=reason),
    )
    for act in acts:
        for who in ("officer", "province_officer", "expert", "buyer"):
            with pytest.raises(NotAllowed):
                act(world[who], "理由")
        with pytest.raises(ValidationError):
            act(world["operator"], " ")
    assert matrix.rows() == before
    assert Region.objects.get(code="350121").name != "x"


def test_the_pages_set_what_their_forms_say(world: World, enter: Enter) -> None:
    client = enter("operator")
    with time_machine.travel(AT, tick=False):
        sent = {"days": "7", "source": "新规定", "reason": "缩短"}
        assert client.post("/console/settings/deadline/decision/", sent).url == "/console/settings/"
        assert ClockSetting.objects.get(kind="decision").days == 7
        shown = client.get("/console/settings/calendar/2027/").context["form"].initial
        assert "2027-10-01" in shown["days_off"]
        assert client.post("/console/settings/calendar/2027/", {**shown, **NOTICE}).url == "/console/settings/"
        assert CalendarDay.objects.filter(date="2027-10-01", is_workday=False, published=True).exists()
        assert client.post("/console/settings/region/350121/", {"name": "甲", "name_en": "A", "reason": "x"}).url
        assert Region.objects.get(code="350121").name == "甲"
        sent = {"code": "350199", "name": "乙", "name_en": "B", "reason": "x"}
        assert client.post("/console/settings/regions/new/", sent).url == "/console/settings/"
        page = client.get("/console/settings/").content.decode()
        assert "350199" in page and "新规定" in page


@pytest.mark.parametrize(
    ("address", "sent", "field"),
    [
        ("deadline/decision/", {"days": "0", "source": "x", "reason": "x"}, "days"),
        ("deadline/decision/", {"days": "99999", "source": "x", "reason": "x"}, "days"),
        ("deadline/decision/", {"days": "5", "source": "", "reason": "x"}, "source"),
        ("deadline/contest/", {"days": "10", "source": "x", "reason": "x"}, "days"),
        ("calendar/2026/", {"days_off": "morgen", **NOTICE}, "days_off"),
        ("calendar/2026/", {"days_off": "2026-02-30", **NOTICE}, "days_off"),
        ("regions/new/", {"code": "35019x", "name": "x", "name_en": "x", "reason": "x"}, "code"),
        ("regions/new/", {"code": "350100", "name": "x", "name_en": "x", "reason": "x"}, "code"),
    ],
)
def test_a_wrong_setting_is_named_at_its_field(
    world: World, enter: Enter, address: str, sent: dict[str, str], field: str
) -> None:
    before = matrix.rows()
    with time_machine.travel(AT, tick=False):
        answer = enter("operator").post(f"/console/settings/{address}", sent)
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert matrix.rows() == before


def test_settings_that_do_not_exist_are_not_found(world: World, enter: Enter) -> None:
    for address in ("deadline/nothing/", "calendar/1999/", "calendar/2999/", "region/000000/"):
        assert enter("operator").get(f"/console/settings/{address}").status_code == 404
