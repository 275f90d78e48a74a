"""What the engine is measured against, each in an environment of its own under ~/.cache/minshu, made once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def ask(peer: str, given: dict[str, Any]) -> dict[str, Any]:
    """What `{peer}_peer.py` answers, with the libraries of `deploy/peers-{peer}.lock`."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "minshu" / peer
    python, made = home / "bin" / "python", home / "made"
    lock = HERE.parents[1] / f"deploy/peers-{peer}.lock"
    if not made.exists() or made.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], check=True
        )
        made.touch()
    command = [str(python), str(HERE / f"{peer}_peer.py")]
    answer = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found
