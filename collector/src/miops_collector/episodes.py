"""Log lines for what may happen a thousand times a second: one when it begins, with a sample, one when it is over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Episode"]

log = logging.getLogger(__name__)

QUIET_SECONDS: Final = 30.0
"""So long after the last time it is over."""
LONGEST_SAMPLE: Final = 500


class Episode:
    """One kind of trouble; safe to use from any thread.

    Parameters
    ----------
    what
        The trouble as a sentence: ``"requests are refused"``.
    things
        What is counted while it lasts: ``"requests"``.
    """

    def __init__(
        self, what: str, things: str, *, quiet_seconds: float = QUIET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._what, self._things = what, things
        self._quiet = quiet_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._began = self._last = 0.0

    def happened(self, sample: str, count: int = 1) -> None:
        """It happened to so many; ``sample`` says more of one of them."""
        now = self._clock()
        with self._lock:
            begins = self._count == 0
            self._began = now if begins else self._began
            self._last = now
            self._count += count
        if begins:
            log.warning("%s, such as: %s", self._what, sample[:LONGEST_SAMPLE])

    def look(self) -> None:
        """Say that it is over, if it is; to be called now and then."""
        with self._lock:
            if self._count == 0 or self._clock() - self._last < self._quiet:
                return
            count, seconds = self._count, self._last - self._began
            self._count = 0
        log.warning("%s no more: %d %s within %.0f s", self._what, count, self._things, seconds)
