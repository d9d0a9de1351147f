"""Texts of one column, compiled: checked as UTF-8, gathered, and given codes where few are distinct."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import quick, same
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Ints, Longs, Number

__all__ = ["encode", "gather", "utf8"]


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
    count = 0
    for i in range(start.size):
        codes[i] = -1
        if not wanted[i]:
            continue
        h = quick(b, start[i], size[i])
        x = np.int64(h & np.uint64(mask))
        while table[x] >= 0:
            c = table[x]
            if words[c, 1] == size[i] and same(b, words[c, 0], start[i], size[i]):
                break
            x = (x + 1) & mask
        c = table[x]
        if c < 0:
            if count >= room:
                return -1
            c = count
            table[x] = c
            words[c, 0] = start[i]
            words[c, 1] = size[i]
            wrong[c] = not utf8(b, start[i], size[i])
            count += 1
        codes[i] = c
        bad[i] |= wrong[c]
    return count


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
