"""A column of an Arrow batch that a sender built."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.column import Array
from miops_collector.otlp.types import Flags

__all__ = ["ArrowColumn"]

_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_NUMBER = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def _is_text(kind: Array) -> bool:
    return any(test(kind) for test in _TEXT)


def _is_number(kind: Array) -> bool:
    return any(test(kind) for test in _NUMBER)


@dataclass(frozen=True, slots=True, eq=False)
class ArrowColumn:
    """An Arrow array, already validated, dictionaries of anything but texts resolved."""

    array: Array

    @classmethod
    def of(cls, array: Array) -> ArrowColumn:
        kind = array.type
        if pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
            array = array.dictionary_decode()
        if _is_text(array.type) and not pa.types.is_string(array.type):
            array = pc.cast(array, pa.string())
        return cls(array)

    @property
    def faults(self) -> int:
        kind = self.array.type
        known = _is_text(kind) or _is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_dictionary(kind)
        return 0 if known else len(self.array) - self.array.null_count

    def _any(self) -> bool:
        return bool(self.array.null_count < len(self.array))

    def numbers(self) -> Array | None:
        if not _is_number(self.array.type) or not self._any():
            return None
        return pc.cast(self.array, pa.float64(), safe=False)

    def integers(self) -> Array | None:
        if not pa.types.is_integer(self.array.type) or not self._any():
            return None
        return pc.cast(self.array, pa.int64(), safe=False)

    def booleans(self) -> Array | None:
        return self.array if pa.types.is_boolean(self.array.type) and self._any() else None

    def texts(self, bad: Flags) -> Array | None:  # noqa: ARG002  Arrow validated them
        kind = self.array.type
        return self.array if (pa.types.is_string(kind) or pa.types.is_dictionary(kind)) and self._any() else None
