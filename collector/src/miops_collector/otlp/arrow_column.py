"""A column of an Arrow batch that a sender built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.column import Array
from miops_collector.otlp.types import Flags

__all__ = ["ArrowColumn"]

Family: TypeAlias = Literal["number", "boolean", "text", "none"]


def _family(kind: Array) -> Family:
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_dictionary(kind):
        return "text" if pa.types.is_string(kind.value_type) else "none"
    return "boolean" if pa.types.is_boolean(kind) else "none"


@dataclass(frozen=True, slots=True, eq=False)
class ArrowColumn:
    """An Arrow array, already validated; texts are ``string`` or a dictionary of them."""

    array: Array
    family: Family

    @classmethod
    def of(cls, array: Array) -> ArrowColumn:
        kind = array.type
        if pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
            array = array.dictionary_decode()
        family = _family(array.type)
        if family == "text" and (pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type)):
            array = pc.cast(array, pa.string())
        return cls(array, family)

    @property
    def faults(self) -> int:
        return len(self.array) - self.array.null_count if self.family == "none" else 0

    def _any(self) -> bool:
        return bool(self.array.null_count < len(self.array))

    def numbers(self) -> Array | None:
        if self.family != "number" or not self._any():
            return None
        array = self.array
        return array if pa.types.is_float64(array.type) else pc.cast(array, pa.float64(), safe=False)

    def integers(self) -> Array | None:
        if self.family != "number" or not pa.types.is_integer(self.array.type) or not self._any():
            return None
        return pc.cast(self.array, pa.int64(), safe=False)

    def booleans(self) -> Array | None:
        return self.array if self.family == "boolean" and self._any() else None

    def texts(self, bad: Flags) -> Array | None:  # noqa: ARG002  Arrow validated them
        return self.array if self.family == "text" and self._any() else None
