"""The texts and numbers of JSON, read by compiled code: a position of -1 means wrong, unusual or cut."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import word
from miops_collector.otlp.kernel import inlined, kernel
from miops_collector.otlp.types import Bytes, Number

__all__ = ["blank", "digits", "literal", "number_end", "text_end", "unescape"]

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_QUOTES = np.uint64(0x2222222222222222)
_BACKSLASHES = np.uint64(0x5C5C5C5C5C5C5C5C)
_BLANKS = np.uint64(0x2020202020202020)
_PLAIN = np.frombuffer(b'"\\/bfnrt', np.uint8).copy()
_MEANT = np.frombuffer(b'"\\/\b\f\n\r\t', np.uint8).copy()
_LITERALS = np.frombuffer(b"nulltruefals", np.uint8).copy()  # the e of false is looked at by itself


@inlined
def blank(b: Bytes, p: Number) -> Number:
    """Position of the next byte that is no white space."""
    while p < b.size and (b[np.uint64(p)] == 32 or 9 <= b[np.uint64(p)] <= 10 or b[np.uint64(p)] == 13):
        p += 1
    return p


@kernel
def text_end(b: Bytes, p: Number) -> tuple[Number, Number]:
    """Position of the quote that ends the text at ``p``, and whether it holds escapes, which are not looked at."""
    escaped = 0
    while True:
        while p + 8 <= b.size:
            w = word(b, p)
            quotes, backslashes = w ^ _QUOTES, w ^ _BACKSLASHES
            low = (w - _BLANKS) & ~w
            if ((quotes - _ONES) & ~quotes | (backslashes - _ONES) & ~backslashes | low) & _HIGH:
                break
            p += 8
        while p < b.size and b[np.uint64(p)] >= 32 and b[np.uint64(p)] != 34 and b[np.uint64(p)] != 92:
            p += 1
        if p >= b.size or b[np.uint64(p)] < 32:
            return -1, escaped
        if b[np.uint64(p)] == 34:
            return p, escaped
        escaped = 1
        p += 2


@inlined
def _digits_end(b: Bytes, p: Number) -> Number:
    while p < b.size and 48 <= b[np.uint64(p)] <= 57:
        p += 1
    return p


@kernel
def number_end(b: Bytes, p: Number) -> tuple[Number, Number]:
    """Position after the number at ``p``, and whether it is written as an integer; minus zero is unusual."""
    start = p
    if p < b.size and b[np.uint64(p)] == 45:
        p += 1
    first = p
    p = _digits_end(b, p)
    if p == first or (p > first + 1 and b[np.uint64(first)] == 48):
        return -1, 0
    whole = 1
    if p < b.size and b[np.uint64(p)] == 46:
        whole, fraction = 0, p + 1
        p = _digits_end(b, fraction)
        if p == fraction:
            return -1, 0
    if p < b.size and (b[np.uint64(p)] == 69 or b[np.uint64(p)] == 101):
        whole, exponent = 0, p + 1
        if exponent < b.size and (b[np.uint64(exponent)] == 43 or b[np.uint64(exponent)] == 45):
            exponent += 1
        p = _digits_end(b, exponent)
        if p == exponent:
            return -1, 0
    if whole and first > start and b[np.uint64(first)] == 48:
        return -1, 0
    return p, whole


@kernel
def digits(b: Bytes, p: Number, end: Number) -> tuple[Number, Number]:
    """A number of 1 to 19 digits and nothing else, and 0; or -1 where it is something else."""
    value = np.uint64(0)
    if p >= end or end - p > 19:
        return value, -1
    while p < end:
        c = b[np.uint64(p)]
        if c < 48 or c > 57:
            return value, -1
        value = value * np.uint64(10) + np.uint64(c - 48)
        p += 1
    return value, 0


@kernel
def literal(b: Bytes, p: Number) -> tuple[Number, Number]:
    """0, 1, 2 for null, true and false, and the position after it."""
    for which in range(3):
        end = p + 4
        if end > b.size:
            return -1, -1
        alike = True
        for k in range(4):
            alike &= b[p + k] == _LITERALS[4 * which + k]
        if alike:
            if which < 2:
                return which, end
            return (which, end + 1) if end < b.size and b[end] == 101 else (-1, -1)
    return -1, -1


@kernel
def _hex4(b: Bytes, p: Number, end: Number) -> Number:
    if end - p < 4:
        return -1
    value = np.int64(0)
    for k in range(4):
        c = np.int64(b[p + k])
        d = c - 48 if 48 <= c <= 57 else c - 55 if 65 <= c <= 70 else c - 87 if 97 <= c <= 102 else -1
        if d < 0:
            return -1
        value = 16 * value + d
    return value


@kernel
def _utf8(code: Number, out: Bytes, o: Number) -> Number:
    if code < 0x80:
        out[o] = code
        return o + 1
    if code < 0x800:
        out[o] = 0xC0 | code >> 6
        out[o + 1] = 0x80 | code & 0x3F
        return o + 2
    if code < 0x10000:
        out[o] = 0xE0 | code >> 12
        out[o + 1] = 0x80 | code >> 6 & 0x3F
        out[o + 2] = 0x80 | code & 0x3F
        return o + 3
    out[o] = 0xF0 | code >> 18
    out[o + 1] = 0x80 | code >> 12 & 0x3F
    out[o + 2] = 0x80 | code >> 6 & 0x3F
    out[o + 3] = 0x80 | code & 0x3F
    return o + 4


@kernel
def unescape(b: Bytes, p: Number, end: Number, out: Bytes, o: Number) -> Number:
    """Write what a text with escapes means, which is never longer; the position after it, or -1."""
    while p < end:
        if b[p] != 92:
            out[o] = b[p]
            o, p = o + 1, p + 1
            continue
        if end - p < 2:
            return -1
        if b[p + 1] != 117:
            at = 0
            while at < _PLAIN.size and _PLAIN[at] != b[p + 1]:
                at += 1
            if at == _PLAIN.size:
                return -1
            out[o] = _MEANT[at]
            o, p = o + 1, p + 2
            continue
        code = _hex4(b, p + 2, end)
        p += 6
        if 0xD800 <= code < 0xDC00 and end - p >= 6 and b[p] == 92 and b[p + 1] == 117:
            low = _hex4(b, p + 2, end)
            if low < 0xDC00 or low >= 0xE000:
                return -1
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            p += 6
        if code < 0 or 0xD800 <= code < 0xE000:
            return -1
        o = _utf8(code, out, o)
    return o
