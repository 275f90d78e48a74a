"""The monitors: each occasion once, an outage caught up, nothing ordered or ended by a job."""

from datetime import date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction

from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import monitors, operations
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.monitors import MONITORS, reports
from marketplace.supervision.occasions import Occasion
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.proposals import shown_now
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.matrix import JOB, rows


def morning(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=9, tzinfo=SHANGHAI)


def did(results) -> dict[str, int]:
    return {result.monitor: result.did for result in results if result.did}


def periods(grant) -> list[tuple[str, str]]:
    return [(str(report.start), str(report.end)) for report in grant.reports.order_by("start")]


def test_reports_are_calendar_quarters_with_partial_first_and_last(world, grant):
    """In effect 17 March 2026 to 17 March 2027."""
    assert (grant.starts, grant.ends) == (date(2026, 3, 17), date(2027, 3, 17))
    sweep(at=world.at)
    assert periods(grant) == [("2026-03-17", "2026-03-31")]
    sweep(at=morning("2026-03-31"))
    assert len(periods(grant)) == 1
    sweep(at=morning("2026-04-01"))
    assert periods(grant)[1:] == [("2026-04-01", "2026-06-30")]
    sweep(at=morning("2027-06-01"))
    assert periods(grant)[2:] == [
        ("2026-07-01", "2026-09-30"), ("2026-10-01", "2026-12-31"), ("2027-01-01", "2027-03-17"),
    ]  # fmt: skip
    sweep(at=morning("2027-09-01"))
    assert len(periods(grant)) == 5


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("calendar_halves", [("2026-03-17", "2026-06-30"), ("2026-07-01", "2026-12-31"), ("2027-01-01", "2027-03-17")]),
        ("at_the_end", [("2026-03-17", "2027-03-17")]),
    ],
)
def test_reports_follow_the_schedule_of_the_grants_terms(world, schedule, expected):
    item, at = stages.item(world, "open@under_review")
    made = stages.approve(item, world, at, report_schedule=schedule)
    applications.accept_grant(grant=made, actor=world["buyer"], at=at, terms_accepted=True)
    for day in ("2026-03-18", "2026-07-02", "2027-03-17"):
        sweep(at=morning(day))
    assert periods(made) == (expected if schedule == "calendar_halves" else [])
    assert did(sweep(at=morning("2027-03-18"))).get("report_schedule", 0) == (schedule == "at_the_end")
    assert periods(made) == expected
    assert {result.found for result in sweep(at=morning("2027-03-18")) if result.monitor == "report_schedule"} == {0}


def test_report_at_the_end_is_owed_to_the_last_day_of_a_grant_that_ended_early(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "report_schedule": "at_the_end"})
    sweep(at=morning("2026-05-04"))
    assert periods(grant) == []
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=morning("2026-05-05"), reason="项目结束")
    sweep(at=morning("2026-05-06"))
    assert periods(grant) == [("2026-03-17", "2026-05-05")]


def test_report_is_due_ten_working_days_after_its_period_and_late_five_later(world, grant):
    """31 March 2026 + 10 (over Qingming) is 15 April, + 5 is 22 April."""
    sweep(at=world.at)
    report = grant.reports.get()
    assert report.due_at == datetime(2026, 4, 16, tzinfo=SHANGHAI)
    assert report.late_at == datetime(2026, 4, 23, tzinfo=SHANGHAI)


def test_terms_frozen_in_the_grant_set_the_dates(world, grant):
    from marketplace.clock.models import ClockSetting

    ClockSetting.objects.create(kind="report", days=2, source="后来改的")
    sweep(at=world.at)
    assert grant.reports.get().due_at == datetime(2026, 4, 16, tzinfo=SHANGHAI)


def test_reminders_go_out_ten_three_and_one_working_days_before_once_each(world, grant):
    sweep(at=world.at)
    told = {}
    for day in range(20, 48):  # from 20 March to 16 April, twice a day
        at = morning("2026-03-01") + timedelta(days=day - 1)
        for hours in (0, 8):
            before = Outbox.objects.filter(kind="report_due").count()
            sweep(at=at + timedelta(hours=hours))
            new = Outbox.objects.filter(kind="report_due").count() - before
            if new:
                told[str(local_date(at)), hours] = new
    people = 2  # the buyer and the officer who is its member
    assert told == {(day, 0): 2 * people for day in ("2026-04-01", "2026-04-10", "2026-04-14")}


def test_overdue_report_opens_one_finding_and_tells_the_buyer(world, grant):
    sweep(at=world.at)
    due = grant.reports.get().due_at
    assert "report_overdue" not in did(sweep(at=due - timedelta(seconds=1)))
    assert did(sweep(at=due))["report_overdue"] == 1
    finding = Finding.objects.get()
    assert (finding.grant, finding.authority, finding.rule, finding.state) == (
        grant,
        world.parties["city"],
        "report_overdue",
        "open",
    )
    told = Outbox.objects.filter(kind="report_overdue", channel="page").values_list("recipient_ref", flat=True)
    assert set(told) == {world["buyer"].ledger_ref, world["conflicted_officer"].ledger_ref}
    assert grant.is_in_effect(due)
    assert Measure.objects.count() == 0


def test_five_working_days_late_pauses_by_the_terms_and_proposes(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    sweep(at=report.due_at)
    sweep(at=report.late_at - timedelta(seconds=1))
    assert (Hold.objects.count(), Measure.objects.count()) == (0, 0)
    assert did(sweep(at=report.late_at))["report_late"] == 1
    hold, measure = Hold.objects.get(), Measure.objects.get()
    assert (hold.grant, hold.code, hold.source_ref, hold.ends_at) == (
        grant,
        "report_overdue",
        f"supervision.usagereport:{report.pk}",
        None,
    )
    assert (measure.state, measure.number, measure.issued_by, measure.party) == (
        "proposed",
        None,
        None,
        world.parties["buyer"],
    )
    assert measure.finding == Finding.objects.get()
    assert not grant.is_in_effect(report.late_at)
    grant.refresh_from_db()
    assert grant.state == "active"


@pytest.mark.parametrize("when", ["2026-03-18", "2026-04-10", "2026-04-16", "2026-04-23", "2026-12-01"])
def test_second_sweep_at_the_same_time_does_nothing(world, grant, when):
    sweep(at=morning(when))
    before = rows()
    assert did(sweep(at=morning(when))) == {}
    assert rows() == before


def outcome() -> dict[str, list[object]]:
    """What the sweeps led to, without when and under which key."""
    findings = Finding.objects.exclude(rule="data_stale").values_list("rule", "state", "text")
    overdue = Outbox.objects.filter(kind="report_overdue").values_list("channel", "address", "context")
    return {
        "reports": list(
            UsageReport.objects.order_by("start").values_list("start", "end", "due_at", "late_at", "state")
        ),
        "findings": sorted((rule, state, text["due"]) for rule, state, text in findings),
        "holds": sorted(Hold.objects.values_list("code", "state")),
        "measures": sorted(Measure.objects.values_list("state", "facts", "demand")),
        "overdue": sorted((channel, address, text["start"], text["due"]) for channel, address, text in overdue),
    }


def test_one_sweep_after_eight_months_catches_up_with_what_weekly_ones_did(world, grant):
    end = morning("2026-11-20")
    found = []
    for step in (7, 300):
        with transaction.atomic():
            at = world.at
            while at < end:
                at = min(at + timedelta(days=step), end)
                sweep(at=at)
            found.append(outcome())
            transaction.set_rollback(True)
    weekly, once = found
    assert once == weekly
    assert len(once["reports"]) == 4
    assert once["holds"] == [("report_overdue", "open")] * 3
    assert [state for state, _facts, _demand in once["measures"]] == ["proposed"] * 3


@pytest.mark.parametrize("monitor", [row for row in MONITORS if row.name in ("report_overdue", "report_late")])
def test_report_filed_just_before_its_row_is_handled_is_not_overtaken(world, grant, monitor):
    sweep(at=world.at)
    report, at = grant.reports.get(), morning("2026-05-06")
    (row,) = list(monitor.find(at, None))
    operations.file_report(report=report, actor=world["buyer"], at=at, is_nil=True)
    before = rows()
    assert monitor.handle(row, at) is False
    assert rows() == before


@pytest.mark.parametrize("monitor", [row for row in MONITORS if row.name in ("report_overdue", "report_late")])
def test_report_returned_meanwhile_is_not_overtaken(world, grant, monitor):
    sweep(at=world.at)
    report, at = grant.reports.get(), morning("2026-05-06")
    (row,) = list(monitor.find(at, None))
    operations.file_report(report=report, actor=world["buyer"], at=at, is_nil=True)
    operations.return_report(report=report, actor=world["officer"], at=at, reason="说明用途")  # due anew
    before = rows()
    assert (monitor.handle(row, at), rows()) == (False, before)


DECISIONS = {
    "dismissed": (0, 0),  # nothing follows any more: pauses, proposals of the sweep
    "merged": (1, 0),
    "merged and dismissed": (0, 0),  # the one into which it was merged
    "measure": (1, 0),
    "proposed": (1, 0),
    "dropped": (1, 0),
}


def decide(world, finding: Finding, how: str, at: datetime) -> None:
    """An officer decides on the finding that the report is overdue."""
    by = {"actor": world["officer"], "at": at}
    if how == "dismissed":
        operations.dismiss_finding(finding=finding, reason="已书面报送", **by)
    elif how.startswith("merged"):
        act = ledger.begin("report", JOB, at, "Art. 16")
        into = open_finding(act, finding.grant, "report_overdue", "another", "Art. 16", due="")
        operations.merge_finding(finding=finding, into=into, reason="同一事由", **by)
        if how.endswith("dismissed"):
            operations.dismiss_finding(finding=into, reason="已书面报送", **by)
    else:
        measure = operations.propose_order_on_finding(finding=finding, facts="逾期未报告", demand="补报", **by)
        if how == "measure":
            stages.issue(measure, world, at)
        elif how == "dropped":
            operations.drop_order(measure=measure, reason="已约谈", **by)


@pytest.mark.parametrize("is_seen_before", [False, True])
@pytest.mark.parametrize("how", DECISIONS)
def test_what_an_officer_decided_on_the_overdue_report_is_not_overtaken(world, grant, how, is_seen_before):
    """Decided before the sweep looks, or between its look and its act."""
    sweep(at=world.at)
    report = grant.reports.get()
    sweep(at=report.due_at)
    at = report.late_at
    seen = list(reports.too_late(at, None)) if is_seen_before else []
    assert len(seen) == is_seen_before
    decide(world, Finding.objects.get(occasion_key=f"report_overdue:{report.pk}:0"), how, at)
    for row in seen:
        assert reports.pause_and_propose(row, at) is (DECISIONS[how] != (0, 0))
    for later in (timedelta(), timedelta(days=3)):
        sweep(at=at + later)
    proposed = Measure.objects.filter(occasion_key__startswith="report_late:").count()
    assert (Hold.objects.filter(code="report_overdue", state="open").count(), proposed) == DECISIONS[how]


@pytest.mark.parametrize("how", ["dismissed", "merged and dismissed"])
def test_dismissing_the_overdue_report_lets_go_on_what_the_terms_paused_and_its_proposal_cannot_be_issued(
    world, grant, how
):
    sweep(at=world.at)
    report = grant.reports.get()
    sweep(at=report.late_at)
    measure = Measure.objects.get()
    digest = shown_now(measure).digest
    decide(world, measure.finding, how, report.late_at)
    assert (Hold.objects.get().state, grant.is_in_effect(report.late_at)) == ("lifted", True)
    assert shown_now(measure).digest != digest and not shown_now(measure).can_be_signed
    for at in (report.late_at, report.late_at + timedelta(days=9)):
        sweep(at=at)
    with pytest.raises(InvalidState):
        stages.issue(measure, world, report.late_at)
    assert (Hold.objects.count(), Measure.objects.get().state, grant.is_in_effect(at)) == (1, "proposed", True)


def test_grant_given_up_meanwhile_is_neither_paused_nor_ordered_about_and_still_owes_its_report(world, grant):
    sweep(at=world.at)
    at = morning("2026-05-06")
    (row,) = list(reports.too_late(at, None))
    stages.applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="不再使用")
    before = rows()
    assert (reports.pause_and_propose(row, at), rows()) == (False, before)
    assert did(sweep(at=at))["report_overdue"] == 1
    assert (Finding.objects.exclude(rule="data_stale").count(), Hold.objects.count(), Measure.objects.count()) == (
        1,
        0,
        0,
    )


def test_report_that_was_filed_in_time_leads_to_nothing(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    operations.file_report(report=report, actor=world["buyer"], at=morning("2026-04-02"), is_nil=True)
    for day in ("2026-04-10", "2026-04-16", "2026-04-23", "2026-05-20"):
        sweep(at=morning(day))
    found = Finding.objects.exclude(rule="data_stale")
    assert (found.count(), Hold.objects.count(), Measure.objects.count()) == (0, 0, 0)
    assert Outbox.objects.filter(kind__in=["report_due", "report_overdue"]).count() == 0


def test_returned_report_is_watched_anew(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    operations.file_report(
        report=report, actor=world["buyer"], at=morning("2026-04-02"), purposes="便民服务", use="训练"
    )
    operations.return_report(report=report, actor=world["officer"], at=morning("2026-04-07"), reason="说明成果")
    assert report.due_at == datetime(2026, 4, 22, tzinfo=SHANGHAI)  # 7 April + 10
    sweep(at=morning("2026-04-21"))
    assert Finding.objects.count() == 0
    sweep(at=morning("2026-04-22"))
    assert Finding.objects.get().occasion_key == f"report_overdue:{report.pk}:1"


def test_suspended_grant_still_reports_and_an_ended_one_up_to_its_last_day(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    stages.order(world, grant)
    stages.applications.surrender_grant(grant=other, actor=world["other_buyer"], at=world.at, reason="-")
    sweep(at=morning("2026-04-02"))
    assert (len(periods(grant)), periods(other)) == (2, [("2026-03-17", "2026-03-17")])


def test_year_of_sweeps_orders_lifts_and_ends_nothing(world, grant):
    stages.active_grant(world, buyer="other_buyer")
    stages.order(world, grant)
    before = set(Entry.objects.values_list("pk", flat=True))
    at = world.at
    while at < world.at + timedelta(days=400):
        assert not any(result.failed for result in sweep(at=at))
        at += timedelta(days=14)
    new = Entry.objects.exclude(pk__in=before)
    assert set(new.values_list("actor_ref", flat=True)) == {"system:sweep"}
    assert set(new.values_list("object_type", "verb", "new")) == {
        ("supervision.usagereport", "schedule_report", "open"),
        ("supervision.finding", "notice", "open"),
        ("applications.hold", "pause_for_report", "open"),
        ("supervision.measure", "propose_order", "proposed"),
        ("listings.version", "open_reassessment", ""),
    }
    assert set(Grant.objects.values_list("state", flat=True)) == {"active"}
    assert set(Measure.objects.values_list("state", flat=True)) == {"issued", "proposed"}


def test_failing_row_stops_no_other_and_is_done_by_the_next_sweep(world, grant, monkeypatch):
    other = stages.active_grant(world, buyer="other_buyer")
    schedule = operations.schedule_reports

    def failing(*, grants, **rest):
        if broken in grants:
            raise RuntimeError("bad row")
        return schedule(grants=grants, **rest)

    broken = grant
    with monkeypatch.context() as patch:
        patch.setattr(operations, "schedule_reports", failing)
        first = next(one for one in sweep(at=world.at) if one.monitor == "report_schedule")
    assert (first.found, first.did, first.failed) == (2, 1, 1)
    assert (len(periods(grant)), len(periods(other))) == (0, 1)
    first = next(one for one in sweep(at=world.at) if one.monitor == "report_schedule")
    assert (first.found, first.did, first.failed) == (1, 1, 0)
    assert len(periods(grant)) == 1


def test_sweep_in_scope_touches_nobody_else(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    stages.application(world, "submitted")
    at = morning("2026-05-06")
    sweep(at=at, scope=[world.parties["other_buyer"]])
    assert (len(periods(grant)), len(periods(other))) == (0, 2)
    assert set(Finding.objects.values_list("grant", flat=True)) == {other.pk}
    assert set(Hold.objects.values_list("grant", flat=True)) == {other.pk}
    assert not Outbox.objects.filter(kind="clock_overdue").exclude(link__startswith="/finding/").exists()
    sweep(at=at, scope=[])
    assert len(periods(grant)) == 0


def test_deadline_that_ran_out_is_told_once_to_whom_it_binds(world, application):
    """Not to an officer who belongs to the applicant."""
    over = morning("2026-03-21")  # accept within 3 working days of 17 March
    sweep(at=morning("2026-03-18"))  # the unit has no emergency plan
    Outbox.objects.all().delete()
    assert did(sweep(at=morning("2026-03-20"))) == {}
    assert did(sweep(at=over)) == {"clock_overdue": 1}
    told = Outbox.objects.filter(kind="clock_overdue", channel="page").values_list("recipient_ref", flat=True)
    assert set(told) == {world[name].ledger_ref for name in ("officer", "second_officer")}
    assert did(sweep(at=over + timedelta(days=3))) == {}


def test_every_clock_that_binds_somebody_is_watched():
    from marketplace.clock.defaults import Kind

    watched = {kind for _model, kind in monitors.DUTIES} | {Kind.CONSULTATION}  # the last by `unit_silent`
    assert watched == {
        Kind.ACCEPTANCE, Kind.PRECHECK, Kind.PUBLICITY, Kind.DECISION, Kind.CONSULTATION, Kind.OFFER, Kind.FINDING,
        Kind.CORRECTION, Kind.HEARING, Kind.HEARD, Kind.JUDGEMENT, Kind.TAKE_DOWN, Kind.OBJECTION, Kind.CONCERN,
        Kind.CHANGE, Kind.REPORT_CHECK, Kind.INSPECTION_REPORT, Kind.INSPECTION_OUTCOME,
        Kind.FAULT, Kind.REPAIR, Kind.REVIEW, Kind.INQUIRY, Kind.INCIDENT_AUTHORITY, Kind.INCIDENT_CYBERSPACE,
        Kind.DRILL, Kind.EVALUATION, Kind.RISK,
        Kind.WHEREABOUTS, Kind.DESTRUCTION, Kind.CERTIFICATE,
        Kind.INSPECTION_NOTICE, Kind.INSPECTION_ANSWER,
    }  # fmt: skip


def test_what_was_told_before_reminders_had_occasions_is_not_told_again(world, application):
    over = morning("2026-03-21")
    sweep(at=over)
    for row in Outbox.objects.filter(kind="clock_overdue"):  # as they were written then
        row.dedup_key = row.dedup_key.replace(":clock_overdue:", ":")
        row.save()
    Occasion.objects.filter(key__startswith="clock_overdue:").delete()
    import_module("marketplace.supervision.migrations.0580_occasions_told").keep(apps, None)
    before = rows()
    assert "clock_overdue" not in did(sweep(at=over))
    assert rows() == before
