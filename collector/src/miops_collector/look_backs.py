"""Sums of the last windows up to one: each window is read from its panes once, however many look back at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import add
from typing import Final

from miops_collector.layout import Summaries
from miops_collector.window import Window

__all__ = ["LookBacks"]

TOGETHER: Final = 24
"""Windows that are summed once for all long look-backs."""


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
        self._days: dict[int, Summaries] = {}

    def of(self, end: int, counts: Iterable[int]) -> Iterator[tuple[int, Summaries]]:
        """How many windows up to ``end``, and their sum; counts rise, and so do the ends from call to call."""
        total, summed = None, 0
        for count in counts:
            for part in self._parts(end - count * self._length, end - summed * self._length):
                total = part if total is None else total + part
            summed = count
            if total is not None:
                yield count, total
        first = end - summed * self._length
        self._known = {start: w for start, w in self._known.items() if start >= first}
        self._days = {start: d for start, d in self._days.items() if start >= first}

    def _parts(self, start: int, end: int) -> Iterator[Summaries]:
        """Of ``[start, end)``: sums that were made before where they lie in it, else windows."""
        day = TOGETHER * self._length
        while start < end:
            whole = start % day == 0 and start + day <= end
            yield self._day(start) if whole else self._window(start)
            start += day if whole else self._length

    def _day(self, start: int) -> Summaries:
        found = self._days.get(start)
        if found is None:
            windows = [self._window(start + i * self._length) for i in range(TOGETHER)]
            found = self._days[start] = reduce(add, windows)
        return found

    def _window(self, start: int) -> Summaries:
        found = self._known.get(start)
        if found is None:
            found = self._known[start] = self._read(Window(start, start + self._length))
        return found
