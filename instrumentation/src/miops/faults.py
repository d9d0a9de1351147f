"""Faults of our own and of what we are given: counted by reason, logged once each, never raised."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

__all__ = ["Faults"]

_log = logging.getLogger("miops")


class Faults:
    """How often what went wrong inside the instrumentation."""

    __slots__ = ("_counts", "_lock", "private")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.private = False
        """Whether texts of errors stay out of the log, because they may quote what must not leave the process."""
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
                "" if error is None else f": {type(error).__name__}" + ("" if self.private else f": {error}"),
                exc_info=error if _log.isEnabledFor(logging.DEBUG) and not self.private else None,
            )

    @property
    def counts(self) -> Mapping[str, int]:
        """How often, by reason."""
        with self._lock:
            return dict(self._counts)

    def after_fork(self) -> None:
        """In a forked child: nothing has gone wrong yet, and the lock is free."""
        self._counts, self._lock = {}, threading.RLock()
