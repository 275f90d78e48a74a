"""A file that arrives in chunks: announced, received into quarantine, read by a job, destroyed when it is refused."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import files, permissions, queries, reasons
from listings.deidentification import formats, ingest, limits
from listings.deidentification.reasons import Refused as EngineRefused
from listings.models import JobKind, Upload, UploadChunk, Version
from listings.operations import jobs
from listings.operations.versions import attach, give_up_uploads, lock_in
from listings.states import UploadState, VersionState
from listings.uploads import LARGEST_CHUNK
from marketplace import workflow
from marketplace.errors import InvalidState, Refused, StaleState
from marketplace.ledger import entries as ledger

KEPT = timedelta(hours=24)  # after the last chunk
SMALLEST_CHUNK = 64 * 1024  # but for the last: each is a file of its own


class WrongOffset(InvalidState):
    """The next chunk begins elsewhere: at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(_("The next chunk begins at byte %(offset)s.") % {"offset": offset})
        self.offset = offset


@transaction.atomic
def start_upload(
    *, version: Version, actor: User, at: datetime, name: str, size: int, modified: int | None = None, sha256: str = ""
) -> Upload:
    """Announce a file for a draft: name, size, and room are looked at before a byte arrives.

    One that was under way for the version is given up. Raises ValidationError on `name` or `size`.
    """
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    jobs.check_no_job(version)
    _check_announced(name, size)
    act = ledger.begin("start_upload", actor, at, "Art. 17")
    give_up_uploads(version, act)
    queries.check_room(version, size, "size")
    upload = Upload.objects.create(
        version=version, by=actor, name=files.plain_name(name), size=size, modified=modified, sha256=sha256.lower(),
        expires_at=at + KEPT, created_at=at,
    )  # fmt: skip
    ledger.record(act, upload, new=upload.state, detail={"version": version, "size": size, "sha256": upload.sha256})
    return upload


def check_chunk(*, upload: Upload, actor: User, at: datetime) -> None:
    """May this person send a chunk now? Asked before its bytes are read."""
    permissions.check_can_keep_upload(actor, upload, at)
    workflow.check_in(upload, UploadState.OPEN)
    if at >= upload.expires_at:
        raise InvalidState(_("The upload was left alone for too long: start it again."))


def receive_chunk(*, upload: Upload, actor: User, at: datetime, offset: int, content: bytes) -> Upload:
    """Store the bytes from `offset` on. Of two that come for the same offset one is kept.

    No ledger entry: what arrives is no act yet. Raises WrongOffset, and ValidationError on `chunk`.
    """
    check_chunk(upload=upload, actor=actor, at=at)
    if offset != upload.received:
        raise WrongOffset(upload.received)
    _check_chunk(upload, content)
    key = files.put_chunk(upload, offset, content)
    try:
        _note_chunk(upload, offset, len(content), key, at)
    except BaseException:
        files.delete(key)
        raise
    return upload


@transaction.atomic
def _note_chunk(upload: Upload, offset: int, size: int, key: str, at: datetime) -> None:
    waiting = Upload.objects.filter(pk=upload.pk, state=UploadState.OPEN, received=offset)
    if not waiting.update(received=offset + size, expires_at=at + KEPT):
        upload.refresh_from_db()
        workflow.check_in(upload, UploadState.OPEN)
        raise WrongOffset(upload.received)
    UploadChunk.objects.create(upload=upload, offset=offset, key=key)
    upload.received = offset + size


def finish_upload(*, upload: Upload, actor: User, at: datetime) -> Upload:
    """open → received: everything has arrived and is read by a job; up to the size of a form's file, at once.

    Raises InvalidState while something is missing, ValidationError where the file cannot be read: then the upload is
    refused, and nothing is kept of it.
    """
    job = _queue_reading(upload, actor, at)
    if upload.size <= settings.UPLOAD_LIMIT:
        from listings.operations.work import run_assessment

        run_assessment(job=job, at=at)
        upload.refresh_from_db()
        if upload.state == UploadState.REFUSED:
            raise ValidationError({"file": upload.refusal})
    return upload


@transaction.atomic
def _queue_reading(upload: Upload, actor: User, at: datetime) -> Any:
    permissions.check_can_keep_upload(actor, upload, at)
    workflow.check_in(upload, UploadState.OPEN)
    lock_in(upload.version, VersionState.DRAFT)
    jobs.check_no_job(upload.version)
    if upload.received != upload.size:
        raise InvalidState(
            _("%(received)s of %(size)s bytes have arrived.") % {"received": upload.received, "size": upload.size}
        )
    workflow.move(ledger.begin("finish_upload", actor, at, "Art. 17"), upload, UploadState.RECEIVED)
    return jobs.queue(upload.version, JobKind.READ, upload.by, at, upload)


def read(job: Any, at: datetime) -> None:
    """received → done with the version's new file, or → refused and destroyed. The work of a claimed job."""
    upload: Upload = job.upload
    version = Version.objects.select_related("product__seller").get(pk=upload.version_id)
    try:
        with (
            files.assembled(upload) as path,
            files.ingest(path, upload.name, jobs.watcher(job, at)) as ingested,
            files.in_quarantine(version, ingested) as stored,
            transaction.atomic(),
        ):
            lock_in(version, VersionState.DRAFT)
            jobs.end(job)
            workflow.move(ledger.begin("read", jobs.WORKER, at, "Art. 17"), upload, UploadState.DONE)
            attach(version, ingested, stored, jobs.WORKER, at)
            files.drop_chunks(upload)
    except files.UnreadableFile as error:
        if error.code == "cancelled":
            raise StaleState() from error
        jobs.fail(job, {"code": error.code, "params": error.params}, at)


@transaction.atomic
def abandon_upload(*, upload: Upload, actor: Any, at: datetime) -> None:
    """open → abandoned: what has arrived is destroyed."""
    permissions.check_can_keep_upload(actor, upload, at)
    workflow.check_in(upload, UploadState.OPEN)
    _abandon(upload, ledger.begin("abandon", actor, at))


@transaction.atomic
def sweep_upload(*, upload: Upload, at: datetime) -> None:
    """open → abandoned where nothing has come for a day."""
    workflow.check_in(upload, UploadState.OPEN)
    if at < upload.expires_at:
        raise InvalidState(_("It is still under way."))
    _abandon(upload, ledger.begin("abandon", ledger.SystemActor("sweep"), at))


def sweep_uploads(*, at: datetime) -> int:
    """Give up every upload that was left alone. Returns how many; one that goes on meanwhile is left."""
    done = 0
    for upload in Upload.objects.expired(at).order_by("pk"):
        try:
            sweep_upload(upload=upload, at=at)
        except Refused:
            continue
        done += 1
    return done


def sweep_orphans(*, at: datetime) -> int:
    """Destroy what a crash left in quarantine without a row, once it has lain there for a day. Returns how many."""
    return files.delete_orphans(at - KEPT)


def _abandon(upload: Upload, act: ledger.Act) -> None:
    workflow.move(act, upload, UploadState.ABANDONED)
    files.drop_chunks(upload)


def _check_announced(name: str, size: int) -> None:
    try:
        kind = formats.named(name)
    except EngineRefused as error:
        raise ValidationError({"name": reasons.sentence(error.code, error.params)}) from error
    limit = ingest.MOST_BYTES.get(kind, limits.MAX_FILE_BYTES)
    if not 0 < size <= limit:
        code = "too_large" if size > limit else "empty_file"
        raise ValidationError({"size": reasons.sentence(code, {"found": size, "limit": limit})})


def _check_chunk(upload: Upload, content: bytes) -> None:
    left = upload.size - upload.received
    if len(content) > min(left, LARGEST_CHUNK):
        raise ValidationError({"chunk": _("The chunk goes beyond what was announced, or beyond 8 MiB.")})
    if len(content) < min(left, SMALLEST_CHUNK):
        raise ValidationError({"chunk": _("All chunks but the last have at least 64 KiB.")})
    if upload.received == 0:
        try:
            formats.check(formats.named(upload.name), content[: formats.HEAD_BYTES])
        except EngineRefused as error:
            raise ValidationError({"chunk": reasons.sentence(error.code, error.params)}) from error
