"""The automaton as machine code, compiled once and kept on disk."""

import functools
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from . import automaton

_ENTRIES = ("scan_text", "scan_whole")


class Kernels(NamedTuple):
    """`scan_text` and `scan_whole` of the automaton, compiled."""

    scan_text: Callable[..., None]
    scan_whole: Callable[..., None]


@functools.cache
def load() -> Kernels | None:
    """The compiled automaton, None where numba cannot be had.

    The code is kept beside the source, or where NUMBA_CACHE_DIR says; where neither can be written, every process
    compiles anew, which takes some ten seconds.
    """
    try:
        import numba
        from numba.extending import register_jitable
    except (ImportError, OSError, MemoryError):
        return None
    for name, function in vars(automaton).items():
        if isinstance(function, types.FunctionType) and name not in _ENTRIES:
            register_jitable(function)
    options: dict[str, Any] = {"cache": True, "nogil": True}
    return Kernels(*(numba.njit(**options)(getattr(automaton, name)) for name in _ENTRIES))
