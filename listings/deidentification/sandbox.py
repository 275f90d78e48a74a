"""A command in a process of its own: limited, without the site's environment, killed when its time is up."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import engines, progress
from .commands import failure

_PACKAGE = __name__.rpartition(".")[0]
_ROOT = Path(__file__).resolve().parents[_PACKAGE.count(".") + 1]
# -I keeps the working directory and PYTHON* out of the import path; only the checkout is added, at its end
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    f"import runpy; runpy.run_module('{_PACKAGE}', run_name='__main__', alter_sys=True)"
)
_LIMIT_SIGNALS = (signal.SIGXCPU, signal.SIGKILL)
_SPARK = ("JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_IP", "HADOOP_CONF_DIR", "YARN_CONF_DIR")
_COMPILED = "NUMBA_CACHE_DIR"
TICK = 1.0  # seconds between two looks at a command that is watched
Watch = Callable[[str, int], bool]


class Cancelled(Exception):
    """Whoever watches does not want the answer any more."""


def run(
    command: dict[str, Any], *, seconds: int = 300, scratch: Path | None = None, watch: Watch | None = None
) -> dict[str, Any]:
    """Carry out `command` (see `commands`) in a subprocess and return its answer, a dictionary with "ok".

    Never raises for what the file did: a time-out is "too_slow", a crash "assessment_failed". `watch` is called
    every second with stage and percent (`progress`); when it returns False, the process is killed: "cancelled".
    Temporary files, which hold the data in the clear, lie under `scratch` (default: the system's temporary directory)
    and are gone afterwards, the half-written target too. An assessment whose "engine" is a Spark needs its network and
    its Java: it is not confined, and reads nothing but the canonical file that a confined command wrote.
    """
    with tempfile.TemporaryDirectory(prefix="minshu-", dir=scratch) as directory:
        try:
            output, status = _spawn(command, Path(directory), seconds, watch)
        except subprocess.TimeoutExpired:
            return failure("too_slow", seconds=seconds)
        except Cancelled:
            return failure("cancelled")
        finally:
            _remove_part(command)
    if status and -status in _LIMIT_SIGNALS:
        return failure("too_slow" if -status == signal.SIGXCPU else "out_of_memory", seconds=seconds)
    return _parse(output) if status == 0 else failure("assessment_failed", error=f"exit status {status}")


def _spawn(command: dict[str, Any], directory: Path, seconds: int, watch: Watch | None) -> tuple[bytes, int]:
    """Standard output and exit status; TimeoutExpired after `seconds`. No process is ever left behind.

    The command lies in a file: of a pipe, `communicate` sends nothing more once a first call of it has timed out.
    """
    measuring = (command.get("engine") or engines.DUCKDB) not in engines.IN_PROCESS
    limits = "--measuring" if measuring else "--confined"
    with tempfile.TemporaryFile(dir=directory) as given:
        given.write(json.dumps(command).encode())
        given.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, str(_ROOT), limits, str(seconds)],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env=_environment(directory) | (_of_spark(directory) if measuring else {}),
            start_new_session=True,
        )
    try:
        return _wait(process, directory, seconds, watch), process.returncode
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _wait(process: "subprocess.Popen[bytes]", directory: Path, seconds: int, watch: Watch | None) -> bytes:
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        try:
            return process.communicate(timeout=min(left, TICK) if watch else left)[0]
        except subprocess.TimeoutExpired:
            if watch is None or time.monotonic() >= end:
                raise
            if not watch(*progress.read(directory)):
                raise Cancelled from None


def _environment(directory: Path) -> dict[str, str]:
    """No secrets: only what Python and DuckDB need to find their way."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "TZ": "UTC",
    } | {name: os.environ[name] for name in (_COMPILED,) if name in os.environ}


def keep_compiled(folder: Path) -> None:
    """Have every command keep under `folder` what numba compiles, where the engine's own folder cannot be written.

    Else each would compile anew, as its HOME goes with it. Whoever has set NUMBA_CACHE_DIR is heeded.
    """
    if not os.access(Path(__file__).parent, os.W_OK):
        os.environ.setdefault(_COMPILED, str(folder))


def _of_spark(directory: Path) -> dict[str, str]:
    """Where the operator has Java and Spark's settings; what Spark writes down goes with the directory."""
    return {"SPARK_LOCAL_DIRS": str(directory)} | {name: os.environ[name] for name in _SPARK if name in os.environ}


def _remove_part(command: dict[str, Any]) -> None:
    if isinstance(command.get("target"), str):
        Path(command["target"] + ".part").unlink(missing_ok=True)


def _parse(output: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(output)
    except ValueError:
        reply = None
    return reply if isinstance(reply, dict) and "ok" in reply else failure("assessment_failed", error="no answer")
