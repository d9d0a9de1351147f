"""One model version as the engine knows it: layout, panes, reference, watermark, and what changed since last time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.agenda import Agenda
from miops_collector.binning import PaneDelta, summarise, summarise_duplicates, summarise_failures, summarise_truth
from miops_collector.compared_with import Reference
from miops_collector.held import ENOUGH, Held
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.report import ModelKey
from miops_collector.settings import Settings
from miops_collector.stores._store import Marks, ModelInfo, PaneChanges, Store
from miops_collector.summarise import rows_of
from miops_collector.window import NANOS, Watermark, Window, align

__all__ = ["Monitored", "Unsaved"]

REPEATS = 4
"""Place in ``volume``."""
PACKED_AT_ONCE = 256
MERGED_AT_ONCE = 30 * 86_400 * NANOS
"""Panes packed, and event time merged, before the writer gets its turn: it must not wait for seconds."""
MARKS_SECONDS = 600.0
"""Marks that moved on without any pane changing are saved this often: after a crash less has to be looked at again."""


@dataclass(frozen=True, slots=True, eq=False)
class Unsaved:
    """What is to be written of one model version; if its panes and marks have not ``moved``, only what is due."""

    changes: PaneChanges
    moved: bool
    agenda_key: str
    agenda: str
    taken_at: int

    @property
    def nbytes(self) -> int:
        return len(self.agenda) + sum(map(len, self.changes.panes.values()))


@dataclass(eq=False)
class Monitored:
    """The panes of one model version and their marks.

    The writer thread calls :meth:`add`, the ticking thread everything else. Rows below ``marks.rows`` are in the
    panes exactly once, whichever thread put them there: that is what lets a rebuild overtake the writer. Repeats are
    not stored, so they are counted by :meth:`add` alone, and those of the last seconds before a crash are not known.
    The panes and the agenda are only to be had with every row in them that was held back until then.

    Attributes
    ----------
    broken
        Rows were added in part. It must be thrown away unsaved and made again from the store.
    """

    key: ModelKey
    settings: Settings
    layout: Layout
    reference: Reference | None = None
    marks: Marks = Marks()
    watermark: Watermark | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    saved_at: int = 0
    broken: bool = False
    first_seen: int = 0
    _saved_marks: Marks = Marks()
    _marks_saved_at: int = 0
    _saved_agenda: str = ""
    _merged_before: int = 0
    _truth_at: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._panes = PaneSet(self.layout, self.settings.pane, self.settings.levels)
        self._agenda = Agenda(self.settings.windows)
        self._held = Held()

    @property
    def panes(self) -> PaneSet:
        self._bin_held()
        return self._panes

    @property
    def agenda(self) -> Agenda:
        """Windows that are due."""
        self._bin_held()
        return self._agenda

    @property
    def has_due(self) -> bool:
        """Whether rows are held back or windows wait."""
        return self._held.rows > 0 or not self._agenda.is_empty

    def add(
        self, seq: int, tables: Iterable[tuple[pa.Table, ModelInfo]], repeated: NDArray[np.int64], now: int,
        room: int = 0,
    ) -> None:  # fmt: skip
        """Put the new rows of one commit into their panes, unless a rebuild has already; and count its repeats.

        Few rows are held back until there are more, or somebody looks, within so many bytes of ``room``.
        """
        with self._changing():
            if seq > self.marks.rows:
                for table, info in tables:
                    self._hold(table, info, now)
                self.marks = Marks(seq, self.marks.truth)
            if len(repeated):
                self._add_delta(summarise_duplicates(self.layout, repeated, self.settings.pane))
        if self._held.rows >= ENOUGH or self._held.nbytes > room:
            self._bin_held()

    def _hold(self, table: pa.Table, info: ModelInfo, now: int) -> None:
        if table.num_rows:
            times = table.column("time").to_numpy()
            self._held.add(table, info.classes)
            self._have_seen(int(times.min()), int(times.max()), now)

    def _bin_held(self) -> None:
        with self.lock:
            if self._held.rows:
                with self._changing():
                    for table, classes in self._held.take():
                        self._bin(table, classes)

    def _bin(self, table: pa.Table, scored: tuple[str, ...]) -> None:
        rows, failed = rows_of(table, classes=self.layout.classes, scored=scored).parted()
        if len(rows):
            self._add_delta(summarise(self.layout, rows, self.settings.pane))
        if failed is not None:
            self._add_delta(summarise_failures(self.layout, failed, self.settings.pane))

    def _have_seen(self, oldest: int, newest: int, now: int) -> None:
        self.first_seen = min(self.first_seen or oldest, oldest)
        self.watermark = (self.watermark or Watermark(newest, now, self.settings.lateness)).advance(newest, now)

    def _add_delta(self, delta: PaneDelta) -> None:
        self._panes.add(delta)
        self._agenda.touch(delta.starts.tolist())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """All or nothing is not to be had of sums; what fails half-way must not be saved."""
        with self.lock:
            try:
                yield
            except BaseException:
                self.broken = True
                raise

    def absorb_truth(self, store: Store, info: ModelInfo, upto: int) -> None:
        """Bring the labelled summaries from ``marks.truth`` to the commit ``upto``."""
        if upto <= self.marks.truth:
            return
        deltas = self._truth_deltas(store, info, self.marks.truth, upto)
        with self._changing():
            for delta in deltas:
                self._add_delta(delta)
                self._truth_at.update(delta.starts.tolist())
            self.marks = Marks(self.marks.rows, upto)

    def take_truth_at(self) -> set[int]:
        """Starts of the panes whose truth has come, changed or gone since the last call."""
        taken, self._truth_at = self._truth_at, set()
        return taken

    def _truth_deltas(self, store: Store, info: ModelInfo, after: int, upto: int) -> list[PaneDelta]:
        changes = store.truth_changes(self.key, after=after, upto=upto)
        rows = (rows_of(table, classes=self.layout.classes, scored=info.classes) for table in changes)
        return [summarise_truth(self.layout, r, self.settings.pane) for r in rows if len(r)]

    def restore(self, store: Store, info: ModelInfo, now: int) -> None:
        """Load saved panes, then add what was committed after they were saved."""
        with self.lock:
            self.marks, saved = store.panes(self.key, self.layout.id)
            self._saved_marks = self.marks
            self._panes.load(saved)
            self._agenda.load(store.state(self._agenda_key))
            self._catch_up(store, info, now)
            if info.last_seen:
                self._have_seen(info.first_seen, info.last_seen, now)

    def rebuild(self, layout: Layout, reference: Reference | None, store: Store, info: ModelInfo, now: int) -> None:
        """Start again with another layout: every stored row is binned anew, while the writer goes on with the old."""
        fresh = Monitored(self.key, self.settings, layout, reference)
        fresh._catch_up(store, info, now)
        fresh.absorb_truth(store, info, store.newest())
        with self.lock:
            fresh._catch_up(store, info, now)
            fresh._count_repeats_of(self)
            self.layout, self.reference = layout, reference
            self._panes, self.marks, self._merged_before, self._held = fresh.panes, fresh.marks, 0, Held()
            if fresh.watermark is not None:
                self._have_seen(fresh.first_seen, fresh.watermark.newest, now)
            self._agenda.touch(fresh.panes.starts.tolist())

    def _catch_up(self, store: Store, info: ModelInfo, now: int) -> None:
        upto = store.newest()
        if upto > self.marks.rows:
            for table in store.rows(self.key, after=self.marks.rows, upto=upto):
                self._hold(table, info, now)
                self._bin_held()
            self.marks = Marks(upto, self.marks.truth)

    def _count_repeats_of(self, old: Monitored) -> None:
        """Repeats are in no table: take over what the old panes counted."""
        span = old.panes.span()
        if span is None or old.panes.window(span).volume.sums[REPEATS] == 0:
            return
        starts = old.panes.starts
        counts = [int(old.panes.window(Window(s, s + 1)).volume.sums[REPEATS]) for s in starts.tolist()]
        self._add_delta(summarise_duplicates(self.layout, np.repeat(starts, counts), self.settings.pane))

    @property
    def _agenda_key(self) -> str:
        return json.dumps(["agenda", self.key.name, self.key.version])

    def unsaved(self, now: int, *, needed_from: int, closing: bool = False) -> Unsaved | None:
        """Let old panes merge and take what changed, to be written; ``None`` if there is nothing to write.

        Panes from ``needed_from`` (event time) on stay as they are, and those of windows that are still due.
        """
        self.pack(lambda: False)
        with self.lock:
            if self.broken:
                return None
            self.update_agenda(now)
            self._merge(now, needed_from)
            changed, removed = self.panes.take_dirty()
            marks, agenda, layout_id = self.marks, self.agenda.to_json(self.panes.length_at), self.layout.id
        due = closing or now - self._marks_saved_at >= MARKS_SECONDS * NANOS
        moved = bool(changed or removed) or (due and marks != self._saved_marks)
        if not (moved or (closing and agenda != self._saved_agenda)):
            return None
        return Unsaved(PaneChanges(self.key, layout_id, marks, changed, removed), moved, self._agenda_key, agenda, now)

    def save(self, store: Store, unsaved: Unsaved) -> None:
        """Write what :meth:`unsaved` gave.

        What is due is written first: after a crash in between, windows are evaluated once too often, never once too
        little.
        """
        try:
            store.put_state(unsaved.agenda_key, unsaved.agenda)
            if unsaved.moved:
                c = unsaved.changes
                store.put_panes(c.model, c.layout_id, c.marks, c.panes, c.removed)
        except BaseException:
            with self.lock:
                self.panes.give_back(unsaved.changes.panes, unsaved.changes.removed)
            raise
        self.is_saved(unsaved)

    def is_saved(self, unsaved: Unsaved) -> None:
        """It has been written."""
        self._saved_marks, self._saved_agenda = unsaved.changes.marks, unsaved.agenda
        self._marks_saved_at = unsaved.taken_at

    def pack(self, enough: Callable[[], bool]) -> bool:
        """Make changed panes ready to be saved, until it is enough; whether all are."""
        left = True
        while left and not enough():
            with self.lock:
                left = self.panes.pack(PACKED_AT_ONCE)
        return not left

    def _merge(self, now: int, needed_from: int) -> None:
        """Years of history merge little by little, a month each time."""
        oldest = self.agenda.oldest()
        last = min(self.complete_before(now), needed_from, needed_from if oldest is None else oldest)
        self._merged_before = min(last, max(self._merged_before, self.first_seen) + MERGED_AT_ONCE)
        self.panes.coarsen(self._merged_before)

    def window(self, window: Window) -> Summaries:
        with self.lock:
            return self.panes.window(window)

    def compared(self, window: Window) -> tuple[Reference | None, Summaries]:
        """A window and what it is compared with, of the same layout whoever changes it meanwhile."""
        with self.lock:
            return self.reference, self.panes.window(window)

    def resolves(self, window: Window) -> bool:
        """Whether panes are still short enough to tell this window from its neighbours."""
        pane = self.panes.length_at(window.start)
        return window.length % pane == 0 and window.start % pane == 0

    def pane_starts(self) -> NDArray[np.int64]:
        """Starts of the panes that have rows, rising."""
        with self.lock:
            return self.panes.starts

    def complete_before(self, now: int) -> int:
        """Event time before which windows are complete."""
        return self.watermark.at(now) if self.watermark else 0

    def update_agenda(self, now: int) -> None:
        """Find out which windows are due."""
        with self.lock:
            self.agenda.update(self.complete_before(now), self.panes.length_at)

    def touch(self, window: Window) -> None:
        """Let this window be evaluated again, and all that hold it."""
        with self.lock:
            self.agenda.touch([window.start])

    def trailing_windows(self, now: int) -> list[Window]:
        """The windows that end with the pane event time is in now: what a gauge shows.

        Where old panes have been merged, one that begins before the window is left out.
        """
        if self.watermark is None:
            return []
        event_now = self.watermark.at(now) + self.settings.lateness
        end = align(event_now, self.settings.pane) + self.settings.pane
        return [Window(end - length, end) for length in self.settings.windows]
