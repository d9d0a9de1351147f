"""The 128-bit key of a prediction id: the UUID itself where the id is one, else a hash of its text."""

from __future__ import annotations

import numpy as np

from miops_collector.otlp.hashing import hash_ranges, murmur
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Longs

__all__ = ["key_of", "keys_of", "numbered_keys"]


@kernel
def _nibble(x: int) -> int:
    if 48 <= x <= 57:
        return x - 48
    if 97 <= x <= 102:
        return x - 87
    if 65 <= x <= 70:
        return x - 55
    return -1


@kernel
def _uuid(b: Bytes, start: int, size: int, out: Bytes) -> int:
    """Fill ``out`` from UUID text: 2 when the text is canonical, 1 when it is another spelling, 0 when it is none."""
    if size != 36 and size != 32:
        return 0
    spelling = 2 if size == 36 else 1
    p = start
    for k in range(16):
        if size == 36 and (k == 4 or k == 6 or k == 8 or k == 10):
            if b[p] != 45:
                return 0
            p += 1
        high = _nibble(b[p])
        low = _nibble(b[p + 1])
        if high < 0 or low < 0:
            return 0
        if 65 <= b[p] <= 70 or 65 <= b[p + 1] <= 70:
            spelling = 1
        out[k] = np.uint8(high * 16 + low)
        p += 2
    return spelling


@kernel
def _keys(b: Bytes, start: Longs, size: Longs, wanted: Flags, out: Bytes, canonical: Flags) -> None:
    for i in range(start.size):
        if not wanted[i]:
            continue
        spelling = _uuid(b, start[i], size[i], out[i])
        canonical[i] = spelling == 2
        if spelling == 0:
            h1, h2 = murmur(b, start[i], size[i])
            for k in range(8):
                out[i, k] = np.uint8((h1 >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))
                out[i, 8 + k] = np.uint8((h2 >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))


def keys_of(data: Bytes, start: Longs, size: Longs, wanted: Flags) -> tuple[Bytes, Flags]:
    """Keys of texts that lie in ``data``: ``(n, 16)``, and whether each text is the canonical text of its UUID.

    Rows that are not wanted have zeros.
    """
    out, canonical = np.zeros((len(start), 16), np.uint8), np.zeros(len(start), np.bool_)
    _keys(data, start, size, wanted, out, canonical)
    return out, canonical


def key_of(prediction_id: str) -> bytes:
    """Key of one id.

    Examples
    --------
    >>> key_of("0190163D-8694-739B-AEA5-966C26F8AD91").hex()
    '0190163d8694739baea5966c26f8ad91'
    >>> key_of("order-17/0").hex()
    'f0816d4afcf72012256d0e94620d6b52'
    """
    data = np.frombuffer(prediction_id.encode(), np.uint8)
    one = np.array([len(data)], np.int64)
    keys, _ = keys_of(data, np.zeros(1, np.int64), one, np.ones(1, np.bool_))
    return keys.tobytes()


def numbered_keys(seeds: Bytes, numbers: Longs) -> Bytes:
    """Keys for rows without an id: the same for the same ``(n, w)`` seed and number, so that a retry adds nothing."""
    text = np.concatenate((seeds, numbers.astype("<i8").view(np.uint8).reshape(-1, 8)), axis=1)
    width = text.shape[1]
    out = np.empty((len(text), 16), np.uint8)
    start = np.arange(len(text), dtype=np.int64) * width
    hash_ranges(np.ascontiguousarray(text).ravel(), start, np.full(len(text), width, np.int64), out)
    return out
