"""What a process does to itself before it touches a stranger's file."""

import os
import resource
import signal
import sys

_ADDRESS_SPACE = 4 * 1024**3
_FILE_SIZE = 4 * 1024**3
_OPEN_FILES = 256
_NICENESS = 10
_PR_SET_PDEATHSIG = 1


def confine(*, seconds: int) -> None:
    """Limit this process for good: 4 GiB address space, `seconds` of wall clock on two processors, 4 GiB
    files, and what `subdue` does.
    """
    for which, limit in (
        (resource.RLIMIT_AS, _ADDRESS_SPACE),
        (resource.RLIMIT_CPU, 2 * seconds + 5),  # the wall clock of the caller comes first
        (resource.RLIMIT_FSIZE, _FILE_SIZE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        _limit(which, limit)
    subdue()


def subdue() -> None:
    """No core dumps, low priority, and death with its parent (Linux): what Java, too, can live with."""
    _limit(resource.RLIMIT_CORE, 0)
    os.nice(max(0, _NICENESS - os.nice(0)))
    _die_with_parent()


def _limit(which: int, limit: int) -> None:
    hard = resource.getrlimit(which)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(which, (limit, limit))


def _die_with_parent() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
