"""A column of values that still lie in the payload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from miops_collector.otlp.column import Array, bitmap, fixed
from miops_collector.otlp.texts import encode, gather
from miops_collector.otlp.types import Bytes, Flags, Longs, Words
from miops_collector.otlp.walk import BOOL, DOUBLE, INT, STRING

__all__ = ["Cells", "string_array"]

_DISTINCT = 1024
"""Texts of a column are dictionary-encoded up to this many distinct ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """``n`` values: kind, 64 bits or position in ``data``, and length.

    ``kinds`` has the bit of every kind that occurs: most columns have one kind, and then nothing is tested row by row.
    """

    data: Bytes
    kind: Bytes
    bits: Words
    size: Longs
    kinds: int

    @classmethod
    def of(cls, data: Bytes, kind: Bytes, bits: Words, size: Longs) -> Cells:
        return cls(data, kind, bits, size, sum(1 << k for k in np.unique(kind).tolist()))

    def has(self, kind: int) -> bool:
        return bool(self.kinds >> kind & 1)

    def only(self, kind: int) -> bool:
        return self.kinds == 1 << kind

    @property
    def faults(self) -> int:
        return int((self.kind > DOUBLE).sum()) if self.kinds >> (DOUBLE + 1) else 0

    def numbers(self) -> Array | None:
        if self.only(DOUBLE):
            return fixed(pa.float64(), self.bits)
        if not self.has(INT) and not self.has(DOUBLE):
            return None
        integers = self.kind == INT
        values = np.where(integers, self.bits.view(np.int64).astype(np.float64), self.bits.view(np.float64))
        return fixed(pa.float64(), values, integers | (self.kind == DOUBLE))

    def integers(self) -> Array | None:
        return fixed(pa.int64(), self.bits, self.kind == INT) if self.has(INT) else None

    def booleans(self) -> Array | None:
        if not self.has(BOOL):
            return None
        valid = self.kind == BOOL
        values = pa.py_buffer(np.packbits(valid & (self.bits != 0), bitorder="little"))
        return pa.Array.from_buffers(pa.bool_(), len(valid), [bitmap(valid), values])

    def texts(self, bad: Flags) -> Array | None:
        if not self.has(STRING):
            return None
        wanted, start = self.kind == STRING, self.bits.view(np.int64)
        codes, distinct = np.empty(len(wanted), np.int32), np.empty((min(_DISTINCT, len(wanted)), 2), np.int64)
        count = encode(self.data, start, self.size, wanted, codes, distinct, bad)
        if count < 0:
            return string_array(self.data, start, self.size, wanted, bad)
        first, length = np.ascontiguousarray(distinct[:count].T)
        dictionary = string_array(self.data, first, length, np.ones(count, np.bool_), np.zeros(count, np.bool_))
        indices = fixed(pa.int32(), codes, None if self.only(STRING) else wanted)
        return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


def string_array(data: Bytes, start: Longs, size: Longs, wanted: Flags, bad: Flags) -> Array:
    """Strings copied out of ``data``; null where not wanted, empty where they are not UTF-8."""
    offsets = np.empty(len(start) + 1, np.int64)
    out = np.empty(int(size[wanted].sum()), np.uint8)
    used = gather(data, start, size, wanted, offsets, out, bad)
    buffers = [bitmap(wanted), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(out[:used])]
    return pa.Array.from_buffers(pa.string(), len(start), buffers)
