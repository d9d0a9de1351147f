"""How loops over bytes are compiled: without the interpreter's lock, and kept on disk for the next start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

__all__ = ["inlined", "kernel"]

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """The compiled function; it is compiled at its first call. Read-only installations compile anew at each start."""
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba found no folder it may write its cache to
        return cast("F", njit(nogil=True)(function))


def inlined(function: F) -> F:
    """Compiled into each caller: a call that passes arrays costs more than a few bytes take to read."""
    return cast("F", njit(nogil=True, inline="always")(function))
