"""Trace and span ids of a batch: bytes, or hexadecimal text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.cells import Cells
from miops_collector.otlp.column import Array, Column, fixed
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Longs
from miops_collector.otlp.walk import BYTES

__all__ = ["fixed_bytes"]


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
def _read(b: Bytes, start: Longs, size: Longs, wanted: Flags, out: Bytes, valid: Flags) -> None:
    """Values of the right length, or hexadecimal text of twice that length, that are not all zero."""
    width = out.shape[1]
    for i in range(start.size):
        if not wanted[i] or (size[i] != width and size[i] != 2 * width):
            continue
        p = start[i]
        for k in range(width):
            if size[i] == width:
                out[i, k] = b[p + k]
                valid[i] |= b[p + k] != 0
                continue
            high, low = _nibble(b[p + 2 * k]), _nibble(b[p + 2 * k + 1])
            if high < 0 or low < 0:
                valid[i] = False
                break
            out[i, k] = np.uint8(high * 16 + low)
            valid[i] |= out[i, k] != 0


def fixed_bytes(column: Column | None, width: int) -> Array | None:
    """Ids of ``width`` bytes; null where the value is no such id or all zero."""
    if column is None:
        return None
    if isinstance(column, Cells):
        data, start, size, wanted = column.data, column.bits.view(np.int64), column.size, column.kind >= BYTES
        wanted |= column.kind == 1
    else:
        data, start, size, wanted = _of_arrow(getattr(column, "array", None))
    out, valid = np.zeros((len(start), width), np.uint8), np.zeros(len(start), np.bool_)
    _read(data, start, size, wanted, out, valid)
    return fixed(pa.binary(width), out, valid)


def _of_arrow(array: Array) -> tuple[Bytes, Longs, Longs, Flags]:
    wanted = array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        start = (np.arange(len(array)) + array.offset) * width
        return _buffer(array.buffers()[1]), start, np.full(len(array), width), wanted
    if not (pa.types.is_string(array.type) or pa.types.is_binary(array.type) or pa.types.is_dictionary(array.type)):
        return np.empty(0, np.uint8), np.zeros(len(array), np.int64), np.zeros(len(array), np.int64), wanted
    plain = pc.cast(array, pa.binary())
    _, offsets, data = plain.buffers()
    start = np.frombuffer(offsets, np.int32)[plain.offset :][: len(plain) + 1].astype(np.int64)
    return _buffer(data), start[:-1], np.diff(start), wanted


def _buffer(data: pa.Buffer | None) -> Bytes:
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
