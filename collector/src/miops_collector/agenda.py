"""Which windows of a model version are to be evaluated, and in which order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from miops_collector.window import Window

__all__ = ["Agenda"]

LengthAt: TypeAlias = Callable[[int], int]
"""Length of the pane that holds an event time."""


class Agenda:
    """Windows whose numbers, or whose being complete, changed since they were evaluated last.

    There are three queues, and each gets its turn: *live* windows, to which rows may still come; windows that have
    *finished*, in the order of event time, because alarms want to hear of them in that order; and *restatements* of
    windows that were complete before, in the order in which they became due. So neither a long backfill nor truth that
    restates every window of a month at every tick keeps others waiting for ever.

    Not safe for use by several threads at once.
    """

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self._lengths = lengths
        self._complete = 0
        self._touched: set[int] = set()
        self._loaded: set[Window] = set()
        self._unfinished: set[Window] = set()
        self._live: set[Window] = set()
        self._finished: set[Window] = set()
        self._restated: dict[Window, None] = {}

    def __len__(self) -> int:
        return len(self._live) + len(self._finished) + len(self._restated)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed since; unfinished windows will come of themselves."""
        return not (len(self) or self._touched or self._loaded)

    def touch(self, starts: Iterable[int]) -> None:
        """Panes of these event times have changed."""
        self._touched.update(starts)

    def update(self, complete: int, length_at: LengthAt) -> None:
        """Find out which windows are due, now that windows before ``complete`` are."""
        changed = self._loaded.union(self._windows_of(self._touched, length_at))
        self._loaded, self._touched = set(), set()
        done = {w for w in self._unfinished if w.end <= complete}
        fresh = {w for w in changed if self._complete < w.end <= complete}
        self._unfinished = {w for w in self._unfinished | changed if w.end > complete}
        self._live = (self._live | changed) & self._unfinished
        self._finished |= done | fresh
        for window in sorted(w for w in changed if w.end <= complete and w not in self._finished):
            self._restated[window] = None
        self._complete = max(complete, self._complete)

    def queues(self) -> tuple[list[Window], ...]:
        """Windows that are due, by queue."""
        return sorted(self._live), sorted(self._finished), list(self._restated)

    def done(self, windows: Iterable[Window]) -> None:
        """They have been evaluated."""
        for window in windows:
            self._live.discard(window)
            self._finished.discard(window)
            self._restated.pop(window, None)

    def oldest(self) -> int | None:
        """Start of the first window that is due: panes from there on are still needed as they are."""
        return min((w.start for queue in (self._finished, self._restated) for w in queue), default=None)

    def to_json(self, length_at: LengthAt) -> str:
        """Everything that is not evaluated yet, for :meth:`load`."""
        due = {*self._live, *self._finished, *self._restated, *self._loaded}
        due.update(self._windows_of(self._touched, length_at))
        return json.dumps({"due": _numbers(due), "unfinished": _numbers(self._unfinished - due)})

    def load(self, text: str) -> None:
        """Take over what :meth:`to_json` wrote; an empty text is nothing."""
        saved = json.loads(text) if text else {}
        self._loaded.update(_windows(saved.get("due", {})))
        self._unfinished.update(_windows(saved.get("unfinished", {})))

    def _windows_of(self, starts: Iterable[int], length_at: LengthAt) -> Iterator[Window]:
        """A pane that has been merged into a longer one tells only of windows that it divides."""
        for start in starts:
            pane = length_at(start)
            yield from (Window.holding(start, length) for length in self._lengths if length % pane == 0)


def _numbers(windows: Iterable[Window]) -> dict[int, list[int]]:
    """By length, the number of each window since 1970: a fifth of the text that times would take."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for window in sorted(windows):
        numbers[window.length].append(window.start // window.length)
    return numbers


def _windows(numbers: dict[str, list[int]]) -> Iterator[Window]:
    for length, ones in ((int(length), ones) for length, ones in numbers.items()):
        yield from (Window(n * length, (n + 1) * length) for n in ones)
