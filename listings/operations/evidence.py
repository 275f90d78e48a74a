"""Files behind an item of the lawful-source file (Arts 11, 17)."""

from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.evidence import process
from accounts.models import EvidenceFile, User
from accounts.operations.evidence import attach, withdraw
from listings import permissions
from listings.models import SourceFile
from listings.operations.sources import ARTICLE
from listings.states import UNDER_REVIEW, SourceState
from marketplace import workflow
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

OPEN = (SourceState.UNCHECKED, SourceState.REJECTED)


def add_source_evidence(*, source: SourceFile, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """The seller adds the document itself to an item that was not found in order yet: a PDF, PNG or JPEG file.

    Only the seller's people and whoever checks the item read it. As `accounts.add_party_evidence` otherwise.
    """
    permissions.check_can_keep_source(actor, source, at)
    workflow.check_in(source, *OPEN)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = SourceFile.objects.select_for_update().get(pk=source.pk)
        workflow.check_in(locked, *OPEN)
        act = ledger.begin("add_evidence", actor, at, ARTICLE)
        return attach(act, locked, source.product.seller, path, kind, subject="source", note=note)


@transaction.atomic
def withdraw_source_evidence(*, source: SourceFile, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a document takes it back while the item is unchecked and no version is under review."""
    permissions.check_can_withdraw_source_evidence(actor, source, at)
    locked = SourceFile.objects.select_for_update().get(pk=source.pk)
    workflow.check_in(locked, SourceState.UNCHECKED)
    if source.product.versions.filter(state__in=UNDER_REVIEW).exists():
        raise InvalidState(_("A version is under review: what it rests on stays."))
    withdraw(ledger.begin("withdraw_evidence", actor, at, ARTICLE), source, evidence)
