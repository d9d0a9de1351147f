"""From bytes to flat arrays in one pass: where each item's times, ids and attributes lie in the payload."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import murmur
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Ints, Longs, Words
from miops_collector.otlp.wire import field_tag, fixed64, length, skip, varint

__all__ = [
    "ARRAY",
    "BOOL",
    "BYTES",
    "DOUBLE",
    "INT",
    "KVLIST",
    "NULL",
    "STRING",
    "count_attributes",
    "walk",
    "walk_value",
]

# Kinds of a value: the field numbers of AnyValue.
NULL, STRING, BOOL, INT, DOUBLE, ARRAY, KVLIST, BYTES = range(8)
# Positions in the table of tags of an item; the matching values are in `miops_collector.otlp.items`.
START, END, ATTRIBUTES, TRACE_ID, SPAN_ID, TEXT, BODY = range(7)

FULL = -2
"""Result of :func:`walk` when the table of keys is too small."""


@kernel
def walk_value(b: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """An AnyValue: kind (-1 = bad), number bits or position, and length. The last of several values counts."""
    kind = 0
    bits = np.uint64(0)
    size = np.int64(0)
    while p < end:
        tag, p = field_tag(b, p, end)
        if p < 0:
            return -1, bits, size
        if tag == 33:
            kind = 4
            bits, p = fixed64(b, p, end)
        elif tag == 24 or tag == 16:
            kind = tag >> 3
            bits, p = varint(b, p, end)
        elif tag == 10 or tag == 42 or tag == 50 or tag == 58:
            kind = tag >> 3
            size, p = length(b, p, end)
            if p >= 0:
                bits = np.uint64(p)
                p += size
        else:
            p = skip(b, p, end, tag)
        if p < 0:
            return -1, bits, size
    return kind, bits, size


@kernel
def count_attributes(b: Bytes, low: Longs, high: Longs, wanted: int, first: Longs) -> int:
    """``first[i]``: how many attributes the items before ``i`` have at most; returns their number, or -1."""
    total = 0
    for i in range(low.size):
        first[i] = total
        p = low[i]
        while p < high[i]:
            tag, p = field_tag(b, p, high[i])
            if p < 0:
                return -1
            p = skip(b, p, high[i], tag)
            if p < 0:
                return -1
            if tag == wanted:
                total += 1
    first[low.size] = total
    return total


@kernel
def _pair(b: Bytes, p: int, end: int) -> tuple[int, int, int, int]:
    """A KeyValue: start and length of the key, start and stop of the value; start of the key = -1 when bad."""
    key = np.int64(0)
    size = np.int64(0)
    start = np.int64(0)
    stop = np.int64(0)
    while p < end:
        tag, p = field_tag(b, p, end)
        if p < 0:
            return -1, size, start, stop
        if tag == 10:
            size, p = length(b, p, end)
            key = p
            p += size if p >= 0 else 0
        elif tag == 18:
            n, p = length(b, p, end)
            start = p
            p += n if p >= 0 else 0
            stop = p
        else:
            p = skip(b, p, end, tag)
        if p < 0:
            return -1, size, start, stop
    return key, size, start, stop


@kernel
def _same(b: Bytes, p: int, q: int, size: int) -> bool:
    for k in range(size):
        if b[p + k] != b[q + k]:
            return False
    return True


@kernel
def _slot(b: Bytes, key: int, size: int, table: Ints, keys: Longs, known: Longs) -> int:
    """Number of a key, new ones counted on; -1 when the table has no room."""
    h, _ = murmur(b, key, size)
    x = np.int64(h & np.uint64(table.size - 1))
    while table[x] >= 0:
        s = table[x]
        if keys[s, 1] == size and _same(b, keys[s, 0], key, size):
            return s
        x = (x + 1) & (table.size - 1)
    s = known[0]
    if s >= keys.shape[0]:
        return -1
    table[x] = s
    keys[s, 0] = key
    keys[s, 1] = size
    known[0] = s + 1
    return s


@kernel
def walk(
    b: Bytes, low: Longs, high: Longs, tags: Longs, times: Longs, places: Longs, first: Longs,
    slot: Ints, kind: Bytes, bits: Words, size: Longs, table: Ints, keys: Longs, known: Longs,
) -> int:  # fmt: skip
    """Fill the arrays of :class:`~miops_collector.otlp.items.Items`.

    Returns the number of attributes, -1 when the bytes are bad, or :data:`FULL`. Attributes without key or value are
    left out. Items of one sender have their keys in the same order, so the key at the same place in the item before is
    tried first.
    """
    order = np.full(256, -1, np.int64)
    c = 0
    for i in range(low.size):
        first[i] = c
        place = 0
        p = low[i]
        end = high[i]
        while p < end:
            tag, p = field_tag(b, p, end)
            if p < 0:
                return -1
            if tag == tags[2]:
                n, p = length(b, p, end)
                if p < 0:
                    return -1
                key, key_size, start, stop = _pair(b, p, p + n)
                p += n
                if key < 0:
                    return -1
                k, v, v_size = walk_value(b, start, stop)
                if k < 0:
                    return -1
                if k == 0 or key_size == 0:
                    continue
                s = order[place] if place < 256 else -1
                if s < 0 or keys[s, 1] != key_size or not _same(b, keys[s, 0], key, key_size):
                    s = _slot(b, key, key_size, table, keys, known)
                    if s < 0:
                        return -2
                    if place < 256:
                        order[place] = s
                place += 1
                slot[c] = s
                kind[c] = k
                bits[c] = v
                size[c] = v_size
                c += 1
            elif tag == tags[0]:
                v, p = fixed64(b, p, end)
                times[i, 0] = np.int64(v)
            elif tag == tags[1]:
                v, p = fixed64(b, p, end)
                times[i, 1] = np.int64(v)
            elif tag & 7 == 2:
                n, p = length(b, p, end)
                if p < 0:
                    return -1
                for j in range(3, 7):
                    if tag == tags[j]:
                        places[i, 2 * (j - 3)] = p
                        places[i, 2 * (j - 3) + 1] = n
                p += n
            else:
                p = skip(b, p, end, tag)
            if p < 0:
                return -1
    first[low.size] = c
    return c
