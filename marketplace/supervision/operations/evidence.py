"""Files behind an order and a finding: what the party shows of its correction, what an officer found."""

from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.evidence import process
from accounts.models import EvidenceFile, User
from accounts.operations.evidence import attach, withdraw
from marketplace import workflow
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.states import STANDING_MEASURE, FindingState, MeasureState


def add_measure_evidence(*, measure: Measure, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """The party against which an order stands adds a file to what it files or says; officers see it at once.

    Suspended or lapsed, it may always do so, also once a refusal was found, until that has ended the case. As
    `accounts.add_party_evidence` otherwise.
    """
    permissions.check_can_respond(actor, measure, at)
    workflow.check_in(measure, *STANDING_MEASURE)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Measure.objects.select_for_update().get(pk=measure.pk)
        workflow.check_in(locked, *STANDING_MEASURE)
        act = ledger.begin("add_evidence", actor, at, measure.article)
        return attach(act, locked, measure.party, path, kind, subject="correction", note=note)


@transaction.atomic
def withdraw_measure_evidence(*, measure: Measure, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back before the party has filed or said anything since: what was filed stays."""
    permissions.check_can_withdraw_measure_evidence(actor, measure, at)
    locked = Measure.objects.select_for_update().get(pk=measure.pk)
    workflow.check_in(locked, MeasureState.ISSUED)
    if locked.evidence.filter(at__gte=evidence.at).exists():
        raise InvalidState(_("This file was filed: it stays."))
    withdraw(ledger.begin("withdraw_evidence", actor, at, measure.article), measure, evidence)


def add_finding_evidence(*, finding: Finding, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """Whoever answers a finding adds a file of what was found, while it is open. The party does not see it."""
    permissions.check_can_answer_finding(actor, finding, at)
    workflow.check_in(finding, FindingState.OPEN)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
        workflow.check_in(locked, FindingState.OPEN)
        act = ledger.begin("add_evidence", actor, at, finding.article)
        return attach(act, locked, finding.reviewer or finding.authority, path, kind, subject="observation", note=note)


@transaction.atomic
def withdraw_finding_evidence(*, finding: Finding, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back while the finding is open."""
    permissions.check_can_withdraw_finding_evidence(actor, finding, at)
    locked = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    workflow.check_in(locked, FindingState.OPEN)
    withdraw(ledger.begin("withdraw_evidence", actor, at, finding.article), finding, evidence)
