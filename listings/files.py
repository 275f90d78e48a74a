"""Files of versions: in quarantine until they pass, destroyed when they fail, never under a public URL.

Storage is Django's default storage. Names carry version, kind and hash, so that equal files of two versions never
share a fate.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from listings.deidentification import sandbox
from listings.deidentification.reasons import shown
from listings.models import FileKind, Upload, UploadChunk, Version, VersionFile

QUARANTINE, ACCEPTED = "quarantine", "files"
BYTES_A_SECOND = 1024 * 1024  # that reading takes at the slowest, beyond the first five minutes
CELLS_A_SECOND = 100_000  # that are measured at the slowest, beyond the first fifteen minutes


@dataclass(frozen=True)
class Ingested:
    """A file that was read: the original, its canonical Parquet, rows, columns [{name, type}], and by name what the
    cells say of a column ({role, code, params}: `deidentification/hinting.py`)."""

    name: str
    original: Path
    parquet: Path
    rows: int
    columns: list[dict[str, Any]]
    hints: dict[str, dict[str, Any]]


class UnreadableFile(Exception):
    """The file cannot be taken; `code` and `params` say why (`reasons.py` has the sentence)."""

    def __init__(self, code: str, params: dict[str, Any]) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@contextmanager
def ingest(source: Path, name: str, watch: sandbox.Watch | None = None) -> Iterator[Ingested]:
    """Read a hostile file in a subprocess, outside any transaction; the result lives as long as the context."""
    seconds = 300 + source.stat().st_size // BYTES_A_SECOND
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        parquet, source = Path(folder) / "canonical.parquet", _plainly_named(source, Path(folder))
        command = {"do": "ingest", "source": str(source), "name": name, "target": str(parquet)}
        command["hint_share"] = settings.RISK_RULES.suggest_share
        answer = sandbox.run(command, seconds=seconds, watch=watch)
        if not answer["ok"]:
            raise UnreadableFile(answer["code"], answer.get("params", {}))
        hints = {hint["column"]: hint for hint in answer["hints"]}
        yield Ingested(name, source, parquet, answer["rows"], answer["columns"], hints)


def _plainly_named(source: Path, folder: Path) -> Path:
    """The engine's readers take `[`, `*` and the like in a path for patterns: such a file is copied first."""
    if not set(str(source)) & set("*?[]{}") or source.stat().st_size > settings.UPLOAD_LIMIT:
        return source
    return Path(shutil.copyfile(source, folder / "source"))


def plain_name(name: str) -> str:
    """A file's name to be shown: no path, nothing invisible, long numbers masked, its ending kept."""
    last = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = "".join(letter for letter in last if letter.isprintable()).rpartition(".")
    return f"{shown(stem)}{dot}{ending[:20]}" if dot else shown(ending)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Stored:
    """A file that lies in quarantine and has no row yet."""

    kind: str
    name: str
    sha256: str
    size: int
    key: str


def put(version: Version, kind: str, path: Path, name: str) -> Stored:
    """Copy a file into quarantine."""
    digest = sha256_of(path)
    with path.open("rb") as file:
        key = default_storage.save(f"{QUARANTINE}/{version.pk}-{kind}-{digest}", File(file))
    return Stored(kind, plain_name(name), digest, path.stat().st_size, key)


@contextmanager
def in_quarantine(version: Version, ingested: Ingested) -> Iterator[list[Stored]]:
    """Original and canonical Parquet, copied into quarantine; deleted again where their rows are not written."""
    stored: list[Stored] = []
    try:
        stored.append(put(version, FileKind.ORIGINAL, ingested.original, ingested.name))
        stored.append(put(version, FileKind.PARQUET, ingested.parquet, "canonical.parquet"))
        yield stored
    except BaseException:
        for file in stored:
            default_storage.delete(file.key)
        raise


def register(version: Version, stored: Iterable[Stored]) -> None:
    """Write the rows of files in quarantine."""
    for file in stored:
        VersionFile.objects.create(
            version=version, kind=file.kind, name=file.name, sha256=file.sha256, size=file.size, key=file.key
        )


def accept(files: Iterable[VersionFile]) -> None:
    """Move files out of quarantine. The old copy goes only when the transaction is through."""
    for file in files:
        old = file.key
        with default_storage.open(old, "rb") as content:
            file.key = default_storage.save(
                f"{ACCEPTED}/{file.sha256[:2]}/{file.version_id}-{file.kind}-{file.sha256}", content
            )
        VersionFile.objects.filter(pk=file.pk).update(key=file.key)
        _delete_on_commit(old)


def destroy(files: Iterable[VersionFile], at: datetime) -> None:
    """Delete the content; the row with hash and size stays as evidence that it was there."""
    for file in files:
        VersionFile.objects.filter(pk=file.pk).update(destroyed_at=at, key="")
        _delete_on_commit(file.key)


def current(version: Version, kind: str = FileKind.PARQUET) -> VersionFile | None:
    return VersionFile.objects.filter(version=version, kind=kind, destroyed_at=None).first()


def seconds_for(version: Version) -> int:
    """How long a command on the version's file may take: more for more cells, and for more bytes of the original."""
    file = current(version, FileKind.ORIGINAL)
    cells = (version.rows or 0) * version.columns.count()
    return 900 + cells // CELLS_A_SECOND + (file.size if file else 0) // BYTES_A_SECOND


def put_chunk(upload: Upload, offset: int, content: bytes) -> str:
    """Store a piece of an upload in quarantine; its key."""
    return default_storage.save(f"{QUARANTINE}/upload-{upload.pk}-{offset}", ContentFile(content))


def delete_orphans(before: datetime) -> int:
    """Delete what has lain in quarantine since `before` and belongs to no row: a process died between storing it and
    writing the row. Returns how many."""
    done = 0
    for name in default_storage.listdir(QUARANTINE)[1] if default_storage.exists(QUARANTINE) else []:
        key = f"{QUARANTINE}/{name}"
        if not default_storage.exists(key) or default_storage.get_modified_time(key) > before:
            continue
        if UploadChunk.objects.filter(key=key).exists() or VersionFile.objects.filter(key=key).exists():
            continue
        default_storage.delete(key)
        done += 1
    return done


def delete(key: str) -> None:
    default_storage.delete(key)


def drop_chunks(upload: Upload) -> None:
    """Forget the pieces of an upload; their content goes when the transaction is through."""
    for chunk in upload.chunks.all():
        _delete_on_commit(chunk.key)
    upload.chunks.all().delete()


@contextmanager
def assembled(upload: Upload) -> Iterator[Path]:
    """The pieces in one file, for as long as the context. UnreadableFile where the hash is not the announced one."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix="minshu-") as whole:
        for chunk in upload.chunks.order_by("offset"):
            with default_storage.open(chunk.key, "rb") as piece:
                content = piece.read()
            digest.update(content)
            whole.write(content)
        whole.flush()
        if upload.sha256 and digest.hexdigest() != upload.sha256:
            raise UnreadableFile("other_hash", {})
        yield Path(whole.name)


@contextmanager
def local_copy(file: VersionFile) -> Iterator[Path]:
    """A path of the file for a subprocess: the file itself on a local disk, else a temporary copy."""
    try:
        yield Path(default_storage.path(file.key))
    except NotImplementedError:  # a storage without local paths, S3 for instance
        with tempfile.NamedTemporaryFile(prefix="minshu-") as copy, default_storage.open(file.key, "rb") as content:
            shutil.copyfileobj(content, copy)
            copy.flush()
            yield Path(copy.name)


def _delete_on_commit(key: str) -> None:
    transaction.on_commit(lambda: default_storage.delete(key))
