"""The sandbox, remembered: each file is really read and measured once per worker, then its answer is replayed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from accounts.evidence import process
from listings.deidentification import sandbox

_real = sandbox.run
_answers: dict[str, tuple[dict[str, Any], bytes | None]] = {}


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def run(command: dict[str, Any], **options: Any) -> dict[str, Any]:
    """As the real one, on the same content the second time without a subprocess."""
    content = {name: _digest(command[name]) for name in ("source", "parquet", "origin") if name in command}
    key = json.dumps({**command, "target": "", **content}, sort_keys=True, ensure_ascii=False)
    target = command.get("target")
    if key not in _answers:
        answer = _real(command, **options)
        made = Path(target).read_bytes() if target and Path(target).exists() else None
        _answers[key] = (answer, made)
        return answer
    answer, made = _answers[key]
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


@pytest.fixture(autouse=True)
def remembered_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "run", run)
    monkeypatch.setattr(process, "ask", ask)
