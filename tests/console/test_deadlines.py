"""The page of deadlines: what binds an office, what is overdue, why, and what went up one level."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Assignment
from marketplace.applications.models import Application
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, last_day, local_date
from marketplace.desk.story import apply_for
from marketplace.errors import InvalidState, NotAllowed
from marketplace.keyset import SIZE
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.deadlines import UP_AFTER, lapsed, run_out
from marketplace.supervision.evaluation import Scope, duties
from marketplace.supervision.occasions import Explanation
from tests import crowd
from tests.actors import World
from tests.workflow import matrix, stages


@pytest.fixture
def clock(application: Application) -> Clock:
    """Of a submitted application: to be accepted within three working days."""
    return Clock.objects.running().get(object_type="applications.application", object_id=str(application.pk))


def explain(world: World, clock: Clock, who: str, days: int, **fields: Any) -> Explanation:
    at = clock.due_at + timedelta(days=days)
    return operations.explain_overdue(clock=clock, actor=world[who], at=at, **{"reason": "系统停机两日", **fields})


def test_reason_is_kept_with_the_case_and_the_clock_runs_on(world: World, clock: Clock) -> None:
    made = explain(world, clock, "officer", 1, is_at_fault=True)
    assert (made.by, made.is_at_fault, made.due_at) == (world["officer"], True, clock.due_at)
    assert Clock.objects.running().filter(pk=clock.pk, due_at=clock.due_at).exists()
    entry = Entry.objects.filter(verb="explain_overdue").get()
    assert (entry.object_type, entry.object_id) == (clock.object_type, clock.object_id)
    assert not Outbox.objects.filter(kind="overdue_explained").exists()


def test_level_above_is_told_of_a_reason_given_after_it_went_up(world: World, clock: Clock) -> None:
    explain(world, clock, "officer", 10)
    told = set(Outbox.objects.filter(kind="overdue_explained").values_list("recipient_ref", flat=True))
    assert world["province_officer"].ledger_ref in told
    assert world["officer"].ledger_ref not in told


def test_who_is_not_bound_explains_nothing(world: World, clock: Clock) -> None:
    before = matrix.rows()
    for who in ("province_officer", "county_officer", "other_officer", "buyer", "seller", "reviewer", "operator"):
        with pytest.raises(NotAllowed):
            explain(world, clock, who, 1)
    with pytest.raises(ValidationError):
        explain(world, clock, "officer", 1, reason=" ")
    with pytest.raises(InvalidState):
        explain(world, clock, "officer", -1)
    assert matrix.rows() == before
    explain(world, clock, "officer", 1)
    with pytest.raises(InvalidState):
        explain(world, clock, "second_officer", 2)


def test_page_shows_what_binds_the_office_and_to_the_province_what_went_up(
    world: World, clock: Clock, application: Application, enter: Callable[..., Client]
) -> None:
    """The clock ran out in March 2026, long before today."""
    where, case = "/console/deadlines/", str(application)
    mine = enter("officer").get(where).content.decode()
    assert (case in mine, f"{where}{clock.pk}/explain/" in mine, "Gone up to you" in mine) == (True, True, False)
    above = enter("province_officer").get(where).content.decode()
    assert (case in above, "Gone up to you" in above, "Say why" in above) == (True, True, False)
    assert case not in enter("other_officer").get(where).content.decode()
    form = f"{where}{clock.pk}/explain/"
    assert enter("officer").post(form, {"reason": ""}).status_code == 422
    assert enter("other_officer").post(form, {"reason": "x"}).status_code == 403
    assert enter("officer").post(form, {"reason": "等待部门<b>答复</b>"}).url == where
    above = enter("province_officer").get(where).content.decode()
    assert ("等待部门&lt;b&gt;答复" in above, "not at fault" in above) == (True, True)
    assert enter("buyer").get(where).status_code == 404
    assert enter("expert").get(where).status_code == 404


def test_page_asks_as_often_for_many_deadlines_as_for_one(
    world: World, clock: Clock, enter: Callable[..., Client]
) -> None:
    client, counts = enter("province_officer"), []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/console/deadlines/")
        counts.append(len(asked))
        for _more in range(2):
            apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer")
    assert counts[0] == counts[1]


def test_time_of_waiting_is_late_only_once_the_days_for_the_act_are_over(
    world: World, enter: Callable[..., Client]
) -> None:
    """An officer may publish once the publicity is over: that is no lapse yet, and nothing goes up."""
    version, over = stages.version(world, "in_publicity")
    clock = Clock.objects.open().get(kind=Kind.PUBLICITY, object_id=str(version.pk))
    allowed = due_after(over - timedelta(seconds=1), 3)
    assert clock.due_at == over < allowed
    for at, is_over, up in (
        (over, False, False), (allowed - timedelta(seconds=1), False, False), (allowed, True, False),
        (due_after(allowed - timedelta(seconds=1), 3), True, True),
    ):  # fmt: skip
        with time_machine.travel(at, tick=False):
            mine = enter("officer").get("/console/deadlines/")
            (line,) = [one for one in mine.context["lists"]["own"] if one.due.clock == clock]
            assert (line.is_over, line.day, line.begins) == (is_over, last_day(allowed), local_date(over))
            assert f"{line.begins:%F}" in mine.content.decode()
            above = enter("province_officer").get("/console/deadlines/").context["lists"]["below"]
            assert any(one.due.clock == clock for one in above) is up
            due = {row.clock for row in run_out(at, None, Clock.objects.filter(lapsed(at, UP_AFTER)))}
            assert (clock in due) is up
    with pytest.raises(InvalidState):
        operations.explain_overdue(clock=clock, actor=world["officer"], at=over, reason="x")
    operations.explain_overdue(clock=clock, actor=world["officer"], at=allowed, reason="x")
    assert not Outbox.objects.filter(kind="overdue_explained").exists()


def test_office_finds_each_of_its_own_deadlines_however_many_there_are_below(
    world: World, clock: Clock, application: Application, enter: Callable[..., Client]
) -> None:
    """250 overdue ones of the city come before the province's only one, and none is left out or shown twice."""
    later = timedelta(days=3000)  # after today, whatever it is
    for _number in range(249):
        crowd.copy(clock, object_id=str(crowd.copy(application).pk))
    far = crowd.copy(application, authority=world.parties["province"])
    own = crowd.copy(clock, object_id=str(far.pk), due_at=clock.due_at + later)
    crowd.copy(clock, object_id=str(crowd.copy(application).pk), due_at=clock.due_at + later)  # not overdue
    client, where = enter("province_officer"), "/console/deadlines/"
    page = client.get(where)
    assert [one.due.clock for one in page.context["lists"]["own"]] == [own]
    found = [one.due.clock for one in page.context["lists"]["below"]]
    assert len(found) == SIZE and "?list=below&amp;page=" in page.content.decode()
    following = f"list=below&page={page.context['lists']['below'].next}"
    while following:
        page = client.get(f"{where}?{following}").context["lists"]
        assert set(page) == {"below"}
        found += [one.due.clock for one in page["below"]]
        following = page["below"].next and f"list=below&page={page['below'].next}"
    assert len(found) == len(set(found)) == 250
    assert client.get(f"{where}?list=own&page=x").context["lists"]["own"].object_list[0].due.clock == own


def test_page_names_the_officer_in_charge(
    world: World, clock: Clock, application: Application, enter: Callable[..., Client]
) -> None:
    given = {"object_type": clock.object_type, "object_id": clock.object_id, "assigned_at": world.at}
    for who, role, ended in (
        ("expert", "expert", None), ("conflicted_officer", "officer_in_charge", world.at),
        ("second_officer", "officer_in_charge", None),
    ):  # fmt: skip
        Assignment.objects.create(user=world[who], role=role, by=world["officer"], ended_at=ended, **given)
    for who, name in (("officer", "own"), ("province_officer", "below")):
        page = enter(who).get("/console/deadlines/")
        (line,) = [one for one in page.context["lists"][name] if one.due.clock == clock]
        assert line.officer == world["second_officer"]
        assert str(world["second_officer"]) in page.content.decode()


def test_why_a_duty_was_done_a_day_late_can_still_be_said(
    world: World, clock: Clock, application: Application, enter: Callable[..., Client]
) -> None:
    """For as long as thirty days it is on the officers' page; what was kept in time is not."""
    done = clock.due_at + timedelta(days=1)
    Clock.objects.filter(pk=clock.pk).update(ended_at=done)
    kept = crowd.copy(clock, object_id=str(crowd.copy(application).pk), ended_at=clock.due_at)
    where, form = "/console/deadlines/", f"/console/deadlines/{clock.pk}/explain/"
    for days, is_shown in ((29, True), (31, False)):
        with time_machine.travel(done + timedelta(days=days), tick=False):
            page = enter("officer").get(where)
            assert [one.due.clock for one in page.context["lists"]["late"]] == [clock] * is_shown
            assert (form in page.content.decode()) is is_shown
            assert not enter("other_officer").get(where).context["lists"]["late"].object_list
    with time_machine.travel(done + timedelta(days=20), tick=False):
        assert enter("officer").get(f"{where}{kept.pk}/explain/").status_code == 404
        with pytest.raises(InvalidState):
            operations.explain_overdue(clock=kept, actor=world["officer"], at=done, reason="x")
        assert enter("other_officer").post(form, {"reason": "x"}).status_code == 403
        assert "counts it with what was done late" in enter("officer").get(form).content.decode()
        assert enter("officer").post(form, {"reason": "停机一日"}).url == where
        page = enter("officer").get(where)
        assert "停机一日" in page.content.decode() and form not in page.content.decode()
    assert not Outbox.objects.filter(kind="overdue_explained").exists()  # it never went up
    scope = Scope([application.authority_id], local_date(clock.due_at), local_date(done), done + timedelta(days=40))
    figures = {one.code: one.value for one in duties(scope).figures}
    assert figures == {"overdue": 1, "open": 0, "at_fault": 0, "not_at_fault": 1}
    with pytest.raises(InvalidState):
        explain(world, clock, "officer", 30)


def test_what_had_run_out_when_a_case_was_taken_over_stays_the_lapse_of_the_authority_below(
    world: World, clock: Clock, application: Application, enter: Callable[..., Client]
) -> None:
    """The city says why and has it counted, in the list of the province it is named; what runs out later is its own."""
    city, province = (world.parties[name].pk for name in ("city", "province"))
    where, form = "/console/deadlines/", f"/console/deadlines/{clock.pk}/explain/"
    taken = clock.due_at + timedelta(days=1)
    day = {"actor": world["province_officer"], "at": taken, "reason": "跨市影响"}
    operations.take_application(application=application, **day)

    def counted(authority: int) -> dict[str, Any]:
        scope = Scope([authority], local_date(clock.due_at), local_date(taken), taken + timedelta(days=40))
        return {one.code: one.value for one in duties(scope).figures}

    none = dict.fromkeys(("overdue", "open", "at_fault", "not_at_fault"), 0)
    assert (counted(city), counted(province)) == (none | {"overdue": 1, "open": 1}, none)
    for who, says in (("officer", True), ("province_officer", False)):
        page = enter(who).get(where)
        assert [one.due.clock for one in page.context["lists"]["own"]] == [clock]
        text = page.content.decode()
        assert (form in text, "ran out with" in text) == (says, True)
    assert not enter("province_officer").get(where).context["lists"]["below"].object_list
    with pytest.raises(NotAllowed):
        explain(world, clock, "province_officer", 9)
    explain(world, clock, "officer", 9)
    told = set(Outbox.objects.filter(kind="overdue_explained").values_list("recipient_ref", flat=True))
    assert world["province_officer"].ledger_ref in told
    Clock.objects.filter(pk=clock.pk).update(ended_at=taken)
    assert (counted(city), counted(province)) == (none | {"overdue": 1, "not_at_fault": 1}, none)
    Clock.objects.filter(pk=clock.pk).update(due_at=clock.due_at + timedelta(hours=1))  # another occasion
    assert (counted(city)["overdue"], counted(province)["overdue"]) == (0, 1)


@pytest.mark.parametrize(("what", "who", "other"), [
    ("finding", "officer", "province_officer"), ("required", "province_officer", "officer"),
])  # fmt: skip
def test_what_went_up_from_the_compliance_review_is_listed_for_whom_it_went_up_to(
    world: World, enter: Callable[..., Client], what: str, who: str, other: str
) -> None:
    """The authority of the case or, of a take-down, who required it; not before it has gone up."""
    if what == "required":
        case: Any = stages.take_down(world, "proposed+required")[0]
    else:
        case = stages.another_finding(*stages.non_public_version(world, "published"))
    (running,) = Clock.objects.running().filter(object_type=case._meta.label_lower, object_id=str(case.pk))
    for days, up in ((0, False), (10, True)):
        with time_machine.travel(running.due_at + timedelta(days=days), tick=False):
            found = {
                one: [line.due.clock for line in enter(one).get("/console/deadlines/").context["lists"]["below"]]
                for one in (who, other)
            }
            assert ([running] == found[who], running in found[other]) == (up, False)
