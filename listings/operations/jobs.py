"""Jobs: claimed under a lease that is renewed while the work goes on, cancelled, given up after some attempts."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipients
from listings import files, permissions, reasons
from listings.deidentification.sandbox import Watch
from listings.models import OPEN_JOB, Job, JobKind, JobState, Upload, Version
from listings.operations.reassessed import keep_unmeasured
from listings.states import UploadState, VersionState
from marketplace import wake, workflow
from marketplace.errors import InvalidState, StaleState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)  # of silence, until another worker takes over
MOST_ATTEMPTS = 3
FINAL = ("no_file", "file_changed", "nothing_left", "no_fields")  # a second try would end like the first
WORKER = ledger.SystemActor("assessment")


def open_job(version: Version) -> Job | None:
    return Job.objects.filter(version=version, state__in=OPEN_JOB).first()


def check_no_job(version: Version) -> None:
    """What is being read or measured is not changed."""
    if open_job(version):
        raise InvalidState(_("The file is being read or assessed: wait for the result, or cancel it."))


def queue(
    version: Version, kind: JobKind, by: User | None, at: datetime, upload: Upload | None = None,
    wish: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    """A job that is due at once; `by` nobody where it falls due by itself. Part of another operation."""
    job = Job.objects.create(
        version=version, kind=kind, upload=upload, requested_by=by, wish=dict(wish or {}), created_at=at
    )
    wake.on_commit("listings.tasks.assess_due")
    return job


def due(at: datetime) -> QuerySet[Job]:
    """Jobs that wait, and those whose worker fell silent."""
    return Job.objects.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lte=at))


def claim(job: Job, at: datetime) -> bool:
    """Take a due job for this worker. False if somebody else has it, or if it was given up now."""
    taken = due(at).filter(pk=job.pk, attempts__lt=MOST_ATTEMPTS)
    if taken.update(state=JobState.RUNNING, lease_until=at + LEASE, attempts=F("attempts") + 1, percent=0, stage=""):
        job.refresh_from_db()
        return True
    if due(at).filter(pk=job.pk).exists():
        job.refresh_from_db()
        fail(job, {"code": "worker_lost", "params": {"attempts": job.attempts}}, at)
    return False


def watcher(job: Job, at: datetime) -> Watch:
    """Renews the lease and notes how far the work is; False once the job is no longer this worker's."""
    began = time.monotonic()

    def watch(stage: str, percent: int) -> bool:
        now = at + timedelta(seconds=time.monotonic() - began)
        return bool(_mine(job).update(lease_until=now + LEASE, stage=stage, percent=percent))

    return watch


def end(job: Job) -> None:
    """running → done, in the transaction that writes the result. StaleState where it was cancelled or taken over."""
    if not _mine(job).update(state=JobState.DONE, lease_until=None, percent=100):
        raise StaleState()


def retry(job: Job, problem: dict[str, Any]) -> None:
    """running → queued: the fault may be passing."""
    _mine(job).update(state=JobState.QUEUED, lease_until=None, problem=problem)


def settle(job: Job, answer: dict[str, Any], at: datetime) -> None:
    """The engine gave no report: tried again, until it was tried often enough or the file is not there to be tried."""
    if answer["code"] == "cancelled":
        raise StaleState()
    problem = {"code": answer["code"], "params": answer["params"]}
    if job.attempts >= MOST_ATTEMPTS or answer["code"] in FINAL or answer["code"].startswith("recipe_"):
        fail(job, problem, at)
    else:
        retry(job, problem)


def drop(job: Job) -> None:
    """running → cancelled: nobody wants the result any more."""
    _mine(job).update(state=JobState.CANCELLED, lease_until=None)


@transaction.atomic
def fail(job: Job, problem: dict[str, Any], at: datetime) -> None:
    """running → failed; the upload that could not be read is refused, and destroyed with the transaction.

    A version on offer that could not be measured again has not passed; but where the engine was away, nothing is said
    of the version, and the sweep asks again.
    """
    if not _mine(job).update(state=JobState.FAILED, lease_until=None, problem=problem):
        return
    log.warning("%s of version %s failed: %s", job.kind, job.version_id, problem["code"])
    if job.kind == JobKind.REASSESS and problem["code"] != "engine_unavailable":
        keep_unmeasured(job.version, problem, at)
    if job.kind in (JobKind.SUGGEST, JobKind.APPLY):
        said = lazy(lambda: reasons.sentence_of(problem), str)()  # in each reader's language
        tell_seller(ledger.begin("fail_job", WORKER, at, "Art. 17"), job, "recipe_failed", reason=said)
    if job.upload is not None:
        act = ledger.begin("refuse", WORKER, at, "Art. 17")
        workflow.move(act, job.upload, UploadState.REFUSED, problem=problem, detail={"code": problem["code"]})
        files.drop_chunks(job.upload)


def tell_seller(act: ledger.Act, job: Job, kind: str, **context: Any) -> None:
    """What came of a job that took its time, to the seller's people. Part of another operation."""
    version = job.version
    tell(
        act, recipients(version.product.seller, act.at), kind, link=version.get_absolute_url(),
        product=version.product.title, number=version.number, **context,
    )  # fmt: skip


@transaction.atomic
def cancel_job(*, version: Version, actor: User, at: datetime) -> None:
    """The open job of a draft → cancelled: its process is killed within seconds, and the draft can be changed again.

    What was being read is destroyed; a file that was being assessed or mended stays. Raises InvalidState without an
    open job.
    """
    permissions.check_can_keep_version(actor, version, at)
    workflow.check_in(Version.objects.select_for_update().get(pk=version.pk), VersionState.DRAFT)
    job = open_job(version)
    if job is None:
        raise InvalidState(_("Nothing is being read or assessed."))
    if not Job.objects.filter(pk=job.pk, state__in=OPEN_JOB).update(state=JobState.CANCELLED, lease_until=None):
        raise StaleState()
    act = ledger.begin("cancel_job", actor, at, "Art. 17")
    ledger.record(act, version, detail={"job": job.pk})
    if job.upload is not None:
        workflow.move(act, job.upload, UploadState.ABANDONED)
        files.drop_chunks(job.upload)


def _mine(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
