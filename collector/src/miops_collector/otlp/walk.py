"""From bytes to flat arrays in one pass: where each item's times, ids and attributes lie in the payload."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import quick, same, word
from miops_collector.otlp.kernel import inlined, kernel
from miops_collector.otlp.types import Bytes, Ints, Longs, Number, Words
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

FULL, SKIPPED = -2, -3
"""The table of keys is too small; an attribute has no key or no value."""


@kernel
def walk_value(b: Bytes, p: Number, end: Number) -> tuple[Number, Number, Number]:
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
def count_attributes(b: Bytes, low: Longs, high: Longs, wanted: Number, first: Longs) -> Number:
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
def _pair(b: Bytes, p: Number, end: Number) -> tuple[Number, Number, Number, Number]:
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
            if stop > 0:
                return -1, size, start, stop  # several values are merged by protobuf: leave it to it
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
def _slot(b: Bytes, key: Number, size: Number, table: Ints, keys: Longs, known: Longs) -> Number:
    """Number of a key, new ones counted on; -1 when the table has no room."""
    h = quick(b, key, size)
    x = np.int64(h & np.uint64(table.size - 1))
    while table[x] >= 0:
        s = table[x]
        if keys[s, 1] == size and same(b, keys[s, 0], key, size):
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


@inlined
def _short_pair(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """Length of the key and start of the value of a KeyValue in its usual form: key, value, lengths of one byte each.

    A start of -1 sends the reader to :func:`_pair`, which reads any form.
    """
    if end - p < 4 or b[np.uint64(p)] != 10:
        return 0, -1
    size = np.int64(b[np.uint64(p + 1)])
    value = p + 2 + size
    if size >= 128 or end - value < 2 or b[np.uint64(value)] != 18:
        return 0, -1
    n = np.int64(b[np.uint64(value + 1)])
    if n >= 128 or value + 2 + n != end:
        return 0, -1
    return size, value + 2


@inlined
def _short_value(b: Bytes, p: Number, end: Number) -> tuple[Number, Number, Number]:
    """A double or a text of less than 128 bytes; kind 0 sends the reader to :func:`walk_value`."""
    n = end - p
    if n == 9 and b[np.uint64(p)] == 33:
        return 4, word(b, p + 1), np.int64(0)
    if 2 <= n < 130 and b[np.uint64(p)] == 10 and np.int64(b[np.uint64(p + 1)]) == n - 2:
        return 1, np.uint64(p + 2), n - 2
    return 0, np.uint64(0), np.int64(0)


@inlined
def _attribute(
    b: Bytes, p: Number, end: Number, guess: Number, table: Ints, keys: Longs, known: Longs,
    c: Number, slot: Ints, kind: Bytes, bits: Words, size: Longs,
) -> Number:  # fmt: skip
    """Write one attribute to place ``c``; its slot, or SKIPPED without key or value, FULL, or -1 when bad."""
    key = p + 2
    stop = end
    key_size, start = _short_pair(b, p, end)
    if start < 0:
        key, key_size, start, stop = _pair(b, p, end)
        if key < 0:
            return -1
    k, v, v_size = _short_value(b, start, stop)
    if k == 0:
        k, v, v_size = walk_value(b, start, stop)
        if k < 0:
            return -1
    if k == 0 or key_size == 0:
        return -3
    s = guess
    if s < 0 or keys[s, 1] != key_size or not same(b, keys[s, 0], key, key_size):
        s = _slot(b, key, key_size, table, keys, known)
        if s < 0:
            return -2
    slot[c] = s
    kind[c] = k
    bits[c] = v
    size[c] = v_size
    return s


@inlined
def _scalar(
    b: Bytes, p: Number, end: Number, tag: Number, tags: Longs, i: Number, times: Longs, places: Longs
) -> Number:
    """Write a time or the place of an id; the position after the field, or -1."""
    if tag == tags[0] or tag == tags[1]:
        v, p = fixed64(b, p, end)
        times[i, 0 if tag == tags[0] else 1] = np.int64(v)
        return p
    if tag & 7 != 2:
        return skip(b, p, end, tag)
    n, p = length(b, p, end)
    if p < 0:
        return -1
    for j in range(3, 7):
        if tag == tags[j]:
            places[i, 2 * (j - 3)] = p
            places[i, 2 * (j - 3) + 1] = n
    return p + n


@kernel
def walk(
    b: Bytes, low: Longs, high: Longs, tags: Longs, times: Longs, places: Longs, first: Longs,
    slot: Ints, kind: Bytes, bits: Words, size: Longs, table: Ints, keys: Longs, known: Longs,
) -> Number:  # fmt: skip
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
            if tag != tags[2]:
                p = _scalar(b, p, end, tag, tags, i, times, places)
                if p < 0:
                    return -1
                continue
            n, p = length(b, p, end)
            if p < 0:
                return -1
            guess = order[place % 256]
            s = _attribute(b, p, p + n, guess, table, keys, known, c, slot, kind, bits, size)
            p += n
            if s >= 0:
                order[place % 256] = s
                place += 1
                c += 1
            elif s != -3:
                return s
    first[low.size] = c
    return c
