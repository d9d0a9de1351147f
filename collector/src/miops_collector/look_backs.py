"""Sums of the last windows up to one: each window is read from its panes once, however many look back at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from miops_collector.layout import Summaries
from miops_collector.window import Window

__all__ = ["LookBacks"]


class LookBacks:
    """For windows of one length that are looked at one after the other, all within one tick.

    Parameters
    ----------
    read
        Sum of the panes of a window.
    """

    def __init__(self, read: Callable[[Window], Summaries], length: int) -> None:
        self._read = read
        self._length = length
        self._known: dict[int, Summaries] = {}

    def of(self, end: int, counts: Iterable[int]) -> Iterator[tuple[int, Summaries]]:
        """How many windows up to ``end``, and their sum; counts rise, and so do the ends from call to call."""
        total, summed = None, 0
        for count in counts:
            for i in range(summed, count):
                window = self._window(end - (i + 1) * self._length)
                total = window if total is None else total + window
            summed = count
            if total is not None:
                yield count, total
        self._known = {start: w for start, w in self._known.items() if start >= end - summed * self._length}

    def _window(self, start: int) -> Summaries:
        found = self._known.get(start)
        if found is None:
            found = self._known[start] = self._read(Window(start, start + self._length))
        return found
