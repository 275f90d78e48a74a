"""A change that is asked for, a report that is filed, and an inspection that has begun or was answered wait for who
decides only so many working days."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Capability
from marketplace.applications import operations as applications
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import add_working_days, end_of_day, last_day, local_date
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.deadlines import duties_of
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.workflow import stages

CASES = [
    (stages.edition, "requested", Kind.CHANGE), (stages.report, "filed", Kind.REPORT_CHECK),
    (stages.inspection, "answered", Kind.INSPECTION_OUTCOME),
]  # fmt: skip


def told(who: Any, kind: str, link: str) -> int:
    return Outbox.objects.filter(recipient_ref=who.ledger_ref, kind=kind, channel="page", link=link).count()


@pytest.mark.parametrize(("reach", "state", "kind"), CASES)
def test_the_office_has_a_day_is_told_once_it_is_over_and_then_the_level_above(
    world: World, reach: Any, state: str, kind: Kind
) -> None:
    case, at = reach(world, state)
    link = case.get_absolute_url()
    running = clock.of(case).running().get()
    assert (running.kind, running.due_at) == (kind, later(at, kind))
    if kind != Kind.INSPECTION_OUTCOME:  # asked for in the console's queue of inspections
        assert (case, running.due_at) in [(task.obj, task.due_at) for task in todo(world["officer"], at)]
    assert running in Clock.objects.filter(duties_of([world.parties["city"].pk]))
    sweep(at=running.due_at - timedelta(hours=1))
    assert told(world["officer"], "clock_overdue", link) == 0
    sweep(at=running.due_at)
    assert told(world["officer"], "clock_overdue", link) == 1
    assert told(world["province_officer"], "officer_overdue", link) == 0
    sweep(at=end_of_day(add_working_days(last_day(running.due_at), 3)) + timedelta(days=1))
    assert told(world["province_officer"], "officer_overdue", link) == 1


@pytest.mark.parametrize(("reach", "state", "kind"), CASES)
def test_an_authority_that_reviews_for_the_platform_as_well_has_its_duties_go_up_as_any_other(
    world: World, reach: Any, state: str, kind: Kind
) -> None:
    case, at = reach(world, state)
    city = world.parties["city"]
    Capability.objects.create(party=city, kind="reviewer", region=city.region, valid_from=local_date(at))
    over = end_of_day(add_working_days(local_date(later(at, kind)), 4))
    assert {row.failed for row in sweep(at=over)} == {0}
    assert told(world["province_officer"], "officer_overdue", case.get_absolute_url()) == 1


@pytest.mark.parametrize(
    ("reach", "state"),
    [(stages.edition, state) for state in ("agreed", "refused", "withdrawn")]
    + [(stages.report, state) for state in ("open", "returned", "accepted")]
    + [(stages.inspection, state) for state in ("closed", "cancelled")],
)
def test_decided_or_withdrawn_nothing_runs(world: World, reach: Any, state: str) -> None:
    case, _at = reach(world, state)
    assert not clock.of(case).open().exists()


def test_returned_and_filed_again_the_time_begins_anew(world: World) -> None:
    report, at = stages.report(world, "returned")
    again = at + timedelta(days=5)
    operations.file_report(report=report, actor=world["buyer"], at=again, purposes="医疗资源规划", use="补充成果")
    assert clock.of(report).open().get().due_at == later(again, Kind.REPORT_CHECK)


def test_a_refusal_that_a_review_does_not_uphold_is_decided_anew_in_time(world: World) -> None:
    change, at = stages.edition(world, "refused")
    review = operations.lodge_review(subject=change, actor=world["buyer"], at=at, text="确有必要")
    again = at + timedelta(days=5)
    operations.annul_review(review=review, actor=world["second_officer"], at=again, reason="重新决定")
    assert clock.of(change).open().get().due_at == later(again, Kind.CHANGE)


@pytest.mark.parametrize("end", ["surrendered", "terminated", "revoked", "closed"])
def test_with_the_grant_ends_the_change_that_was_asked_for(world: World, end: str) -> None:
    change, at = stages.edition(world, "requested")
    grant = change.grant
    if end == "surrendered":
        applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="不再需要")
    elif end == "terminated":
        stages.terminate(stages.order(world, grant), world)
    elif end == "revoked":
        applications.revoke_grant(
            grant=grant, actor=world["officer"], at=at, article="Art. 15", reason="撤回同意", remedy=stages.REMEDY
        )
    else:
        over = end_of_day(grant.ends)
        applications.close_grant(grant=grant, actor=world["officer"], at=over, reason="期满")
    grant.refresh_from_db()
    change.refresh_from_db()
    assert (grant.state, change.state, clock.of(change).open().exists()) == (end, "withdrawn", False)
    of_grant, of_change = (Entry.objects.filter(new=new).latest("pk") for new in (end, "withdrawn"))
    assert (of_change.object_id, of_change.operation_id) == (str(change.pk), of_grant.operation_id)
    assert told(world["buyer"], "change_decided", change.get_absolute_url()) == 1


@pytest.mark.parametrize("end", ["buyer", "vendor"])
def test_with_buyer_or_seller_a_change_of_non_public_data_is_asked_for_no_more(world: World, end: str) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    change = applications.request_change(
        grant=grant, actor=world["buyer"], at=at, ends=grant.ends + timedelta(days=365), fields=grant.fields,
        what_is_built=grant.terms["what_is_built"], quota=grant.terms.get("quota"),
        report_schedule=grant.report_schedule, reason="续期一年",
    )  # fmt: skip
    assert clock.of(change).open().get() in Clock.objects.filter(duties_of([world.parties["vendor"].pk]))
    operations.end_party(party=world.parties[end], actor=world["operator"], at=at, reason="注销")
    change.refresh_from_db()
    assert (change.state, clock.of(change).open().exists()) == ("withdrawn", False)


@pytest.mark.parametrize("planned", [True, False])
def test_who_inspects_reports_within_its_days_and_where_it_was_planned_by_the_end_of_the_plan(
    world: World, planned: bool
) -> None:
    case, at = stages.inspection(world, "announced")
    if not planned:
        type(case).objects.update(plan=None, reason="举报")
    case.refresh_from_db()
    operations.begin_inspection(inspection=case, actor=world["officer"], at=at)
    running, link = clock.of(case).running().get(), case.get_absolute_url()
    due = end_of_day(case.plan.last) if case.plan else later(at, Kind.INSPECTION_REPORT)
    assert (running.kind, running.due_at) == (Kind.INSPECTION_REPORT, due)
    assert running in Clock.objects.filter(duties_of([world.parties["city"].pk]))
    sweep(at=running.due_at - timedelta(hours=1))
    assert told(world["officer"], "clock_overdue", link) == 0
    sweep(at=end_of_day(add_working_days(last_day(running.due_at), 3)) + timedelta(days=1))
    for who, kind in (("officer", "clock_overdue"), ("province_officer", "officer_overdue")):
        assert told(world[who], kind, link) == 1
    operations.check_points(inspection=case, actor=world["officer"], at=due, points=stages.POINTS)
    operations.report_inspection(inspection=case, actor=world["officer"], at=due, text="未见问题")
    assert [one.kind for one in clock.of(case).open()] == [Kind.INSPECTION_ANSWER]
