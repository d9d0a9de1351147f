"""The attributes of many items as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from miops_collector.otlp.cells import Cells
from miops_collector.otlp.column import Column
from miops_collector.otlp.items import Items
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.names import DYNAMIC
from miops_collector.otlp.types import Bytes, Ints, Longs, Words
from miops_collector.otlp.walk import NULL

__all__ = ["Attributes"]

_DENSE = 8
"""Cells that may be made for each value that is there: wide and sparse items would cost memory without bound."""
_BITS = 1 << np.arange(8, dtype=np.uint8)


@kernel
def _sort(first: Longs, slot: Ints, kind: Bytes, begin: Longs, order: Longs, owner: Longs, kinds: Longs) -> None:
    """Attributes by slot, in the order of their items: a counting sort. Slots below 0 are left out.

    ``kinds`` gets the bit of every kind that a slot has.
    """
    for a in range(slot.size):
        if slot[a] >= 0:
            begin[slot[a] + 1] += 1
            kinds[slot[a]] |= 1 << kind[a]
    for s in range(1, begin.size):
        begin[s] += begin[s - 1]
    at = begin.copy()
    for i in range(first.size - 1):
        for a in range(first[i], first[i + 1]):
            s = slot[a]
            if s >= 0:
                order[at[s]] = a
                owner[at[s]] = i
                at[s] += 1


@kernel
def _scatter(
    order: Longs, owner: Longs, kind: Bytes, bits: Words, size: Longs, out_kind: Bytes, out_bits: Words, out_size: Longs
) -> None:
    """Of an attribute that an item has twice the last value counts."""
    for j in range(order.size):
        a = order[j]
        i = owner[j]
        out_kind[i] = kind[a]
        out_bits[i] = bits[a]
        out_size[i] = size[a]


def _uniform(items: Items) -> dict[int, int]:
    """Where each slot is in every item, if all items have the same slots in the same order; else nothing."""
    n = len(items)
    if n < 2 or len(items.slot) % n:
        return {}
    slots = items.slot.reshape(n, -1)
    same = len(set(slots[0].tolist())) == slots.shape[1] and bool((slots == slots[0]).all())
    if not same or not (np.diff(items.first) == slots.shape[1]).all():
        return {}
    return {slot: place for place, slot in enumerate(slots[0].tolist()) if slot >= 0}


class Attributes(Mapping[str, Column]):
    """Columns of items whose slots count ``names``, each made when it is asked for.

    Attributes
    ----------
    left_out
        Dynamic columns that are too many for the number of their values.
    """

    def __init__(self, items: Items, names: Sequence[str], *, max_cells: int) -> None:
        self._items = items
        self._places = _uniform(items)
        used = {names[slot]: slot for slot in (self._places or self._sort(len(names)))}
        room = max(max_cells, _DENSE * len(items.slot)) // max(len(items), 1)
        extra = [name for name in used if name.startswith(DYNAMIC)][room:]
        left = set(extra)
        self._slots = {name: slot for name, slot in used.items() if name not in left} if extra else used
        self.left_out = len(extra)

    def _sort(self, slots: int) -> list[int]:
        """Attributes by slot, the general way; the slots that occur."""
        items = self._items
        self._begin = np.zeros(slots + 1, np.int64)
        self._order = np.empty(len(items.slot), np.int64)
        self._owner = np.empty(len(items.slot), np.int64)
        self._kinds = np.zeros(slots, np.int64)
        _sort(items.first, items.slot, items.kind, self._begin, self._order, self._owner, self._kinds)
        found: list[int] = np.flatnonzero(np.diff(self._begin)).tolist()
        return found

    def __getitem__(self, name: str) -> Cells:
        slot = self._slots[name]
        return self._strided(slot) if self._places else self._scattered(slot)

    def _strided(self, slot: int) -> Cells:
        items, place = self._items, self._places[slot]
        at = slice(place, None, len(items.slot) // len(items))
        kind: Bytes = np.ascontiguousarray(items.kind[at])
        bits, size = np.ascontiguousarray(items.bits[at]), np.ascontiguousarray(items.size[at])
        return Cells(items.data, kind, bits, size, int(np.bitwise_or.reduce(_BITS[kind])))

    def _scattered(self, slot: int) -> Cells:
        items, n = self._items, len(self._items)
        rows = slice(self._begin[slot], self._begin[slot + 1])
        kind, bits, size = np.full(n, NULL, np.uint8), np.zeros(n, np.uint64), np.zeros(n, np.int64)
        _scatter(self._order[rows], self._owner[rows], items.kind, items.bits, items.size, kind, bits, size)
        return Cells(items.data, kind, bits, size, int(self._kinds[slot]) | 1 << NULL)

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)
