"""Findings whose cause has gone: they close by themselves, as when the duty is done (Art. 45)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction

from marketplace.ledger import entries as ledger
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors.base import WATCHER, Cases, Monitor, Scope, within
from marketplace.supervision.operations.finding import remedy_finding
from marketplace.supervision.states import FindingState


def cause_gone(name: str, label: object, article: str, causes: Mapping[str, Cases]) -> Monitor:
    """The open findings of these rules that stand alone and whose case is no longer among what their rule finds."""

    def find(at: datetime, scope: Scope) -> Iterator[Finding]:
        for rule, cases in causes.items():
            rows = within(Finding.objects.alone().filter(rule=rule, state=FindingState.OPEN), scope, "party")
            findings = list(rows.select_related("party", "grant", "version").order_by("pk"))
            held = _held(cases, findings, at)
            yield from (finding for finding in findings if finding.occasion_key not in held)

    @transaction.atomic
    def handle(finding: Finding, at: datetime) -> bool:
        if finding.occasion_key in _held(causes[finding.rule], [finding], at):
            return False
        return remedy_finding(ledger.begin("notice", WATCHER, at, finding.article), finding.occasion_key)

    return Monitor(name, label, article, find, handle, lambda finding: finding.authority_id)


def _held(cases: Cases, findings: Iterable[Finding], at: datetime) -> set[str]:
    parties = {finding.party for finding in findings}
    return {case.key for case in cases(at, parties)} if parties else set()
