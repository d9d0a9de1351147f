"""How loops over rows are compiled: without the interpreter's lock, and kept on disk for the next start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function, compiled at its first call. An installation that cannot be written to compiles at each start."""
    try:
        return cast("F", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba found no folder it may write its cache to
        return cast("F", njit(nogil=True)(function))
