"""MurmurHash3_x64_128 of byte ranges, compiled: keys of prediction ids and slots of hash tables.

Austin Appleby, "MurmurHash3", 2011 (public domain), https://github.com/aappleby/smhasher
"""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.kernel import inlined, kernel
from miops_collector.otlp.types import Bytes, Longs, Number

__all__ = ["hash_ranges", "mixed", "murmur", "quick", "same", "short", "word"]

_C1 = np.uint64(0x87C37B91114253D5)
_C2 = np.uint64(0x4CF5AD432745937F)
_F1 = np.uint64(0xFF51AFD7ED558CCD)
_F2 = np.uint64(0xC4CEB9FE1A85EC53)
_N1 = np.uint64(0x52DCE729)
_N2 = np.uint64(0x38495AB5)
_FIVE = np.uint64(5)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def _rotate(x: Number, r: Number) -> Number:
    return (x << np.uint64(r)) | (x >> np.uint64(64 - r))


@kernel
def _finish(k: Number) -> Number:
    k ^= k >> np.uint64(33)
    k *= _F1
    k ^= k >> np.uint64(33)
    k *= _F2
    return k ^ (k >> np.uint64(33))


@inlined
def word(b: Bytes, p: Number) -> Number:
    """Eight bytes, little-endian; unsigned indices spare a test for negative ones, and it becomes one load."""
    q = np.uint64(p)
    value = np.uint64(b[q])
    value |= np.uint64(b[q + np.uint64(1)]) << np.uint64(8)
    value |= np.uint64(b[q + np.uint64(2)]) << np.uint64(16)
    value |= np.uint64(b[q + np.uint64(3)]) << np.uint64(24)
    value |= np.uint64(b[q + np.uint64(4)]) << np.uint64(32)
    value |= np.uint64(b[q + np.uint64(5)]) << np.uint64(40)
    value |= np.uint64(b[q + np.uint64(6)]) << np.uint64(48)
    value |= np.uint64(b[q + np.uint64(7)]) << np.uint64(56)
    return value


@kernel
def _word(b: Bytes, p: Number, size: Number) -> Number:
    """Up to eight bytes, little-endian."""
    value = np.uint64(0)
    for k in range(size):
        value |= np.uint64(b[p + k]) << np.uint64(8 * k)
    return value


@kernel
def _mix1(k: Number) -> Number:
    return _rotate(k * _C1, 31) * _C2


@kernel
def _mix2(k: Number) -> Number:
    return _rotate(k * _C2, 33) * _C1


@kernel
def murmur(b: Bytes, start: Number, size: Number) -> tuple[Number, Number]:
    """Both halves of the hash of ``size`` bytes from ``start``, seed 0."""
    h1 = np.uint64(0)
    h2 = np.uint64(0)
    p = start
    for _ in range(size // 16):
        h1 = (_rotate(h1 ^ _mix1(word(b, p)), 27) + h2) * _FIVE + _N1
        h2 = (_rotate(h2 ^ _mix2(word(b, p + 8)), 31) + h1) * _FIVE + _N2
        p += 16
    rest = size % 16
    if rest > 8:
        h2 ^= _mix2(_word(b, p + 8, rest - 8))
    if rest > 0:
        h1 ^= _mix1(_word(b, p, min(rest, 8)))
    h1 ^= np.uint64(size)
    h2 ^= np.uint64(size)
    h1 += h2
    h2 += h1
    h1 = _finish(h1)
    h2 = _finish(h2)
    h1 += h2
    return h1, h2 + h1


@kernel
def quick(b: Bytes, p: Number, size: Number) -> Number:
    """A hash for tables that live for one request; texts of up to 24 bytes are covered by three words."""
    if size > 24:
        h, _ = murmur(b, p, size)
        return h
    if size < 8:
        return _finish(_word(b, p, size) * _C1 ^ np.uint64(size))
    middle = word(b, p + size // 2 - 4)
    return _finish(word(b, p) * _C1 ^ _rotate(word(b, p + size - 8) * _C2, 31) ^ middle ^ np.uint64(size))


@kernel
def short(b: Bytes, p: Number, size: Number) -> Number:
    """Up to eight bytes, little-endian: one load and a mask, except among the last bytes there are."""
    if size > 0 and p + 8 <= b.size:
        return word(b, p) & (_ALL >> np.uint64(64 - 8 * size))
    return _word(b, p, size)


@kernel
def mixed(h: Number, size: Number) -> Number:
    """A slot for what :func:`short` or :func:`quick` says of a text of this size."""
    return _finish(h * _C1 ^ np.uint64(size))


@inlined
def same(b: Bytes, p: Number, q: Number, size: Number) -> bool:
    """Whether two ranges of one length hold the same bytes."""
    k = 0
    while size - k >= 8:
        if word(b, p + k) != word(b, q + k):
            return False
        k += 8
    while k < size:
        if b[np.uint64(p + k)] != b[np.uint64(q + k)]:
            return False
        k += 1
    return True


@kernel
def hash_ranges(b: Bytes, start: Longs, size: Longs, out: Bytes) -> None:
    """``out[i]``: the 16 bytes of the hash of range ``i``, both halves big-endian."""
    for i in range(start.size):
        h1, h2 = murmur(b, start[i], size[i])
        for k in range(8):
            out[i, k] = np.uint8((h1 >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))
            out[i, 8 + k] = np.uint8((h2 >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))
