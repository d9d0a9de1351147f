"""Faults of our own and of what we are given: counted by reason, logged once each, never raised."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

__all__ = ["Faults"]

_log = logging.getLogger("miops")


class Faults:
    """How often what went wrong inside the instrumentation."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.RLock()

    def add(self, reason: str, error: BaseException | None = None) -> None:
        """Count a fault; the first of its kind is logged."""
        with self._lock:
            before = self._counts.get(reason, 0)
            self._counts[reason] = before + 1
        if before == 0:
            _log.warning(
                "miops: %s%s; predictions of the program are not affected, further cases are only counted",
                reason,
                f": {type(error).__name__}: {error}" if error is not None else "",
                exc_info=error if _log.isEnabledFor(logging.DEBUG) else None,
            )

    @property
    def counts(self) -> Mapping[str, int]:
        """How often, by reason."""
        with self._lock:
            return dict(self._counts)

    def after_fork(self) -> None:
        """In a forked child: nothing has gone wrong yet, and the lock is free."""
        self._counts, self._lock = {}, threading.RLock()
