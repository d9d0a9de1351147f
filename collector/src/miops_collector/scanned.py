"""What the drift scan said of each column, by event time: as few changes, not as many verdicts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from miops_collector.report import Status

__all__ = ["Scanned"]

MOST_CHANGES = 2000
"""Kept per model version, the newest: about 60 kB of state."""


class Scanned:
    """Status of every column from each scan to the next.

    A column is ``ok`` until a scan says something else, and stays what it is until another scan says something else:
    a window that holds no scan of its own has the status of the last one before its end.
    """

    def __init__(self) -> None:
        self._changes: dict[str, list[tuple[int, Status]]] = {}

    def note(self, end: int, statuses: Mapping[str, Status]) -> bool:
        """The window that ends here was scanned, later than all before; whether any column is, or was, not ``ok``.

        A column with too little data keeps its status.
        """
        before = {column: self.at(column, end) for column in statuses}
        for column, status in statuses.items():
            if status not in (before[column], "insufficient_data"):
                self._changes.setdefault(column, []).append((end, status))
        self._forget()
        return any(s in ("warning", "alert") for s in (*before.values(), *statuses.values()))

    def at(self, column: str, end: int) -> Status:
        """Status of a column at this event time."""
        changes = self._changes.get(column, [])
        i = bisect_right(changes, end, key=lambda change: change[0])
        return changes[i - 1][1] if i else "ok"

    def to_json(self) -> dict[str, list[tuple[int, Status]]]:
        return self._changes

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scanned:
        scanned = cls()
        scanned._changes = {column: [(end, status) for end, status in changes] for column, changes in data.items()}
        return scanned

    def _forget(self) -> None:
        """Let go of the oldest changes; what each column is now stays known."""
        excess = sum(map(len, self._changes.values())) - MOST_CHANGES
        for _ in range(excess):
            column = min(self._changes, key=lambda c: (len(self._changes[c]) == 1, self._changes[c][0]))
            if len(self._changes[column]) == 1:
                return
            del self._changes[column][0]
