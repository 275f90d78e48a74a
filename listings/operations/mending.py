"""A file that failed and that a recipe can mend is kept in quarantine for a short term, for nothing else (Art. 17).

It is destroyed when the term is over, when another file takes its place, when its seller says so, and with its draft.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import files, permissions
from listings.models import OPEN_JOB, FileKind, Job, JobKind, JobState, Product, Version
from listings.operations import jobs
from listings.operations.hierarchies import forget_columns
from listings.queries import failed_assessment
from listings.states import VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.errors import InvalidState, Refused
from marketplace.ledger import entries as ledger

ARTICLE = "Art. 17"
# What no recipe mends: other marks or another file are needed. The name of a column that is an identifier, too.
HOPELESS = frozenset({
    "mere_copy", "no_quasi_identifier", "subject_without_persons", "subject_missing", "subject_missing_with_suggested",
})  # fmt: skip


def is_mendable(report: Mapping[str, Any]) -> bool:
    """Whether every reason is one that changing cells, columns or rows takes away."""
    codes = {reason["code"] for reason in report["reasons"]}
    return bool(codes) and not codes & HOPELESS and not any(code.endswith("_in_name") for code in codes)


def keep_failed(version: Version, report: Mapping[str, Any], at: datetime) -> bool:
    """Keep the canonical file of a draft that failed, or destroy it; the original goes at once. Part of an assessment.

    The term begins with the first failure: what a recipe makes of the file gets no term of its own.
    """
    if not is_mendable(report):
        _destroy(version, at)
        return False
    files.destroy(version.files.filter(destroyed_at=None, kind=FileKind.ORIGINAL), at)
    if not clock.of(version).open().filter(kind=Kind.MENDING).exists():
        clock.start(version, Kind.MENDING, at)
    return True


@transaction.atomic
def destroy_file(*, version: Version, actor: User, at: datetime) -> None:
    """Destroy at once the draft's file that failed; its report and its recipes stay. Raises InvalidState for another
    file, and while something is done with it."""
    permissions.check_can_keep_version(actor, version, at)
    version = _locked(version)
    jobs.check_no_job(version)
    if failed_assessment(version) is None:
        raise InvalidState(_("The draft has no file that failed."))
    _destroy(version, at)
    ledger.record(ledger.begin("destroy_file", actor, at, ARTICLE), version)


@transaction.atomic
def expire_file(*, version: Version, at: datetime) -> None:
    """Destroy what was kept to be mended, once its term is over; whatever is being done with it is cancelled."""
    version = _locked(version)
    if not clock.of(version).overdue(at).filter(kind=Kind.MENDING).exists():
        raise InvalidState(_("Its term is not over."))
    act = ledger.begin("destroy_file", ledger.SystemActor("sweep"), at, ARTICLE)
    _cancel(version)
    _destroy(version, at)
    ledger.record(act, version)


def sweep_failed_files(*, at: datetime) -> int:
    """Destroy every kept file whose term is over. Returns how many drafts; one that was settled meanwhile is left."""
    late = Clock.objects.overdue(at).filter(kind=Kind.MENDING, object_type=Version._meta.label_lower)
    keys, done = [int(key) for key in late.values_list("object_id", flat=True)], 0
    for version in Version.objects.filter(pk__in=keys).order_by("pk"):
        try:
            expire_file(version=version, at=at)
        except Refused:
            continue
        done += 1
    return done


def give_up(product: Product, act: ledger.Act) -> None:
    """Destroy what is kept of a product's drafts to be mended. Part of its withdrawal."""
    for version in product.versions.filter(state=VersionState.DRAFT).order_by("pk"):
        if clock.of(version).open().filter(kind=Kind.MENDING).exists():
            _cancel(version)
            _destroy(version, act.at)
            ledger.record(act, version, detail={"file": "destroyed"})


def _locked(version: Version) -> Version:
    locked = Version.objects.select_for_update().get(pk=version.pk)
    workflow.check_in(locked, VersionState.DRAFT)
    return locked


def _cancel(version: Version) -> None:
    """End the open job on the file; an upload that is being read is another file and goes on."""
    running = Job.objects.filter(version=version, state__in=OPEN_JOB).exclude(kind=JobKind.READ)
    running.update(state=JobState.CANCELLED, lease_until=None)


def _destroy(version: Version, at: datetime) -> None:
    files.destroy(version.files.filter(destroyed_at=None), at)
    clock.stop(version, at, Kind.MENDING)
    forget_columns(version)  # a name can be an identifier itself; the report has them masked
