"""OTLP/JSON to protobuf in one pass over the bytes: the usual forms, bounds-checked; -1 for whatever else there is."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import word
from miops_collector.otlp.json_fields import How
from miops_collector.otlp.json_text import blank, digits, literal, number_end, text_end, unescape
from miops_collector.otlp.kernel import inlined, kernel
from miops_collector.otlp.types import Bytes, Ints, Longs, Number, Words

__all__ = ["convert", "put"]

SKIPPED, TEXT, INT64, FIXED64, DOUBLE, BOOL, HEX, BASE64, MESSAGE, ENUM = (int(how) for how in How)
_NAME_AT, _NAME_SIZE, _TAG, _HOW, _MANY, _CHILD = range(6)
"""Columns of ``fields``."""
_DEEPEST = 96
_OBJECT, _ARRAY = 125, 93
"""A frame is known by the bracket that closes it."""
_MESSAGE, _CLOSES, _SLOT, _SEEN, _DOUBLES, _OF = range(6)
"""Columns of a frame; ``_OF`` is the field whose elements an array holds."""
_SAFE = 64
"""More bytes than anything but a text writes at once."""
_MOST = np.uint64(0x7FFFFFFFFFFFFFFF)


@inlined
def _varint(out: Bytes, o: Number, value: Number) -> Number:
    while value >= np.uint64(0x80):
        out[np.uint64(o)] = np.uint8(value & np.uint64(0x7F) | np.uint64(0x80))
        value >>= np.uint64(7)
        o += 1
    out[np.uint64(o)] = np.uint8(value)
    return o + 1


@inlined
def _padded(out: Bytes, o: Number, value: Number, width: Number) -> None:
    """A varint of so many bytes, which may be more than it needs."""
    for k in range(width):
        more = 0x80 if k < width - 1 else 0
        out[np.uint64(o + k)] = np.uint8((value >> (7 * k)) & 0x7F | more)


@inlined
def _width(size: Number) -> Number:
    return 1 if size < 1 << 7 else 2 if size < 1 << 14 else 3 if size < 1 << 21 else 4 if size < 1 << 28 else 5


@kernel
def _field(b: Bytes, p: Number, names: Bytes, fields: Longs, low: Number, high: Number) -> Number:
    """The field whose name and closing quote stand at ``p``, or -1."""
    for f in range(low, high):
        size = fields[f, 1]
        if p + size >= b.size or b[np.uint64(p + size)] != 34:
            continue
        q = fields[f, 0]
        k = 0
        while size - k >= 8 and word(b, p + k) == word(names, q + k):
            k += 8
        while k < size and b[np.uint64(p + k)] == names[np.uint64(q + k)]:
            k += 1
        if k == size:
            return f
    return -1


@kernel
def _text(b: Bytes, p: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    """Write the text at ``p`` with its length; positions after both, the first -1 when it is wrong."""
    end, escaped = text_end(b, p)
    size = end - p
    if end < 0 or o + size + 5 > out.size:
        return -1, o
    if not escaped:
        o = _varint(out, o, np.uint64(size))
        for k in range(size):
            out[np.uint64(o + k)] = b[np.uint64(p + k)]
        return end + 1, o + size
    width = _width(size)
    last = unescape(b, p, end, out, o + width)
    if last < 0:
        return -1, o
    _padded(out, o, last - o - width, width)
    return end + 1, last


@kernel
def _hex(b: Bytes, p: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    """As :func:`_text`, for an id in hexadecimal."""
    end, _ = text_end(b, p)
    size = end - p
    if end < 0 or size > 64 or size & 1:
        return -1, o
    out[np.uint64(o)] = np.uint8(size >> 1)
    o += 1
    value = np.int64(0)
    for k in range(size):
        c = np.int64(b[np.uint64(p + k)])
        d = c - 48 if 48 <= c <= 57 else c - 87 if 97 <= c <= 102 else c - 55 if 65 <= c <= 70 else -1
        if d < 0:
            return -1, o
        if k & 1:
            out[np.uint64(o)] = np.uint8(value << 4 | d)
            o += 1
        value = np.int64(d)
    return end + 1, o


@kernel
def _integer(b: Bytes, p: Number) -> tuple[Number, Number, Number]:
    """Magnitude and sign of an integer or a text of one, and the position after it."""
    quoted = np.int64(b[np.uint64(p)] == 34)
    p += quoted
    negative = np.int64(p < b.size and b[np.uint64(p)] == 45)
    if quoted:
        end, whole = text_end(b, p)
        whole = 1
    else:
        end, whole = number_end(b, p)
    value, good = digits(b, p + negative, end)
    if end < 0 or good < 0 or not whole:
        return value, negative, -1
    return value, negative, end + quoted


@kernel
def _close(out: Bytes, o: Number, slot: Number, narrow: Number, places: Longs, low: Number, high: Number) -> Number:
    """Write the length of a message; a short one that became long is moved, and its doubles' places with it."""
    width = 1 if narrow else 5
    size = o - slot - width
    if not narrow or size < 128:
        _padded(out, slot, size, width)
        return o
    more = _width(size) - 1
    if o + more > out.size:
        return -1
    for k in range(o - 1, slot, -1):
        out[k + more] = out[k]
    for j in range(low, high):
        places[j] += more
    _varint(out, slot, np.uint64(size))
    return o + more


@inlined
def _member(b: Bytes, p: Number, names: Bytes, fields: Longs, low: Number, high: Number) -> tuple[Number, Number]:
    """The field that is named at ``p``, -1 if we do not know it, and the position of its value."""
    if p >= b.size or b[p] != 34:
        return -1, -1
    p += 1
    f = _field(b, p, names, fields, low, high)
    if f >= 0:
        p += fields[f, _NAME_SIZE] + 1
    else:
        p, escaped = text_end(b, p)
        if p < 0 or escaped:
            return -1, -1
        p += 1
    p = blank(b, p)
    if p >= b.size or b[p] != 58:
        return -1, -1
    return f, blank(b, p + 1)


@kernel
def _ignored(b: Bytes, p: Number, room: Bytes, o: Number) -> Number:
    """Position after a text, number, truth value or null; what escapes mean is tried out in ``room``."""
    c = b[p]
    if c == 34:
        start = p + 1
        p, escaped = text_end(b, start)
        if p < 0 or o + p - start > room.size or (escaped and unescape(b, start, p, room, o) < 0):
            return -1
        return p + 1
    if c == 45 or 48 <= c <= 57:
        p, _ = number_end(b, p)
        return p
    _, p = literal(b, p)
    return p


@kernel
def _fixed64(b: Bytes, p: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    value, negative, p = _integer(b, p)
    if negative or value > _MOST:
        return -1, o
    for k in range(8):
        out[o + k] = np.uint8(value >> np.uint64(8 * k) & np.uint64(0xFF))
    return p, o + 8


@kernel
def _int64(b: Bytes, p: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    value, negative, p = _integer(b, p)
    if value > _MOST:
        return -1, o
    return p, _varint(out, o, np.uint64(0) - value if negative else value)


@kernel
def _bool(b: Bytes, p: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    which, p = literal(b, p)
    if which < 1:
        return -1, o
    out[o] = np.uint8(which == 1)
    return p, o + 1


@kernel
def _scalar(b: Bytes, p: Number, how: Number, out: Bytes, o: Number) -> tuple[Number, Number]:
    """Write a value; positions after it in both, the first -1 when it is wrong or unusual."""
    if how == TEXT and b[p] == 34:
        return _text(b, p + 1, out, o)
    if how == HEX and b[p] == 34:
        return _hex(b, p + 1, out, o)
    if how in (INT64, ENUM):
        return _int64(b, p, out, o)
    if how == FIXED64:
        return _fixed64(b, p, out, o)
    if how == BOOL:
        return _bool(b, p, out, o)
    return -1, o


@inlined
def _double(b: Bytes, p: Number, written: Bytes, ends: Ints, j: Number) -> Number:
    """Note the text of number ``j``; the position after it."""
    end, _ = number_end(b, p)
    at = np.int64(ends[j])
    for k in range(end - p):
        written[np.uint64(at + k)] = b[np.uint64(p + k)]
    ends[j + 1] = at + end - p
    return end


# One loop over what opens, closes and stands between, as the frames are its state: 40 lines are not enough for it.
@kernel
def convert(  # noqa: C901
    b: Bytes, names: Bytes, fields: Longs, first: Longs, wide: Longs, root: Number,
    out: Bytes, places: Longs, ends: Ints, written: Bytes,
) -> tuple[Number, Number]:  # fmt: skip
    """Write the request to ``out``: bytes written, or -1, and how many doubles there are.

    Doubles are left out: their texts stand one after another in ``written``, number ``j`` up to ``ends[j + 1]``, and
    its eight bytes belong at ``places[j]`` of ``out``.
    """
    frames = np.zeros((_DEEPEST, 6), np.int64)
    doubles = o = d = 0
    p = blank(b, 0)
    if p >= b.size or b[p] != 123:
        return -1, 0
    p += 1
    frames[0] = (root, _OBJECT, -1, 0, 0, -1)
    fresh = True  # nothing has come in this object or array, so no comma is due
    while d >= 0:
        p = blank(b, p)
        if p >= b.size or o + _SAFE > out.size:
            return -1, 0
        if b[p] == frames[d, _CLOSES]:
            if frames[d, _SLOT] >= 0:
                narrow = not wide[frames[d, _MESSAGE]]
                o = _close(out, o, frames[d, _SLOT], narrow, places, frames[d, _DOUBLES], doubles)
                if o < 0:
                    return -1, 0
            p, d, fresh = p + 1, d - 1, False
            continue
        if not fresh:
            if b[p] != 44:
                return -1, 0
            p = blank(b, p + 1)
        f, many = frames[d, _OF], np.int64(0)
        member = frames[d, _CLOSES] == _OBJECT
        if member:
            low = first[frames[d, _MESSAGE]]
            f, p = _member(b, p, names, fields, low, first[frames[d, _MESSAGE] + 1])
            if f >= 0:
                many = fields[f, _MANY]
                if frames[d, _SEEN] & (1 << (f - low)):
                    return -1, 0
                frames[d, _SEEN] |= 1 << (f - low)
        if p < 0 or p >= b.size:
            return -1, 0
        fresh = False
        c = b[p]
        how = SKIPPED if f < 0 or (member and c == 110) else fields[f, _HOW]
        if how == SKIPPED and c != 123 and c != 91:
            p = _ignored(b, p, out, o)
        elif how in (SKIPPED, MESSAGE):
            if how == MESSAGE and c != (91 if many else 123):
                return -1, 0
            d += 1
            if d >= _DEEPEST:
                return -1, 0
            closes = _OBJECT if c == 123 else _ARRAY
            if how == SKIPPED:
                frames[d] = (0, closes, -1, 0, 0, -1)
            elif many:
                frames[d] = (0, closes, -1, 0, 0, f)
            else:
                frames[d] = (fields[f, _CHILD], closes, o + 1, 0, doubles, -1)
                out[o] = fields[f, _TAG]
                o += 6 if wide[fields[f, _CHILD]] else 2
            p, fresh = p + 1, True
        elif how == DOUBLE:
            if doubles >= places.size:
                return -1, 0
            p = _double(b, p, written, ends, doubles)
            places[doubles] = o + 1
            doubles += 1
            out[o] = fields[f, _TAG]
            o += 9
        else:
            out[o] = fields[f, _TAG]
            p, o = _scalar(b, p, how, out, o + 1)
        if p < 0:
            return -1, 0
    return (o if blank(b, p) == b.size else -1), doubles


@kernel
def put(out: Bytes, places: Longs, bits: Words) -> None:
    """Write the doubles to their places."""
    for j in range(bits.size):
        for k in range(8):
            out[places[j] + k] = np.uint8(bits[j] >> np.uint64(8 * k) & np.uint64(0xFF))
