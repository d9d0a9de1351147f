"""The protobuf wire format, bounds-checked: a position of -1 means the bytes are cut, wrong or unusual."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import word
from miops_collector.otlp.kernel import inlined, kernel
from miops_collector.otlp.types import Bytes, Longs, Number

__all__ = ["field_tag", "find_items", "fixed64", "length", "skip", "varint"]

ENVELOPE, SCOPE, ITEM = 10, 18, 18  # resource_x = 1, scope_x = 2, item = 2, all length-delimited


@inlined
def varint(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """Value (uint64) and the position after it."""
    if p < end and b[np.uint64(p)] < 0x80:
        return np.uint64(b[np.uint64(p)]), p + 1
    value = np.uint64(0)
    shift = 0
    while p < end and shift < 70:
        x = b[np.uint64(p)]
        p += 1
        value |= np.uint64(x & 0x7F) << np.uint64(shift)
        if x < 0x80:
            return value, p
        shift += 7
    return value, -1


@inlined
def field_tag(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """Field number and wire type in one int64, and the position after it."""
    value, p = varint(b, p, end)
    if value < np.uint64(8) or value > np.uint64(0xFFFFFFFF):
        return 0, -1
    return np.int64(value), p


@inlined
def length(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """Length of a delimited field and the position of its first byte; the whole field lies before ``end``."""
    value, p = varint(b, p, end)
    if p < 0 or value > np.uint64(end - p):
        return 0, -1
    return np.int64(value), p


@inlined
def fixed64(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """Eight bytes as uint64, and the position after them."""
    if end - p < 8:
        return np.uint64(0), -1
    return word(b, p), p + 8


@kernel
def skip(b: Bytes, p: Number, end: Number, tag: Number) -> Number:
    """Position after a field of no interest. Groups are left to :mod:`~miops_collector.otlp.canonical`."""
    wire = tag & 7
    if wire == 0:
        _, p = varint(b, p, end)
        return p
    if wire == 2:
        size, p = length(b, p, end)
        return p + size if p >= 0 else -1
    size = 8 if wire == 1 else 4 if wire == 5 else -1
    return p + size if 0 <= size <= end - p else -1


@kernel
def _enter(b: Bytes, p: Number, end: Number, wanted: Number) -> tuple[Number, Number, Number]:
    """Next field: its start and stop, start -1 if it is not the wanted one; and the position after it, -1 if bad."""
    tag, p = field_tag(b, p, end)
    if p < 0:
        return -1, -1, -1
    if tag != wanted:
        return -1, -1, skip(b, p, end, tag)
    size, p = length(b, p, end)
    if p < 0:
        return -1, -1, -1
    return p, p + size, p + size


@kernel
def find_items(b: Bytes, end: Number, low: Longs, high: Longs) -> Number:
    """Byte ranges of all spans, log records or metrics of an export request: their number, or -1.

    Fills as many as ``low`` and ``high`` have room for; the number is always the full one.
    """
    count = 0
    p = 0
    while p < end:
        q, stop, p = _enter(b, p, end, ENVELOPE)
        if p < 0:
            return -1
        while 0 <= q < stop:
            r, stop2, q = _enter(b, q, stop, SCOPE)
            if q < 0:
                return -1
            while 0 <= r < stop2:
                first, last, r = _enter(b, r, stop2, ITEM)
                if r < 0:
                    return -1
                if first >= 0:
                    if count < low.size:
                        low[count] = first
                        high[count] = last
                    count += 1
    return count
