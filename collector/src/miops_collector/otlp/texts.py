"""Texts of one column, compiled: checked as UTF-8, gathered, and given codes where few are distinct."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import mixed, quick, same, short
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Ints, Longs, Number, Words

__all__ = ["encode", "gather", "utf8"]

_AHEAD = 32
"""So many texts are looked at before the first of them is looked up. They lie a row apart in a payload larger than the
caches, and loads overlap only where nothing waits for one of them: 39 ns a text of 7 bytes instead of 80."""


@kernel
def utf8(b: Bytes, p: Number, size: Number) -> bool:
    """Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7)."""
    end = p + size
    while p < end:
        x = b[p]
        p += 1
        if x < 0x80:
            continue
        more = 1 if 0xC2 <= x <= 0xDF else 2 if 0xE0 <= x <= 0xEF else 3 if 0xF0 <= x <= 0xF4 else 0
        if more == 0 or p + more > end:
            return False
        y = b[p]
        lowest = 0xA0 if x == 0xE0 else 0x90 if x == 0xF0 else 0x80
        highest = 0x9F if x == 0xED else 0x8F if x == 0xF4 else 0xBF
        if y < lowest or y > highest:
            return False
        for k in range(1, more):
            if b[p + k] & 0xC0 != 0x80:
                return False
        p += more
    return True


@kernel
def encode(b: Bytes, start: Longs, size: Longs, wanted: Flags, codes: Ints, words: Longs, bad: Flags) -> Number:
    """Codes of the wanted texts, -1 elsewhere; returns how many are distinct, or -1 when ``words`` has no room.

    ``words``: ``(room, 2)`` start and length of each distinct text. ``bad`` becomes true where a text is not UTF-8.
    """
    room = words.shape[0]
    mask = 1
    while mask < 4 * room:
        mask *= 2
    table = np.full(mask, -1, np.int32)
    mask -= 1
    wrong = np.zeros(room, np.bool_)
    known = np.empty(room, np.uint64)
    heads = np.empty(_AHEAD, np.uint64)
    count = 0
    for i in range(start.size):
        if i % _AHEAD == 0:
            _look_ahead(b, start, size, wanted, i, heads)
        codes[i] = -1
        if not wanted[i]:
            continue
        h = heads[i % _AHEAD]
        x = np.int64(mixed(h, size[i]) & np.uint64(mask))
        c = table[x]
        while c >= 0:
            if known[c] == h and words[c, 1] == size[i] and (size[i] <= 8 or same(b, words[c, 0], start[i], size[i])):
                break
            x = (x + 1) & mask
            c = table[x]
        if c < 0:
            if count >= room:
                return -1
            c = count
            table[x] = c
            known[c] = h
            words[c, 0] = start[i]
            words[c, 1] = size[i]
            wrong[c] = not utf8(b, start[i], size[i])
            count += 1
        codes[i] = c
        bad[i] |= wrong[c]
    return count


@kernel
def _look_ahead(b: Bytes, start: Longs, size: Longs, wanted: Flags, first: Number, heads: Words) -> None:
    """``heads``: each text itself where it has at most eight bytes, else a hash."""
    for i in range(first, min(first + _AHEAD, start.size)):
        if wanted[i]:
            heads[i - first] = short(b, start[i], size[i]) if size[i] <= 8 else quick(b, start[i], size[i])


@kernel
def gather(b: Bytes, start: Longs, size: Longs, wanted: Flags, offsets: Longs, out: Bytes, bad: Flags) -> Number:
    """Copy the wanted texts one after another; returns their length. Those that are not UTF-8 are left out."""
    p = 0
    for i in range(start.size):
        offsets[i] = p
        if not wanted[i]:
            continue
        if not utf8(b, start[i], size[i]):
            bad[i] = True
            continue
        for k in range(size[i]):
            out[p + k] = b[start[i] + k]
        p += size[i]
    offsets[start.size] = p
    return p
