"""The sandbox, remembered: each file is really read and measured once by the engine of this tree, then its answer is
replayed, to the other workers and the next run too.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.evidence import process
from listings.deidentification import sandbox

_real, _engine = sandbox.run, sandbox._START
_answers: dict[str, tuple[dict[str, Any], bytes | None]] = {}


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def _shelf() -> Path:
    """Where the answers of this tree's engine are kept; those of other trees are thrown away."""
    root, digest = settings.BASE_DIR, hashlib.sha256()
    sources = [*root.glob("listings/deidentification/**/*"), root / "deploy/requirements-dev.lock"]
    for source in sorted(path for path in sources if path.is_file() and "__pycache__" not in path.parts):
        digest.update(str(source.relative_to(root)).encode() + source.read_bytes())
    folder = root / ".pytest_cache" / "answers"
    shelf: Path = folder / digest.hexdigest()[:16]
    shelf.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*/*"):
        if stale.parent != shelf:
            stale.unlink(missing_ok=True)
    return shelf


def _known(key: str) -> tuple[dict[str, Any], bytes | None] | None:
    if key not in _answers:
        kept = _shelf() / hashlib.sha256(key.encode()).hexdigest()
        if not kept.exists():
            return None
        answer, _, made = kept.read_bytes().partition(b"\n")
        _answers[key] = json.loads(answer), made or None
    return _answers[key]


def _keep(key: str, answer: dict[str, Any], made: bytes | None) -> None:
    """In memory; and what was not a failure on the shelf, whole or not at all: other workers may be reading there."""
    _answers[key] = answer, made
    if not answer["ok"]:
        return
    kept = _shelf() / hashlib.sha256(key.encode()).hexdigest()
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_bytes(json.dumps(answer).encode() + b"\n" + (made or b""))
    draft.replace(kept)


def run(command: dict[str, Any], **options: Any) -> dict[str, Any]:
    """As the real one, on the same content the second time without a subprocess."""
    if _engine != sandbox._START:  # a test's own program, whose answer is no engine's
        return _real(command, **options)
    content = {name: _digest(command[name]) for name in ("source", "parquet", "origin") if name in command}
    key = json.dumps({**command, "target": "", **content}, sort_keys=True, ensure_ascii=False)
    target, known = command.get("target"), _known(key)
    if known is None:
        answer = _real(command, **options)
        _keep(key, answer, Path(target).read_bytes() if target and Path(target).exists() else None)
        return answer
    answer, made = known
    if target and made is not None:
        Path(target).write_bytes(made)
    return json.loads(json.dumps(answer))


_kinds: dict[str, tuple[str, str]] = {}
_real_ask = process.ask


def ask(path: Path) -> tuple[str, str]:
    """What a file of evidence is: each content is really opened once per worker."""
    key = _digest(str(path))
    if key not in _kinds:
        _kinds[key] = _real_ask(path)
    return _kinds[key]


def remember(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sandbox, "run", run)
    patch.setattr(process, "ask", ask)


@contextmanager
def remembering() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        remember(patch)
        yield


@pytest.fixture(autouse=True)
def remembered_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch)  # with what the test patches itself, so that all is undone in its order
