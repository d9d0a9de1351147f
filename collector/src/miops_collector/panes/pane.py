"""One pane while it is being added to: a list of additions as long as it is thin, a whole vector once it is not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray

__all__ = ["Cells", "Pane", "merge_extremes"]

Cells = NDArray[np.int32]
THIN = 6
"""A pane is thin while its additions touch less than a sixth of its cells: then they take less memory than a vector."""


def merge_extremes(into: FloatArray, other: FloatArray) -> None:
    """Widen ``(numeric, 2)`` smallest and largest values by others."""
    np.minimum(into[:, 0], other[:, 0], out=into[:, 0])
    np.maximum(into[:, 1], other[:, 1], out=into[:, 1])


@dataclass(slots=True, eq=False)
class Pane:
    """Sums of ``size`` cells, and ``(numeric, 2)`` extremes, which it owns."""

    size: int
    extremes: FloatArray
    _additions: list[tuple[Cells, FloatArray]] = field(default_factory=list)
    _count: int = 0
    _vector: FloatArray | None = None

    @property
    def nbytes(self) -> int:
        return self.extremes.nbytes + (12 * self._count if self._vector is None else self._vector.nbytes)

    def add(self, cells: Cells, values: FloatArray, extremes: FloatArray) -> None:
        """Add to cells that are all different."""
        merge_extremes(self.extremes, extremes)
        if self._vector is not None:
            self._vector[cells] += values
            return
        if len(cells):
            self._additions.append((cells, values))
            self._count += len(cells)
        if THIN * self._count > self.size:
            self._fill()

    def merge(self, other: Pane) -> None:
        """Add another pane of the same layout."""
        if other._vector is None:
            for cells, values in other._additions:
                self.add(cells, values, other.extremes)
            return
        merge_extremes(self.extremes, other.extremes)
        self._fill()
        self._vector += other._vector  # type: ignore[operator]

    def add_to(self, vector: FloatArray, extremes: FloatArray) -> None:
        """Add this pane to sums of ``size`` cells, and widen extremes by its own."""
        merge_extremes(extremes, self.extremes)
        if self._vector is not None:
            vector += self._vector
        for cells, values in self._additions:
            vector[cells] += values

    def touched(self) -> tuple[Cells, FloatArray]:
        """Cells that are not 0, rising, and their sums."""
        if self._vector is not None:
            cells = np.flatnonzero(self._vector)
            return cells.astype(np.int32), self._vector[cells]
        if not self._additions:
            return np.empty(0, np.int32), np.empty(0)
        every = [np.concatenate(parts) for parts in zip(*self._additions, strict=True)]
        return _sorted_sums(every[0], every[1])

    def _fill(self) -> None:
        if self._vector is None:
            vector = np.zeros(self.size)
            for cells, values in self._additions:
                vector[cells] += values
            self._vector, self._additions, self._count = vector, [], 0


def _sorted_sums(cells: Cells, values: FloatArray) -> tuple[Cells, FloatArray]:
    order = np.argsort(cells, kind="stable")
    cells, values = cells[order], values[order]
    first = np.flatnonzero(np.concatenate(([True], cells[1:] != cells[:-1])))
    sums = values if len(first) == len(cells) else np.add.reduceat(values, first)
    kept = sums != 0.0
    return cells[first][kept], sums[kept]
