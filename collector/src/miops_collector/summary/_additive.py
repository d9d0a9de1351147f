"""What summaries have in common: they add, array by array."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Additive", "FloatArray", "IntArray", "summed"]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """Fields that are :func:`summed` add; all other fields are frozen with the reference and must be the same."""

    def __add__(self, other: Self) -> Self:
        sums = self.__class__._sums()
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in sums})

    @classmethod
    def _sums(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls) if f.metadata.get("sum", False))


def summed() -> Any:
    """A field that adds."""
    return field(metadata={"sum": True})
