"""Files that prove something: added to a case, taken back from a draft, deleted when they were kept long enough."""

from datetime import datetime, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts import permissions, queries
from accounts.evidence import process, store
from accounts.evidence.models import EvidenceFile, EvidenceSubject, Removal
from accounts.models import Party, User
from accounts.states import LIVING, OVER, PartyState
from marketplace import elsewhere, workflow
from marketplace.errors import InvalidState, NotAllowed, StaleState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry

MOST_FILES = 10  # that stand in one case
RETENTION = timedelta(days=3 * 366)  # after a party's end: trade records at least 3 years (E-Commerce Law, Art. 31)
ORPHANED = timedelta(hours=24)
PARTY_SUBJECTS = (
    EvidenceSubject.IDENTITY, EvidenceSubject.REGISTRATION, EvidenceSubject.MANDATE, EvidenceSubject.OTHER,
)  # fmt: skip
DRAFT = (PartyState.APPLIED, PartyState.RETURNED)


def add_party_evidence(
    *, party: Party, actor: User, at: datetime, path: Path, subject: str, note: str = ""
) -> EvidenceFile:
    """An owner or manager adds a proof of who the party is, or who acts for it: a PDF, PNG or JPEG file.

    Only they and the operator read it. The same file a second time is the one that is there. Raises ValidationError on
    `file` for whatever is no such file, is too large, or has no room; then nothing is kept of it.
    """
    permissions.check_can_keep_evidence(actor, party, at)
    workflow.check_in(party, *LIVING)
    if subject not in PARTY_SUBJECTS:
        raise ValidationError({"subject": _("Choose what it is.")})
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Party.objects.select_for_update().get(pk=party.pk)
        workflow.check_in(locked, *LIVING)
        act = ledger.begin("add_evidence", actor, at)
        return attach(act, locked, party, path, kind, subject=subject, note=note)


@transaction.atomic
def withdraw_party_evidence(*, party: Party, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added it takes a proof back before the operator has decided; its content is deleted."""
    permissions.check_can_withdraw_evidence(actor, party, at)
    locked = Party.objects.select_for_update().get(pk=party.pk)
    workflow.check_in(locked, *DRAFT)
    withdraw(ledger.begin("withdraw_evidence", actor, at), party, evidence)


def attach(
    act: ledger.Act, case: models.Model, party: Party, path: Path, kind: str, *, subject: str, note: str = ""
) -> EvidenceFile:
    """Keep a file that was read, as part of an operation that holds the case's row: in storage, with row and entry.

    Raises ValidationError on `file` when the case has ten, or the party's room is used up.
    """
    sha256, size = store.sha256_of(path), path.stat().st_size
    standing = EvidenceFile.objects.of(case)
    if known := standing.filter(sha256=sha256).first():
        return known
    if standing.count() >= MOST_FILES:
        raise ValidationError({"file": _("A case has at most %(most)s files.") % {"most": MOST_FILES}})
    Party.objects.select_for_update(no_key=True).get(pk=party.pk)  # its room is counted once at a time
    _check_room(party, size)
    key = store.put(path, sha256, act.at)
    try:
        file = EvidenceFile.objects.create(
            object_type=case._meta.label_lower, object_id=str(case.pk), party=party, subject=subject, note=note,
            kind=kind, sha256=sha256, size=size, key=key, by_id=_person(act), at=act.at,
        )  # fmt: skip
        detail = {"case": case, "sha256": sha256, "size": size, "kind": kind, "subject": subject}
        ledger.record(act, file, detail=detail)
    except BaseException:
        store.delete(key)
        raise
    return file


def rested_on(case: models.Model) -> dict[str, list[str]]:
    """For the ledger entry of an act that takes a case's files as they stand: {"files": their hashes}, or nothing.

    Holds the case's row, so that nobody adds or takes one back before the act is through.
    """
    type(case)._base_manager.select_for_update().get(pk=case.pk)
    files = EvidenceFile.objects.of(case).hashes()
    return {"files": files} if files else {}


def withdraw(act: ledger.Act, case: models.Model, file: EvidenceFile) -> None:
    """Take one file of the case back, as part of an operation that has checked that the case is a draft."""
    if not EvidenceFile.objects.of(case).filter(pk=file.pk).exists():
        raise InvalidState(_("This file is not there any more."))
    if not file.is_by(act.actor):
        raise NotAllowed(_("Only who added a file takes it back."))
    remove(act, file, Removal.WITHDRAWN)


def remove(act: ledger.Act, file: EvidenceFile, removal: str) -> None:
    """Delete the content; the row and the entries, with the hash, stay. Part of another operation."""
    standing = EvidenceFile.objects.filter(pk=file.pk, removed_at=None)
    if not standing.update(removed_at=act.at, removal=removal, key="", note=""):
        raise StaleState()
    ledger.record(act, file, detail={"sha256": file.sha256, "removal": removal})
    store.delete_on_commit(file.key)


@transaction.atomic
def open_evidence(*, file: EvidenceFile, actor: User, at: datetime) -> None:
    """Records that `actor` opens a file, each time, in the history of its case: whose file it is sees who read it.

    Nothing is recorded where people or systems of the file's own party open it. Whoever calls has asked whether this
    reader may, and hands the content out only afterwards.
    """
    own = file.party.merged_into_id or file.party_id
    if not queries.memberships(actor, at).filter(party=own).exists():
        ledger.record(ledger.begin("open_evidence", actor, at), file)


def remove_all(act: ledger.Act, party: Party, removal: str) -> None:
    """Every proof of who a party is."""
    for file in EvidenceFile.objects.of(party).order_by("pk"):
        remove(act, file, removal)


def sweep_evidence(*, at: datetime) -> int:
    """Delete the proofs of parties that ended or were refused so long ago that nothing needs them. Returns how many."""
    kept = EvidenceFile.objects.filter(removed_at=None, object_type=Party._meta.label_lower)
    keys = {int(key) for key in kept.values_list("object_id", flat=True).distinct()}
    done = 0
    for party in Party.objects.filter(pk__in=keys, state__in=OVER).order_by("pk"):
        done += _sweep_party(party, at)
    return done


def sweep_evidence_orphans(*, at: datetime) -> int:
    """Delete what a crash left in storage without a row, once it has lain there for a day. Returns how many."""
    return store.delete_orphans(at - ORPHANED)


@transaction.atomic
def _sweep_party(party: Party, at: datetime) -> int:
    ends = Entry.objects.filter(object_type=party._meta.label_lower, object_id=str(party.pk), new__in=OVER)
    ended = ends.order_by("pk").values_list("at", flat=True).last()
    if ended is None or ended + RETENTION > at:
        return 0
    files = list(EvidenceFile.objects.select_for_update().of(party).order_by("pk"))
    act = ledger.begin("delete_evidence", ledger.SystemActor("sweep"), at)
    for file in files:
        remove(act, file, Removal.RETENTION)
    return len(files)


def _check_room(party: Party, more: int) -> None:
    used = EvidenceFile.objects.filter(party=party, removed_at=None).aggregate(total=Sum("size"))["total"] or 0
    if used + more > elsewhere.quota():
        sizes = {"used": filesizeformat(used), "quota": filesizeformat(elsewhere.quota())}
        raise ValidationError(
            {"file": _("Your evidence takes %(used)s of %(quota)s: there is no room for more.") % sizes}
        )


def _person(act: ledger.Act) -> int:
    assert isinstance(act.actor, User)  # a job proves nothing
    return act.actor.pk
