"""Items whose attributes are arrays, one element per row, turned into one item per row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miops_collector.otlp.items import Items
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Ints, Longs, Number, Words
from miops_collector.otlp.walk import walk_value
from miops_collector.otlp.wire import field_tag, length, skip

__all__ = ["Exploded", "array_lengths", "explode", "fill_matrix", "first_arrays", "read_array"]


@kernel
def _count(b: Bytes, start: Number, stop: Number) -> Number:
    """Elements of an ArrayValue, or -1."""
    count = 0
    p = start
    while p < stop:
        tag, p = field_tag(b, p, stop)
        if p < 0:
            return -1
        p = skip(b, p, stop, tag)
        if p < 0:
            return -1
        if tag == 10:
            count += 1
    return count


@kernel
def _elements(
    b: Bytes, start: Number, stop: Number, kind: Bytes, bits: Words, size: Longs, at: Number, step: Number
) -> bool:
    """Write the elements of an ArrayValue to ``at``, ``at + step`` …; they were counted before."""
    p = start
    while p < stop:
        tag, p = field_tag(b, p, stop)
        if p < 0:
            return False
        if tag != 10:
            p = skip(b, p, stop, tag)
            continue
        n, p = length(b, p, stop)
        if p < 0:
            return False
        k, v, z = walk_value(b, p, p + n)
        if k < 0:
            return False
        kind[at] = k
        bits[at] = v
        size[at] = z
        at += step
        p += n
    return True


@kernel
def array_lengths(b: Bytes, kind: Bytes, bits: Words, size: Longs, out: Longs) -> None:
    """``out[j]``: elements of value ``j``, -1 where it is no array."""
    for j in range(kind.size):
        out[j] = _count(b, np.int64(bits[j]), np.int64(bits[j]) + size[j]) if kind[j] == 5 else -1


@kernel
def first_arrays(first: Longs, lengths: Longs, leads: Flags, out: Longs) -> None:
    """``out[i]``: length of the first leading array of item ``i``, -1 where it has none."""
    for i in range(out.size):
        out[i] = -1
        for j in range(first[i], first[i + 1]):
            if leads[j] and lengths[j] >= 0:
                out[i] = lengths[j]
                break


@kernel
def _spread(
    b: Bytes, first: Longs, lengths: Longs, rows: Longs, slot: Ints, kind: Bytes, bits: Words, size: Longs,
    out_slot: Ints, out_kind: Bytes, out_bits: Words, out_size: Longs,
) -> bool:  # fmt: skip
    at = 0
    for i in range(rows.size):
        low = first[i]
        m = first[i + 1] - low
        for j in range(m):
            a = low + j
            here = at + j
            spread = lengths[a] == rows[i]
            for r in range(rows[i]):
                out_slot[here + r * m] = slot[a]
                out_kind[here + r * m] = kind[a]
                out_bits[here + r * m] = bits[a]
                out_size[here + r * m] = size[a]
            if spread and not _elements(
                b, np.int64(bits[a]), np.int64(bits[a]) + size[a], out_kind, out_bits, out_size, here, m
            ):
                return False
        at += m * rows[i]
    return True


@kernel
def fill_matrix(
    b: Bytes, at: Words, stop: Longs, lengths: Longs, kind: Bytes, bits: Words, size: Longs, width: Number
) -> None:
    """Elements of row ``i``'s array to the cells ``i * width`` and on; broken arrays are cut short."""
    for i in range(lengths.size):
        if lengths[i] > 0:
            start = np.int64(at[i])
            _elements(b, start, start + stop[i], kind, bits, size, i * width, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Exploded:
    """Items, one per row; the item each came from; and its place in it."""

    items: Items
    owner: Longs
    number: Longs


def explode(items: Items, rows: Longs) -> Exploded | None:
    """Item ``i`` as ``rows[i]`` items: arrays of that length give one element to each, other values are repeated.

    ``None`` if an array is broken.
    """
    lengths = np.empty(len(items.slot), np.int64)
    array_lengths(items.data, items.kind, items.bits, items.size, lengths)
    owner = np.repeat(np.arange(len(items)), rows)
    counts = np.diff(items.first)[owner]
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    total = int(first[-1])
    slot, kind = np.empty(total, np.int32), np.empty(total, np.uint8)
    bits, size = np.empty(total, np.uint64), np.empty(total, np.int64)
    if not _spread(
        items.data, items.first, lengths, rows, items.slot, items.kind, items.bits, items.size, slot, kind, bits, size
    ):
        return None
    begin = np.concatenate(([0], np.cumsum(rows)))[:-1]
    number = np.arange(len(owner)) - np.repeat(begin, rows)
    spread = replace(
        items, low=items.low[owner], high=items.high[owner], times=items.times[owner], places=items.places[owner],
        first=first, slot=slot, kind=kind, bits=bits, size=size,
    )  # fmt: skip
    return Exploded(spread, owner, number)


def read_array(data: Bytes, start: int, size: int) -> tuple[Bytes, Words, Longs] | None:
    """Kinds, bits and lengths of the elements of one array, or ``None`` if it is broken."""
    count = _count(data, start, start + size)
    if count < 0:
        return None
    kind, bits, sizes = np.zeros(count, np.uint8), np.zeros(count, np.uint64), np.zeros(count, np.int64)
    fine = _elements(data, start, start + size, kind, bits, sizes, 0, 1)
    return (kind, bits, sizes) if fine else None
