"""How far a command has come, told to the process that watches it by a small file."""

import json
import os
from pathlib import Path

FILE = "progress.json"
STAGES = (
    "reading", "checking", "typing", "identifiers", "classes", "profile", "searching", "applying", "comparing",
)  # fmt: skip

_folder: Path | None = None


def tell_in(folder: Path) -> None:
    """From now on `report` writes into this folder; before, it does nothing."""
    global _folder
    _folder = folder


def report(stage: str, percent: int) -> None:
    """The command is in `stage`, and about `percent` (0 to 100) of the whole is done."""
    if _folder is not None:
        part = _folder / (FILE + ".part")
        part.write_text(json.dumps([stage, percent]))
        os.replace(part, _folder / FILE)


def read(folder: Path) -> tuple[str, int]:
    """What was reported last; a hostile writer's nonsense counts as nothing reported."""
    try:
        stage, percent = json.loads((folder / FILE).read_text()[:100])
        return (stage, max(0, min(100, int(percent)))) if stage in STAGES else ("", 0)
    except (OSError, ValueError, TypeError):
        return "", 0
