"""A finding with which something else was merged does not close with its own cause: a person decides on the rest."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.ledger import entries as ledger
from marketplace.supervision import operations, verbs
from marketplace.supervision.concern import Concern
from marketplace.supervision.models import Finding, UsageReport
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.workflow import stages
from tests.workflow.stages import JOB


@pytest.mark.parametrize("what", ["report", "finding"])
def test_the_filing_of_the_accused_leaves_open_what_was_merged_with_its_late_report(world: World, what: str) -> None:
    late, _at = stages.report(world, "open")
    at = late.due_at + timedelta(hours=10)
    sweep(at=at)
    finding = Finding.objects.get(grant=late.grant)
    officer: dict[str, Any] = {"actor": world["officer"], "at": at, "reason": "同一买方"}
    if what == "report":
        made = operations.report_misuse(grant=late.grant, actor=world["provider"], at=at, text="转卖", wish="terminate")
        operations.merge_concern(concern=made, finding=finding, **officer)
    else:
        operations.merge_finding(finding=stages.another_finding(late.grant, at), into=finding, **officer)
    operations.file_report(report=late, actor=world["buyer"], at=at, is_nil=True)
    assert (UsageReport.objects.get(pk=late.pk).state, Finding.objects.get(pk=finding.pk).state) == ("filed", "open")
    finding = Finding.objects.get(pk=finding.pk)
    names = {verb.name for verb in verbs.FINDING.available(finding, world["officer"], at)}
    assert {"order_correction", "dismiss"} <= names
    operations.dismiss_finding(finding=finding, **officer | {"reason": "查无实据"})
    assert set(Concern.objects.values_list("state", "outcome")) <= {("settled", "查无实据")}


@pytest.mark.parametrize(
    ("rule", "monitor"),
    [("data_stale", "cause_gone"), ("seller_lapsed", "seller_renewed"), ("assessment_failed", "assessment_mended")],
)
def test_a_monitor_closes_what_stands_alone_and_leaves_what_does_not(world: World, rule: str, monitor: str) -> None:
    act = ledger.begin("notice", JOB, world.at)
    alone, joined = (open_finding(act, world.version, rule, f"{rule}:{n}", "Art. 45") for n in "ab")
    assert alone is not None and joined is not None
    other = stages.another_finding(world.version, world.at)
    operations.merge_finding(finding=other, into=joined, actor=world["officer"], at=world.at, reason="同一卖方")
    did = {row.monitor: row.did for row in sweep(at=world.at)}
    assert (did[monitor], sum(row.failed for row in sweep(at=world.at))) == (1, 0)
    assert dict(Finding.objects.values_list("pk", "state")) == {
        alone.pk: "remedied", joined.pk: "open", other.pk: "merged"
    }  # fmt: skip
