"""Into which bin a number falls: exactly as ``searchsorted`` on the edges says, without searching."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Self

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.columns import FloatArray

__all__ = ["NumericBins"]

CELLS_PER_BIN = 16
"""Cells of the lookup table for each bin: few cells hold an edge, and the table stays in the processor's cache."""
BELOW = 2
"""Cells before the first bin: missing and fault, before the guard below."""


@dataclass(frozen=True, slots=True, eq=False)
class NumericBins:
    """Frozen edges with the lookup table that finds the bin of a value.

    Values are scaled into a table of equal steps. ``table[i]`` is how many inner edges lie in earlier steps, so the
    bin of a value of step ``i`` is between ``table[i]`` and ``table[i + 1]``, which are mostly the same. Scaling never
    swaps two numbers, so this is exact whatever it rounds.
    """

    edges: FloatArray
    table: NDArray[np.int16]
    low: float
    scale: float

    @classmethod
    def of(cls, edges: FloatArray) -> Self:
        """``edges`` are rising and finite, at most 32,768 of them; or fewer than two: then there are no bins."""
        edges = np.ascontiguousarray(edges, dtype=np.float64)
        if len(edges) < 2:
            return cls(edges[:0], np.zeros(1, np.int16), 0.0, 0.0)
        steps = CELLS_PER_BIN * (len(edges) - 1)
        low, span = float(edges[0]) * 0.5, float(edges[-1]) * 0.5 - float(edges[0]) * 0.5
        scale = steps / span if span > 0 else 0.0
        scale = scale if scale < inf else 0.0
        inner = np.clip((edges[1:-1] * 0.5 - low) * scale, 0, steps - 1).astype(np.int64)
        table = np.searchsorted(inner, np.arange(steps + 1), side="left").astype(np.int16)
        return cls(edges, table, low, scale)

    @property
    def count(self) -> int:
        return max(len(self.edges) - 1, 0)

    def cells(self, values: FloatArray, start: int = 0) -> NDArray[np.int32]:
        """``(n,)`` cell of each value, the column's first being ``start``: see ``Histogram.cells``.

        NaN is missing, infinities fall into the guards. Without edges every other value counts as above.
        """
        if not self.count:
            return np.where(np.isnan(values), start, start + BELOW + 1).astype(np.int32)
        found = np.empty(len(values), np.int32)
        _find(np.ascontiguousarray(values, np.float64), self.edges, self.table, self.low, self.scale, start, found)
        return found

    def inside(self, values: FloatArray) -> NDArray[np.int32]:
        """``(n,)`` bin of each value, those beyond the ends in the end bins; -1 for NaN."""
        cells = self.cells(values)
        return np.where(cells == 0, np.int32(-1), np.clip(cells - BELOW - 1, 0, self.count - 1))


@compiled
def _find(
    values: FloatArray,
    edges: FloatArray,
    table: NDArray[np.int16],
    low: float,
    scale: float,
    start: int,
    found: NDArray[np.int32],
) -> None:
    bins = len(edges) - 1
    steps = len(table) - 1
    for i in range(len(values)):
        value = values[i]
        if value >= edges[0] and value <= edges[bins]:
            step = min(int((value * 0.5 - low) * scale), steps - 1)
            left, right = int(table[step]), int(table[step + 1])
            while left < right:
                middle = (left + right + 1) >> 1
                if value >= edges[middle]:
                    left = middle
                else:
                    right = middle - 1
            found[i] = start + 3 + left
        elif value < edges[0]:
            found[i] = start + 2
        elif value > edges[bins]:
            found[i] = start + 3 + bins
        else:
            found[i] = start
