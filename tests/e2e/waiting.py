"""Waiting for what another process is going to do, never longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], seconds: float = 30, *, every: float = 0.05) -> bool:
    """Whether ``true()`` came to be so in time; a collector that does not answer has not got there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if true():
                return True
        except OSError:
            pass
        time.sleep(every)
    return False
