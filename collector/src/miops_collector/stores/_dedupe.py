"""Which rows may be stored already: fingerprints of the newest ids, and of older ones as their event times return.

What is in memory is a cache of what is stored. Ids are loaded by slices of event time: a row can only be called new
when the slice of its own event time, and those beside it, are loaded or known to be empty. So a retry is recognised
at any age and after any restart, because it carries the event time of the first try, while memory stays bounded: two
generations of fingerprints are kept, and the older one is dropped when the newer one is full. A fingerprint is only a
suspicion: the store confirms it against the rows, so leftovers of failed commits and collisions do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from miops_collector.stores._fingerprints import Flags, Hashes, HashSet

__all__ = ["SLICE", "Dedupe"]

SLICE = 120 * 1_000_000_000
"""Event time is loaded in slices of two minutes: 1.2 million ids at 10,000 rows a second."""
MOST_SLICES = 500_000
"""A generation ends when it knows this many slices: rows of random event times must not fill the memory."""


@dataclass(eq=False)
class _Generation:
    """Fingerprints, and for which tables and slices they are complete."""

    hashes: HashSet = field(default_factory=HashSet)
    whole: set[int] = field(default_factory=set)
    slices: dict[int, set[int]] = field(default_factory=dict)
    slice_count: int = 0


class Dedupe:
    """Fingerprints of at most ``capacity`` ids, in two generations."""

    def __init__(self, capacity: int) -> None:
        self._each = max(capacity // 2, 1)
        self._new, self._old = _Generation(), _Generation()

    def __len__(self) -> int:
        return len(self._new.hashes) + len(self._old.hashes)

    @property
    def nbytes(self) -> int:
        """Memory of the fingerprints."""
        return self._new.hashes.nbytes + self._old.hashes.nbytes

    @property
    def room(self) -> int:
        """How many ids fit before the older half is dropped."""
        return self._each - len(self._new.hashes)

    @property
    def most_loaded(self) -> int:
        """More ids than this are not loaded at once: they would push out what the newest rows need."""
        return self._each // 2

    def start(self, table: int) -> None:
        """The table is empty, or all its ids are loaded: nothing else is stored in it."""
        self._new.whole.add(table)

    def missing(self, table: int, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Slices that must be loaded before rows of these event times can be judged."""
        if table in self._new.whole or table in self._old.whole:
            return np.zeros(0, np.int64)
        wanted = _slices(times)
        new, old = self._new.slices.get(table, set()), self._old.slices.get(table, set())
        return np.array(sorted(wanted - new - old), dtype=np.int64)

    def loaded(self, table: int, slices: NDArray[np.int64]) -> None:
        """All that is stored in these slices has been added."""
        self._new.slices.setdefault(table, set()).update(slices.tolist())
        self._new.slice_count += len(slices)

    def fill(self, hashes: Hashes) -> None:
        """Add fingerprints of stored rows."""
        self._new.hashes.add(hashes)

    def suspects(self, hashes: Hashes) -> Flags:
        """``(n,)`` whether each may have been seen before; from now on all have been."""
        seen = self._new.hashes.add(hashes)
        self._old.hashes.mark(hashes, seen)
        return seen

    def make_room(self) -> None:
        """Start a new generation if this one is full, and forget the one before."""
        if len(self._new.hashes) >= self._each or self._new.slice_count >= MOST_SLICES:
            self._old, self._new = self._new, _Generation()


def _slices(times: NDArray[np.int64]) -> set[int]:
    """Slices of event time these rows lie in, and their neighbours."""
    if len(times) == 0:
        return set()
    first, last = int(times.min()) // SLICE, int(times.max()) // SLICE
    own = range(first, last + 1) if last - first < 3 else np.unique(times // SLICE).tolist()
    return {s + d for s in own for d in (-1, 0, 1)}
