"""The last call of every thread, held back for a moment: its scores or its decision may come with the next call."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Final, NamedTuple

from miops.call import Call
from miops.lanes import Packed
from miops.sources import Source

__all__ = ["HOLD_NS", "Pending", "Slot", "Slots"]

HOLD_NS: Final = 50_000_000
"""How long the flush leaves a held call alone."""


class Pending(NamedTuple):
    """A recorded call that waits for its counterpart."""

    source: Source
    input_id: int
    outputs: int
    call: Call


class Slot(list[Pending | Packed]):
    """At most one pending call. Whoever pops it owns it: the thread at its next call, or the flush.

    A thread that ends takes its slot along, which hands the call on.
    """

    __slots__ = ("__weakref__", "_release", "home")

    def __init__(self, home: Slots, release: Callable[[Pending | Packed], None]) -> None:
        super().__init__()
        self.home, self._release = home, release

    def __del__(self) -> None:
        for pending in self:
            self._release(pending)

    __hash__ = object.__hash__  # type: ignore[assignment]


class Slots:
    """The slots of all living threads."""

    def __init__(self, release: Callable[[Pending | Packed], None]) -> None:
        self._release = release
        self._slots: list[weakref.ref[Slot]] = []
        self._lock = threading.Lock()

    def new(self) -> Slot:
        """A slot for the current thread."""
        slot = Slot(self, self._release)
        with self._lock:
            self._slots = [ref for ref in self._slots if ref() is not None]
            self._slots.append(weakref.ref(slot))
        return slot

    def __len__(self) -> int:
        """Calls held now."""
        return sum(len(slot) for ref in list(self._slots) if (slot := ref()) is not None)

    def release(self, before: int) -> None:
        """Hand on calls that ended before this time."""
        for ref in list(self._slots):
            slot = ref()
            try:
                if slot and slot[0].call.start + slot[0].call.duration < before:
                    self._release(slot.pop(0))
            except IndexError:  # its thread was faster
                continue

    def clear(self) -> None:
        """In a forked child: forget the parent's calls."""
        for ref in self._slots:
            slot = ref()
            if slot is not None:
                slot.clear()
