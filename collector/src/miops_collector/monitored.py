"""One model version as the engine knows it: layout, panes, reference, watermark, and what changed since last time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.binning import PaneDelta, summarise, summarise_duplicates, summarise_truth
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.report import ModelKey
from miops_collector.stores._store import Marks, ModelInfo, Store, StoredReference
from miops_collector.summarise import rows_of
from miops_collector.window import Watermark, Window, align

__all__ = ["Monitored", "Reference", "Settings", "read_reference", "store_reference"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What every model version is watched with. Lengths are nanoseconds of event time."""

    pane: int
    windows: tuple[int, ...]
    lateness: int
    levels: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a model version is compared with: a layout frozen with it, and its summaries in that layout."""

    layout: Layout
    summaries: Summaries
    rows: int
    created_at: int
    time: int = 0
    """Middle of the event times of its rows; 0 if they had none of their own."""


def read_reference(stored: StoredReference) -> Reference:
    """The reference as it was stored."""
    layout = Layout.from_json(stored.layout_json)
    vector = np.frombuffer(stored.vector, dtype=np.float64)
    extremes = np.frombuffer(stored.extremes, dtype=np.float64).reshape(-1, 2)
    return Reference(layout, Summaries(layout, vector, extremes), stored.rows, stored.created_at)


def store_reference(reference: Reference) -> StoredReference:
    """The reference as it is stored."""
    return StoredReference(
        layout_json=reference.layout.to_json(),
        vector=reference.summaries.vector.tobytes(),
        extremes=reference.summaries.extremes.tobytes(),
        origin=reference.layout.origin,
        rows=reference.rows,
        created_at=reference.created_at,
    )


@dataclass(eq=False)
class Monitored:
    """The panes of one model version and their marks.

    The writer thread calls :meth:`add`, the ticking thread everything else. Rows below ``marks.rows`` are in the
    panes exactly once, whichever thread put them there: that is what lets a rebuild overtake the writer.
    """

    key: ModelKey
    settings: Settings
    layout: Layout
    reference: Reference | None = None
    marks: Marks = Marks()
    watermark: Watermark | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    next_alarm: int = 0
    saved_at: int = 0
    _touched: set[int] = field(default_factory=set)
    _unfinished: set[Window] = field(default_factory=set)
    _trailing_end: int = 0

    def __post_init__(self) -> None:
        self.panes = PaneSet(self.layout, self.settings.pane, self.settings.levels)

    # --- rows ----------------------------------------------------------------------------------------------------

    def add(
        self, seq: int, tables: Iterable[tuple[pa.Table, ModelInfo]], repeated: NDArray[np.int64], now: int
    ) -> None:
        """Put the new rows of one commit into their panes, unless a rebuild has already."""
        with self.lock:
            if seq <= self.marks.rows:
                return
            for table, info in tables:
                self._add_rows(table, info, now)
            if len(repeated):
                self._add_delta(summarise_duplicates(self.layout, repeated, self.settings.pane))
            self.marks = Marks(seq, self.marks.truth)

    def _add_rows(self, table: pa.Table, info: ModelInfo, now: int) -> None:
        rows = rows_of(table, classes=self.layout.classes, scored=info.classes)
        if len(rows) == 0:
            return
        self._add_delta(summarise(self.layout, rows, self.settings.pane))
        newest = int(rows.time.max())
        old = self.watermark or Watermark(newest, now, self.settings.lateness)
        self.watermark = old.advance(newest, now)

    def _add_delta(self, delta: PaneDelta) -> None:
        self.panes.add(delta)
        self._touched.update(int(start) for start in delta.starts)

    # --- truth -----------------------------------------------------------------------------------------------------

    def absorb_truth(self, store: Store, info: ModelInfo, upto: int) -> None:
        """Bring the labelled summaries from ``marks.truth`` to the commit ``upto``."""
        if upto <= self.marks.truth:
            return
        deltas = self._truth_deltas(store, info, self.marks.truth, upto)
        with self.lock:
            for delta in deltas:
                self._add_delta(delta)
            self.marks = Marks(self.marks.rows, upto)

    def _truth_deltas(self, store: Store, info: ModelInfo, after: int, upto: int) -> list[PaneDelta]:
        changes = store.truth_changes(self.key, after=after, upto=upto)
        rows = (rows_of(table, classes=self.layout.classes, scored=info.classes) for table in changes)
        return [summarise_truth(self.layout, r, self.settings.pane) for r in rows if len(r)]

    # --- starting again ------------------------------------------------------------------------------------------

    def restore(self, store: Store, info: ModelInfo, now: int) -> None:
        """Load saved panes, then add what was committed after they were saved."""
        marks, saved = store.panes(self.key, self.layout.id)
        with self.lock:
            self.panes.load(saved)
            self.marks = marks
        self._catch_up(store, info, now)
        with self.lock:
            if self.watermark is None and info.last_seen:
                self.watermark = Watermark(info.last_seen, now, self.settings.lateness)

    def adopt(self, reference: Reference, store: Store, info: ModelInfo, now: int) -> None:
        """Start again with a new reference: every stored row is binned anew into its edges."""
        fresh = Monitored(self.key, self.settings, reference.layout, reference)
        fresh._catch_up(store, info, now)
        fresh.absorb_truth(store, info, store.newest())
        with self.lock:
            fresh._catch_up(store, info, now)
            self.layout, self.reference = fresh.layout, reference
            self.panes, self.marks = fresh.panes, fresh.marks
            self.watermark = fresh.watermark or self.watermark
            self._touched |= fresh._touched

    def relayout(self, layout: Layout, store: Store, info: ModelInfo, now: int) -> None:
        """Start again with a provisional layout that knows more columns or classes."""
        fresh = Monitored(self.key, self.settings, layout)
        with self.lock:
            fresh._catch_up(store, info, now)
            self.layout, self.panes, self.marks = layout, fresh.panes, fresh.marks
            self.watermark = fresh.watermark or self.watermark
            self._touched |= fresh._touched

    def _catch_up(self, store: Store, info: ModelInfo, now: int) -> None:
        upto = store.newest()
        if upto <= self.marks.rows:
            return
        for table in store.rows(self.key, after=self.marks.rows, upto=upto):
            self._add_rows(table, info, now)
        self.marks = Marks(upto, self.marks.truth)

    def save(self, store: Store, now: int) -> None:
        """Let old panes merge, and write the changed ones with their marks."""
        with self.lock:
            self.panes.coarsen(self.complete_before(now))
            changed, removed = self.panes.take_dirty()
            marks = self.marks
        if changed or removed:
            store.put_panes(self.key, self.layout.id, marks, changed, removed)

    # --- what to look at -------------------------------------------------------------------------------------------

    @property
    def reference_time(self) -> int:
        """When the reference was, event time; without times of its own, when the model was first seen."""
        starts = self.pane_starts()
        return (self.reference.time if self.reference else 0) or (starts[0] if starts else 0)

    def pane_starts(self) -> list[int]:
        """Starts of the panes that have rows, oldest first."""
        with self.lock:
            return [int(start) for start in self.panes.starts]

    def window(self, window: Window) -> Summaries:
        with self.lock:
            return self.panes.window(window)

    def complete_before(self, now: int) -> int:
        """Event time before which windows are complete."""
        return self.watermark.at(now) if self.watermark else 0

    def changed_windows(self, now: int) -> set[Window]:
        """Aligned windows whose numbers, or whose being complete, changed since the last call."""
        complete = self.complete_before(now)
        with self.lock:
            touched, self._touched = self._touched, set()
            changed = set(self._windows_of(touched))
        finished = {w for w in self._unfinished if w.end <= complete}
        self._unfinished = {w for w in self._unfinished | changed if w.end > complete}
        return changed | finished

    def _windows_of(self, starts: Iterable[int]) -> Iterator[Window]:
        """A pane that has been merged into a longer one no longer tells about windows shorter than that."""
        for start in starts:
            shortest = self.panes.length_at(start)
            yield from (Window.holding(start, length) for length in self.settings.windows if length >= shortest)

    def trailing_windows(self, now: int) -> list[Window]:
        """The windows that end with the pane event time is in now: what a gauge shows."""
        if self.watermark is None:
            return []
        event_now = self.watermark.at(now) + self.settings.lateness
        end = align(event_now, self.settings.pane) + self.settings.pane
        return [Window(end - length, end) for length in self.settings.windows]
