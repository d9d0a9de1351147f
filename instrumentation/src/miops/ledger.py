"""The account of rows: what is held, sent and dropped, and why; what the observable instruments read."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping

__all__ = ["Ledger"]

_log = logging.getLogger("miops")


class Ledger:
    """Rows and bytes held against their caps, and totals since the start.

    Conservation: rows offered = queued + exported + dropped + left out by sampling.
    """

    __slots__ = ("_bytes_limit", "_dropped", "_exported", "_lock", "_rows_limit", "bytes", "left_out", "rows")

    def __init__(self, rows_limit: int, bytes_limit: int) -> None:
        self._rows_limit, self._bytes_limit = rows_limit, bytes_limit
        # Reentrant, because a finaliser that runs inside may hand on a call of an ended thread.
        self._lock = threading.RLock()
        self.rows = self.bytes = self.left_out = 0
        self._exported = 0
        self._dropped: defaultdict[str, int] = defaultdict(int)

    def reserve(self, rows: int, size: int) -> bool:
        """Take rows in, unless a cap would be passed."""
        with self._lock:
            fits = self.rows + rows <= self._rows_limit and self.bytes + size <= self._bytes_limit
            if fits:
                self.rows += rows
                self.bytes += size
        return fits

    def admit(self, rows: int, size: int) -> bool:
        """The same; what would pass a cap is dropped and counted."""
        with self._lock:
            if self.reserve(rows, size):
                return True
            first = not self._dropped["buffer_full"]
            self._dropped["buffer_full"] += rows
        if first:
            _log.warning("miops: the buffer is full, rows are being dropped; see miops.recorder.dropped")
        return False

    def give_back(self, rows: int, size: int) -> None:
        """Rows that were taken in have never come."""
        with self._lock:
            self.rows -= rows
            self.bytes -= size

    def has_room(self, rows: int, size: int) -> bool:
        """Whether these would be taken in now. What is larger than a cap alone never will."""
        return self.rows + rows <= self._rows_limit and self.bytes + size <= self._bytes_limit

    def settle(self, *, exported: int = 0, dropped: int = 0, left_out: int = 0, reason: str = "") -> None:
        """Rows that were held have been sent, given up, or left out by sampling."""
        with self._lock:
            self.rows -= exported + dropped + left_out
            self.left_out += left_out
            self._exported += exported
            if dropped:
                first = not self._dropped[reason]
                self._dropped[reason] += dropped
        if dropped and first:
            _log.warning("miops: %d rows were dropped: %s; further cases are only counted", dropped, reason)

    def freed(self, size: int) -> None:
        """Bytes that are held no more."""
        with self._lock:
            self.bytes -= size

    @property
    def exported(self) -> int:
        return self._exported

    @property
    def dropped(self) -> Mapping[str, int]:
        """Rows dropped, by reason."""
        with self._lock:
            return {reason: rows for reason, rows in self._dropped.items() if rows}
