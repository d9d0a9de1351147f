"""Linear algebra of one thread, in the collector's own process and in no other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["one_thread"]

VARIABLE: Final = "OPENBLAS_NUM_THREADS"


@contextmanager
def one_thread() -> Iterator[None]:
    """What is loaded within it keeps to one thread, unless the user has said how many there shall be.

    NumPy and SciPy bring a linear algebra each, which reads this when it is loaded. Its threads wait by spinning: on
    a busy machine of two cores they took ten times the CPU of one thread for the products of a sampled window, and
    took it from the commits. Programs that are started later do not inherit it.
    """
    said = VARIABLE in os.environ
    os.environ.setdefault(VARIABLE, "1")
    try:
        yield
    finally:
        if not said:
            del os.environ[VARIABLE]
