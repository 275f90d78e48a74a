"""Where the files lie: in Django's storage, under no public address, sealed with the site's keys."""

import hashlib
import io
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse

from accounts import sealing
from accounts.evidence.models import EvidenceFile
from marketplace.clock.working_days import local_date

FOLDER = "evidence"
CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
ENDINGS = {"pdf": "pdf", "png": "png", "jpeg": "jpg"}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put(path: Path, sha256: str, at: datetime) -> str:
    """Seal a file's content and store it; its key."""
    sealed = sealing.seal_bytes(path.read_bytes())
    return default_storage.save(f"{FOLDER}/{local_date(at):%Y-%m}/{sha256}", ContentFile(sealed))


def content(file: EvidenceFile) -> bytes:
    with default_storage.open(file.key, "rb") as sealed:
        return sealing.unseal_bytes(sealed.read())


def answer(file: EvidenceFile) -> FileResponse:
    """The file as a download, never to be shown within a page; pages, console and API serve it alike."""
    response = FileResponse(
        io.BytesIO(content(file)), as_attachment=True, filename=f"evidence-{file.pk}.{ENDINGS[file.kind]}",
        content_type=CONTENT_TYPES[file.kind],
    )  # fmt: skip
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Content-SHA256"] = file.sha256
    response["Cache-Control"] = "no-store"
    return response


def delete(key: str) -> None:
    default_storage.delete(key)


def delete_on_commit(key: str) -> None:
    transaction.on_commit(lambda: default_storage.delete(key))


def reseal(file: EvidenceFile) -> None:
    """The same content under the first key. The old copy goes when the transaction is through."""
    with default_storage.open(file.key, "rb") as sealed:
        fresh = ContentFile(sealing.reseal_bytes(sealed.read()))
    old, new = file.key, default_storage.save(file.key, fresh)
    EvidenceFile.objects.filter(pk=file.pk).update(key=new)
    delete_on_commit(old)


def delete_orphans(before: datetime) -> int:
    """Delete what has lain since `before` and belongs to no row: a process died between storing it and writing the
    row. Returns how many."""
    done = 0
    for month in default_storage.listdir(FOLDER)[0] if default_storage.exists(FOLDER) else []:
        folder = f"{FOLDER}/{month}"
        kept = set(EvidenceFile.objects.filter(key__startswith=f"{folder}/").values_list("key", flat=True))
        for key in sorted({f"{folder}/{name}" for name in default_storage.listdir(folder)[1]} - kept):
            if default_storage.exists(key) and default_storage.get_modified_time(key) <= before:
                default_storage.delete(key)
                done += 1
    return done
