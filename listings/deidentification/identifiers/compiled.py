"""The automaton as machine code, compiled once and kept on disk."""

import functools
import inspect
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import automaton, digits

_SOURCES = (digits, automaton)


class Kernels(NamedTuple):
    """`scan_text` and `scan_whole` of the automaton, compiled."""

    scan_text: Callable[..., None]
    scan_whole: Callable[..., None]


@functools.cache
def load() -> Kernels | None:
    """The compiled automaton, None where numba cannot be had.

    The code is kept beside the source, or where NUMBA_CACHE_DIR says; where neither can be written, every process
    compiles anew, which takes some five seconds.
    """
    try:
        import numba
        from numba.extending import register_jitable
    except (ImportError, OSError, MemoryError):
        return None
    for module in _SOURCES:
        for function in vars(module).values():
            if isinstance(function, types.FunctionType):
                register_jitable(function)
    compiled = numba.njit(nogil=True, cache=Path(__file__).is_file())
    return Kernels(*map(compiled, _entries(_version())))


def _version() -> int:
    """A number that another text of the sources does not have; never 0."""
    return zlib.crc32("".join(map(inspect.getsource, _SOURCES)).encode()) or 1


def _entries(version: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """What is called from outside. numba asks of this file alone whether its code is still true, and of the variables
    that its functions close over: so the version of the other files is one of them (it is never 0)."""

    def scan_text(data: Any, offsets: Any, count: int, today: int, tables: Any, values: Any, out: Any) -> None:
        if version:
            automaton.scan_text(data, offsets, count, today, tables, values, out)

    def scan_whole(numbers: Any, count: int, today: int, values: Any, out: Any) -> None:
        if version:
            automaton.scan_whole(numbers, count, today, values, out)

    return scan_text, scan_whole
