"""Reports that turn late at once are handled together, with the same outcome as one by one."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from listings.models import ProductStop, Upstream
from marketplace.applications.models import Grant, Hold
from marketplace.clock.models import Clock
from marketplace.clock.working_days import SHANGHAI
from marketplace.ledger.entries import reference
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.standing import StandingRule
from marketplace.supervision.sweep import run
from tests.supervision.test_monitors import deliver
from tests.workflow import stages

MONITOR = {monitor.name: monitor for monitor in MONITORS}
ONE_BY_ONE = replace(MONITOR["report_late"], together=None)
AT = datetime(2026, 9, 1, 9, tzinfo=SHANGHAI)  # the reports to 31 March and to 30 June are late


@pytest.fixture
def late(world) -> list[Grant]:
    """Late twice each: one with copies, on which a product is built; one with copies, asked where they are because of
    a precaution that has ended since; one without copies; one that is suspended already."""
    grants = [stages.active_grant(world, buyer=who) for who in ("buyer", "other_buyer", "buyer", "other_buyer")]
    for grant in (grants[0], grants[1], grants[3]):
        deliver(grant, world.at)
    Grant.objects.filter(pk=grants[0].pk).update(terms={**grants[0].terms, "whereabouts_working_days": 7})
    built = stages.another_listed_product(world)
    Upstream.objects.create(product=built, version=world.version, grant_ref=reference(grants[0]), conditions=[])
    operations.take_precaution(grant=grants[1], actor=world["officer"], at=world.at, reason="查证")
    stages.order(world, grants[3], at=AT - timedelta(days=1))
    for name in ("report_schedule", "report_overdue"):
        assert run(MONITOR[name], AT).failed == 0
    assert MONITOR["report_late"].find(AT, None).count() == 8
    return grants


def story(before: set[int]) -> dict[str, Any]:
    """All that came of it, new rows by what they are about."""
    names = {f"hold:{row.pk}": f"hold of {row.source_ref}" for row in Hold.objects.all()}
    names |= {f"measure:{row.pk}": f"order {row.occasion_key}" for row in Measure.objects.all()}
    names |= {f"whereabouts:{row.pk}": f"copies of {row.object_id}" for row in Clock.objects.filter(kind="whereabouts")}

    def named(text: str) -> str:
        known = re.sub(r"/order/(\d+)/", r"measure:\1", text)
        return re.sub(r"(hold|measure|whereabouts):\d+", lambda found: names.get(found[0], found[0]), known)

    entries = Entry.objects.exclude(pk__in=before).select_related("detail")
    acts = dict[Any, list[str]]()
    for entry in entries:
        acts.setdefault(entry.operation_id, []).append(
            named(
                f"{entry.verb} {entry.article} {entry.actor_ref} {entry.at} {entry.old}→{entry.new} "
                f"{entry.object_type}:{entry.object_id} {entry.detail.json}"
            )
        )
    told = Outbox.objects.values_list("kind", "channel", "recipient_ref", "address", "dedup_key", "link", "context")
    holds = Hold.objects.values_list("grant", "code", "source_ref", "reason", "state", "opened_at", "opened_by_ref")
    orders = Measure.objects.values_list(
        "occasion_key", "kind", "state", "article", "facts", "demand", "party", "authority", "finding", "held__grant"
    )
    clocks = Clock.objects.values_list("object_type", "object_id", "kind", "started_at", "due_at", "ended_at")
    return {
        "acts": sorted(sorted(lines) for lines in acts.values()),
        "told": sorted(named(str(row)) for row in told),
        "holds": sorted(map(str, holds)),
        "orders": sorted(map(str, orders)),
        "clocks": sorted(map(str, clocks)),
        "stops": sorted(named(str(row)) for row in ProductStop.objects.values_list("product", "source_ref", "reason")),
    }


def both_ways() -> list[dict[str, Any]]:
    before, found = set(Entry.objects.values_list("pk", flat=True)), []
    for monitor in (ONE_BY_ONE, MONITOR["report_late"]):
        with transaction.atomic():
            assert run(monitor, AT)[2:] == (8, 8, 0)
            found.append(story(before))
            transaction.set_rollback(True)
    return found


def test_late_together_comes_to_the_same_as_one_by_one(world, late):
    single, together = both_ways()
    for what in single:
        assert together[what] == single[what], what
    assert len(together["acts"]) == 8 * 2  # each hold and each order is an act of its own
    assert [act[0].split()[0] for act in together["acts"]] == ["pause_for_report"] * 8 + ["propose_order"] * 8
    assert len(together["stops"]) == 2  # one for each hold of the grant that something is built on
    run(MONITOR["report_late"], AT)
    asked = Clock.objects.filter(kind="whereabouts", started_at=AT, ended_at=None)
    assert dict(asked.values_list("object_id", "working_days")) == {str(late[0].pk): 7, str(late[1].pk): 3}


def test_what_a_rule_does_not_let_follow_does_not_follow_together_either(world, late):
    for action, left in (("hold", (0, 8)), ("propose", (8, 0))):
        with transaction.atomic():
            rules = StandingRule.objects.filter(monitor="report_late", action=action)
            rules.update(authority=world.parties["province"], signed_by=world["province_officer"], withdrawn_at=AT,
                         withdrawn_by=world["province_officer"])  # fmt: skip
            before = Hold.objects.count(), Measure.objects.count()
            assert run(MONITOR["report_late"], AT)[2:] == (8, 8, 0)
            assert (Hold.objects.count() - before[0], Measure.objects.count() - before[1]) == left
            assert run(MONITOR["report_late"], AT).found == 0
            transaction.set_rollback(True)


def test_what_followed_already_does_not_follow_again(world, late):
    first = MONITOR["report_late"].find(AT, None)[0]
    operations.pause_for_reports(reports=[first], actor=stages.JOB, at=AT)
    held = Hold.objects.count()
    assert run(MONITOR["report_late"], AT)[2:] == (8, 8, 0)  # its order is still to be proposed
    assert (Hold.objects.count() - held, Measure.objects.filter(state="proposed").count()) == (7, 8)
    assert run(MONITOR["report_late"], AT).found == 0


def test_filed_or_given_up_meanwhile_is_left_out_of_those_handled_together(world, late):
    rows = list(MONITOR["report_late"].find(AT, None))
    gone, filed = rows[0].grant, next(row for row in rows if row.grant.buyer != rows[0].grant.buyer)
    Grant.objects.filter(pk=gone.pk).update(state="surrendered", ended_at=AT)
    UsageReport.objects.filter(pk=filed.pk).update(state="filed", round=1)
    assert MONITOR["report_late"].together(rows, AT) == 5
    assert not Hold.objects.filter(grant=gone).exists()
    assert not Hold.objects.filter(source_ref=reference(filed)).exists()


def test_more_of_them_ask_the_database_no_more_often(world, late):
    rows, asked = list(MONITOR["report_late"].find(AT, None)), []
    for some in ([rows[2], rows[4]], rows[2:6]):  # of the same two buyers, nothing built
        with transaction.atomic():
            with CaptureQueriesContext(connection) as queries:
                assert MONITOR["report_late"].together(some, AT) == len(some)
            asked.append(len(queries))
            transaction.set_rollback(True)
    assert asked[0] == asked[1]
