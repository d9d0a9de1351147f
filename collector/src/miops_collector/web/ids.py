"""Prediction ids and trace ids as the 16 bytes rows are found by, for whole columns at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp import ids

__all__ = ["hex_of", "keys_of", "trace_ids_of"]

_TRACE_ID = r"^[0-9A-Fa-f]{32}$"
_NO_TRACE = "0" * 32
_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_VALUES = np.zeros(256, dtype=np.uint8)
_VALUES[_DIGITS] = np.arange(16)
_VALUES[np.frombuffer(b"ABCDEF", dtype=np.uint8)] = np.arange(10, 16)


def keys_of(texts: pa.Array) -> pa.Array:
    """The 16 bytes predictions are stored by, null where the text is."""
    plain = pa.concat_arrays([pc.fill_null(texts, "").cast(pa.large_binary())])  # a copy, so that it starts at 0
    offsets = np.frombuffer(plain.buffers()[1], dtype=np.int64)[: len(plain) + 1]
    letters = np.frombuffer(plain.buffers()[2] or b"", dtype=np.uint8)
    wanted = np.asarray(texts.is_valid().to_numpy(zero_copy_only=False))
    keys, _ = ids.keys_of(letters, offsets[:-1].copy(), np.diff(offsets), wanted)
    return _binary(keys.tobytes(), texts.is_valid())


def trace_ids_of(texts: pa.Array) -> pa.Array:
    """The 16 bytes of each hexadecimal trace id; null where the text is none, or all zeros."""
    valid = pc.and_(pc.match_substring_regex(texts, _TRACE_ID), pc.not_equal(texts, _NO_TRACE))
    return _unhex(pc.if_else(valid, texts, None))


def _unhex(texts: pa.Array) -> pa.Array:
    """``(n,)`` texts of 32 hexadecimal digits to ``(n,)`` binary of 16 bytes."""
    filled = pa.concat_arrays([pc.fill_null(texts, _NO_TRACE)])  # a copy, so that it starts at 0
    nibbles = _VALUES[np.frombuffer(filled.buffers()[2] or b"", dtype=np.uint8)]
    return _binary((nibbles[0::2] << 4 | nibbles[1::2]).tobytes(), texts.is_valid())


def _binary(data: bytes, valid: pa.Array) -> pa.Array:
    array = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(valid), [None, pa.py_buffer(data)])
    return pc.if_else(valid, array, None)


def hex_of(given: pa.Array, *, dashes: bool) -> pa.Array:
    """``(n,)`` binary of 16 bytes as lower-case hexadecimal text, in the form of a UUID if ``dashes``."""
    filled = pa.concat_arrays([pc.fill_null(given.cast(pa.binary(16)), bytes(16))])
    data = np.frombuffer(filled.buffers()[1] or b"", dtype=np.uint8)
    digits = _DIGITS[np.stack((data >> 4, data & 15), axis=-1)]
    offsets = np.arange(len(given) + 1, dtype=np.int32) * 32
    texts = pa.StringArray.from_buffers(len(given), pa.py_buffer(offsets), pa.py_buffer(digits.tobytes()))
    if dashes:
        texts = pc.replace_substring_regex(texts, r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", r"\1-\2-\3-\4-\5")
    return pc.if_else(given.is_valid(), texts, None)
