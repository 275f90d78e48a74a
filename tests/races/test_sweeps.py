"""Sweeps at once, and whoever does meanwhile what a sweep looks for."""

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import operations as accounts
from accounts.models import Capability, CapabilityKind, Party
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import local_date
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.proposals import shown_now
from marketplace.supervision.sweep import run, sweep
from tests.races.together import ROUNDS, fresh, together
from tests.workflow import stages
from tests.workflow.matrix import rows

pytestmark = pytest.mark.django_db(transaction=True)


def found() -> dict[str, Any]:
    return {
        "reports": sorted(UsageReport.objects.values_list("grant", "start", "state")),
        "findings": sorted(Finding.objects.values_list("occasion_key", "state")),
        "holds": sorted(Hold.objects.values_list("grant", "code", "source_ref", "state")),
        "measures": sorted(Measure.objects.values_list("occasion_key", "state")),
        "notices": sorted(Outbox.objects.values_list("dedup_key", flat=True)),
        "entries": Entry.objects.count(),
    }


def test_two_sweeps_at_once_do_what_one_does(world):
    _grant, at = stages.late_reports(world)
    results = together(*[lambda: sweep(at=at)] * 3)
    assert [result.failed for run in results for result in run] == [0] * len(results[0]) * 3
    raced = found()
    assert {name: len(raced[name]) for name in ("reports", "findings", "holds", "measures")} == {
        "reports": 4, "findings": 2, "holds": 2, "measures": 2,
    }  # fmt: skip
    done = {result.monitor: 0 for result in results[0]}
    for swept in results:
        for result in swept:
            done[result.monitor] += result.did
    assert {name: done[name] for name in ("report_schedule", "report_overdue", "report_late")} == {
        "report_schedule": 2, "report_overdue": 2, "report_late": 2,
    }  # fmt: skip
    before = rows()
    sweep(at=at)
    assert rows() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer and no SKIP LOCKED")
def test_a_sweep_waits_for_nobody_and_the_next_does_what_it_left(world):
    grant, at = stages.late_reports(world)
    report = grant.reports.get()
    with transaction.atomic():  # somebody is deciding about this report and has not finished
        UsageReport.objects.select_for_update().get(pk=report.pk)
        Grant.objects.select_for_update().get(pk=grant.pk)
        watch_only = [row for row in MONITORS if row.name in ("report_schedule", "report_overdue")]
        (done,) = together(lambda: [run(monitor, at).did for monitor in watch_only])
    other = Grant.objects.exclude(pk=grant.pk).get()
    assert done == [1, 1]
    assert set(Finding.objects.values_list("grant", flat=True)) == {other.pk}
    assert (grant.reports.count(), other.reports.count()) == (1, 2)
    sweep(at=at)
    assert set(Finding.objects.values_list("grant", flat=True)) == {grant.pk, other.pk}
    assert grant.reports.count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_grant_that_ends_while_the_sweep_waits_for_it_is_not_paused(world):
    grant, at = stages.late_reports(world)
    late = next(row for row in MONITORS if row.name == "report_late")

    def end() -> None:
        with transaction.atomic():
            Grant.objects.select_for_update().get(pk=grant.pk)
            time.sleep(1)  # by now the sweep waits for the grant
            applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="不再需要")

    given_back, swept = together(end, lambda: time.sleep(0.3) or run(late, at))
    assert (given_back, swept.failed) == (None, 0)
    assert not Hold.objects.filter(grant=grant).exists() and not Measure.objects.filter(held__grant=grant).exists()
    assert Hold.objects.filter(state="open").count() == 1  # of the other grant


def test_report_filed_while_the_sweep_pauses_leaves_no_hold_standing(world):
    grant, at = stages.late_reports(world)
    for _ in range(max(2, ROUNDS // 3)):
        report = fresh(grant.reports.order_by("start").first())
        file = lambda r=report: supervision.file_report(report=r, actor=world["buyer"], at=at, is_nil=True)  # noqa: E731
        filed, swept = together(file, lambda: sweep(at=at))
        assert filed is None
        assert [result.failed for result in swept] == [0] * len(swept)
        assert fresh(report).state == "filed"
        assert not Hold.objects.filter(grant=grant, state="open").exists()
        assert not Finding.objects.filter(grant=grant, state="open").exists()
        supervision.return_report(report=fresh(report), actor=world["officer"], at=world.at, reason="-")
        UsageReport.objects.filter(pk=report.pk).update(due_at=report.due_at, late_at=report.late_at)


def test_finding_dismissed_while_the_sweep_pauses_leaves_no_grant_paused_and_nothing_to_sign(world):
    _grant, at = stages.late_reports(world)
    monitors = {row.name: row for row in MONITORS}
    run(monitors["report_overdue"], at)
    dismiss = lambda finding: supervision.dismiss_finding(  # noqa: E731
        finding=fresh(finding), actor=world["officer"], at=at, reason="已书面报送"
    )
    noticed = list(Finding.objects.filter(rule="report_overdue"))
    outcomes = together(
        *[lambda one=one: dismiss(one) for one in noticed], *[lambda: run(monitors["report_late"], at)] * 2
    )
    assert outcomes[:2] == [None, None] and [result.failed for result in outcomes[2:]] == [0, 0]
    run(monitors["report_late"], at)
    assert not Hold.objects.filter(state="open").exists()
    assert not any(shown_now(measure).can_be_signed for measure in Measure.objects.all())


LAPSES = pytest.mark.parametrize("name", ["seller_lapsed", "buyer_lapsed", "mandate_lapsed"])
RENEWED = date(2030, 1, 1)


def lapse(name: str, party: Party, last: date) -> dict[str, Any]:
    """The verification or mandate of the party was valid until that day. Returns with what it is renewed."""
    kind, until = CapabilityKind.PRIMARY_DEVELOPER, {"evidence": "执照", "valid_until": RENEWED}
    if name != "mandate_lapsed":
        Party.objects.filter(pk=party.pk).update(verified_until=last)
        return until
    Capability.objects.filter(party=party, kind=kind).update(valid_from=date(2020, 1, 1), valid_until=last)
    return {"mandate_until": RENEWED, **until}


@LAPSES
def test_a_lapse_is_noticed_before_its_renewal_or_not_at_all(world, grant, name):
    party = grant.buyer if name == "buyer_lapsed" else grant.product.seller
    monitors = {row.name: row for row in MONITORS}
    over = monitors["seller_renewed" if name == "seller_lapsed" else "cause_gone"]
    for round in range(ROUNDS):
        until = lapse(name, party, local_date(world.at) - timedelta(days=1 + round))  # each time another occasion
        wait = (round % 4 - 1) * 0.02

        def renew(until=until, wait=wait) -> None:
            time.sleep(max(wait, 0))
            accounts.renew_party(party=fresh(party), actor=world["operator"], at=world.at, **until)

        renewed, swept = together(renew, lambda w=wait: time.sleep(max(-w, 0)) or run(monitors[name], world.at))
        assert (renewed, swept.failed) == (None, 0)
        noticed = list(Finding.objects.filter(rule=name, state="open"))
        assert len(noticed) == swept.did
        for finding in noticed:
            opened = Entry.objects.get(object_type="supervision.finding", object_id=str(finding.pk))
            assert opened.pk < Entry.objects.filter(object_type="accounts.party", verb="renew").latest("pk").pk
        closing = together(*[lambda: run(over, world.at)] * 2)
        assert (sum(one.did for one in closing), [one.failed for one in closing]) == (swept.did, [0, 0])
        assert not Finding.objects.filter(rule=name, state="open").exists()
        assert not Hold.objects.exists() and run(monitors[name], world.at).found == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@LAPSES
def test_a_renewal_that_is_not_through_yet_is_not_overtaken_by_its_lapse(world, grant, name):
    monitor = next(row for row in MONITORS if row.name == name)
    party = grant.buyer if name == "buyer_lapsed" else grant.product.seller
    until = lapse(name, party, local_date(world.at) - timedelta(days=1))

    def renew() -> None:
        with transaction.atomic():
            accounts.renew_party(party=party, actor=world["operator"], at=world.at, **until)
            time.sleep(1)  # by now the sweep has looked, and found what is committed still

    renewed, swept = together(renew, lambda: time.sleep(0.3) or run(monitor, world.at))
    assert (renewed, swept.found, swept.did, swept.failed) == (None, 1, 0, 0)
    assert not Finding.objects.filter(rule=name).exists() and not Hold.objects.exists()
    assert not Outbox.objects.filter(kind__in=[name, "finding_opened"]).exists()
