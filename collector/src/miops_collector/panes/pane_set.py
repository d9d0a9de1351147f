"""All panes of one model version in memory: added to, summed over windows, merged as they age, saved when changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.delta import PaneDelta
from miops_collector.columns import FloatArray
from miops_collector.layout import Layout, Summaries
from miops_collector.panes.ages import Ages
from miops_collector.panes.codec import PaneCodec
from miops_collector.panes.pane import Pane
from miops_collector.panes.running import RunningSums
from miops_collector.window import NANOS, Window, align

__all__ = ["PaneKey", "PaneSet", "default_levels"]

PaneKey: TypeAlias = tuple[int, int]
"""Length and start, nanoseconds."""
HOUR, DAY = 3600 * NANOS, 86_400 * NANOS
MOST_OPEN_BYTES = 128_000_000
"""Open panes that take more are packed before their time."""


def default_levels(pane_length: int) -> tuple[tuple[int, int], ...]:
    """Panes of their own length for 2 days, of an hour to 35 days, of a day to 2 years, then of 30 days.

    Lengths that are no multiple of the one before are left out.
    """
    levels = [(pane_length, 2 * DAY)]
    for level in ((HOUR, 35 * DAY), (DAY, 730 * DAY), (30 * DAY, 0)):
        if level[0] > levels[-1][0] and level[0] % levels[-1][0] == 0:
            levels.append(level)
    return tuple(levels)


class PaneSet:
    """Panes of one layout, each a sum over rows of an interval of event time.

    A pane that was changed since it was last saved is open; all others are kept as the bytes that are saved, which
    take a fraction of the memory and add up nearly as fast. Not safe for use by several threads at once.

    Parameters
    ----------
    pane_length
        Of new panes, nanoseconds; rows must be summarised with the same.
    levels
        See :class:`~miops_collector.panes.ages.Ages`; the first has the pane length.
    """

    def __init__(self, layout: Layout, pane_length: int, levels: Sequence[tuple[int, int]] | None = None) -> None:
        self.layout = layout
        self.pane_length = pane_length
        self._ages = Ages(levels or default_levels(pane_length))
        self._codec = PaneCodec(layout)
        self._open: dict[PaneKey, Pane] = {}
        self._packed: dict[PaneKey, bytes] = {}
        self._order: list[PaneKey] | None = None
        self._dirty: set[PaneKey] = set()
        self._running = RunningSums()
        self._saved: set[PaneKey] = set()
        self._removed: set[PaneKey] = set()

    def __len__(self) -> int:
        return len(self._open) + len(self._packed)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Start of every pane, rising."""
        return np.array([start for start, _ in self._ordered()], np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of what the panes hold."""
        return sum(map(len, self._packed.values())) + self._open_bytes()

    def span(self) -> Window | None:
        """From the start of the first pane to the end of the last; ``None`` without panes."""
        order = self._ordered()
        return Window(order[0][0], max(start + length for start, length in order)) if order else None

    def length_at(self, time: int) -> int:
        """Length of the pane that holds this event time: shorter windows there are not known any more."""
        return self._ages.length_at(time)

    def add(self, delta: PaneDelta) -> None:
        """Add to the panes of these times; to the longer one where they have been merged already."""
        ends = delta.offsets.tolist()
        for i, start in enumerate(delta.starts.tolist()):
            touched = slice(ends[i], ends[i + 1])
            key = self._key(start)
            self._opened(key).add(delta.cells[touched], delta.values[touched], delta.extremes[i])
            self._running.add(key[1], delta.cells[touched], delta.values[touched], delta.extremes[i])
        if self._open_bytes() > MOST_OPEN_BYTES:
            self._pack()

    def window(self, window: Window) -> Summaries:
        """Sum of the panes that start inside the window.

        Where its bounds do not lie on bounds of panes any more, whole panes count where they start.
        """
        found = self._running.get(window)
        if found is None:
            found = self._sum(window)
            self._running.keep(window, *found)
        vector, extremes = found
        return Summaries(self.layout, vector.copy(), extremes.copy())

    def coarsen(self, watermark: int) -> None:
        """Merge panes that have grown old at this event time."""
        if not self._ages.advance(watermark):
            return
        old = [key for longer, before in self._ages.merged() for key in self._before(before) if key[0] < longer]
        if old:
            self._running.forget()
        for key in dict.fromkeys(old):
            pane = self._taken(key)
            self._opened(self._key(key[1])).merge(pane)

    def pack(self, most: int) -> bool:
        """Turn up to so many open panes into bytes; whether any is still open.

        :meth:`take_dirty` does it for all at once, which may take long where the rows of years came together.
        """
        for key in list(islice(self._open, most)):
            self._packed[key] = self._codec.encode(self._open.pop(key))
        return bool(self._open)

    def take_dirty(self) -> tuple[dict[PaneKey, bytes], list[PaneKey]]:
        """Panes that changed since the last call, by length and start, and saved ones that are no more."""
        self._pack()
        changed = {key: self._packed[key] for key in sorted(self._dirty)}
        removed = sorted(self._removed)
        self._saved.update(changed)
        self._dirty.clear()
        self._removed.clear()
        return changed, removed

    def give_back(self, changed: Iterable[PaneKey], removed: Iterable[PaneKey]) -> None:
        """Take them as not saved after all: the next :meth:`take_dirty` has them again."""
        self._dirty.update(key for key in changed if self._has(key))
        self._removed.update(key for key in removed if not self._has(key))

    def load(self, saved: Mapping[PaneKey, bytes]) -> None:
        """Take panes as they were saved, in place of those of the same length and start."""
        for length, start in saved:
            self._ages.have_seen(length, start)
            self._open.pop((length, start), None)
        self._packed.update(saved)
        self._saved.update(saved)
        self._dirty.difference_update(saved)
        self._order = None
        self._running.forget()

    def _key(self, time: int) -> PaneKey:
        length = self._ages.length_at(time)
        return length, align(time, length)

    def _has(self, key: PaneKey) -> bool:
        return key in self._packed or key in self._open

    def _ordered(self) -> list[PaneKey]:
        """Start and length of every pane, rising."""
        if self._order is None:
            self._order = sorted((start, length) for panes in (self._open, self._packed) for length, start in panes)
        return self._order

    def _before(self, time: int) -> list[PaneKey]:
        order = self._ordered()
        return [(length, start) for start, length in order[: bisect_left(order, (time, 0))]]

    def _within(self, window: Window) -> list[PaneKey]:
        order = self._ordered()
        first, last = (bisect_left(order, (bound, 0)) for bound in (window.start, window.end))
        return [(length, start) for start, length in order[first:last]]

    def _sum(self, window: Window) -> tuple[FloatArray, FloatArray]:
        vector, extremes = self._codec.zero()
        for key in self._within(window):
            packed = self._packed.get(key)
            if packed is not None:
                self._codec.add_to(packed, vector, extremes)
            else:
                self._open[key].add_to(vector[: self.layout.size], extremes)
        return vector[: self.layout.size], extremes

    def _opened(self, key: PaneKey) -> Pane:
        """The pane, about to be changed."""
        pane = self._open.get(key)
        if pane is None:
            packed = self._packed.pop(key, None)
            if packed is None:
                self._order = None
                self._removed.discard(key)
                pane = Pane(self.layout.size, len(self.layout.numeric))
            else:
                pane = self._codec.decode(packed)
            self._open[key] = pane
            self._dirty.add(key)
        return pane

    def _taken(self, key: PaneKey) -> Pane:
        """The pane, which is no more."""
        pane = self._open.pop(key, None) or self._codec.decode(self._packed.pop(key))
        self._order = None
        self._dirty.discard(key)
        if key in self._saved:
            self._saved.discard(key)
            self._removed.add(key)
        return pane

    def _open_bytes(self) -> int:
        return sum(pane.nbytes for pane in self._open.values())

    def _pack(self) -> None:
        for key, pane in self._open.items():
            self._packed[key] = self._codec.encode(pane)
        self._open.clear()
