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


MANY = 64
"""So many extremes wait to be merged at most."""


def merge_extremes(into: FloatArray, other: FloatArray) -> None:
    """Widen ``(numeric, 2)`` smallest and largest values by others."""
    np.minimum(into[:, 0], other[:, 0], out=into[:, 0])
    np.maximum(into[:, 1], other[:, 1], out=into[:, 1])


@dataclass(slots=True, eq=False)
class Pane:
    """Sums of ``size`` cells, and the ``(columns, 2)`` smallest and largest values of its numeric columns.

    What is added is kept as it comes, and must not change afterwards.
    """

    size: int
    columns: int
    _additions: list[tuple[Cells, FloatArray]] = field(default_factory=list)
    _count: int = 0
    _vector: FloatArray | None = None
    _extremes: list[FloatArray] = field(default_factory=list)

    @property
    def nbytes(self) -> int:
        return 16 * self.columns * len(self._extremes) + (
            12 * self._count if self._vector is None else self._vector.nbytes
        )

    @property
    def extremes(self) -> FloatArray:
        """``(columns, 2)``: ∞ and -∞ where there are no values."""
        if not self._extremes:
            return np.tile((np.inf, -np.inf), (self.columns, 1))
        if len(self._extremes) > 1:
            every = np.stack(self._extremes)
            self._extremes = [np.stack((every[:, :, 0].min(axis=0), every[:, :, 1].max(axis=0)), axis=1)]
        return self._extremes[0]

    def add(self, cells: Cells, values: FloatArray, extremes: FloatArray) -> None:
        """Add to cells that are all different."""
        self._widen(extremes)
        self._add_cells(cells, values)

    def merge(self, other: Pane) -> None:
        """Add another pane of the same layout."""
        self._widen(other.extremes)
        for cells, values in other._additions:
            self._add_cells(cells, values)
        if other._vector is not None:
            vector = self._filled()
            vector += other._vector

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

    def _widen(self, extremes: FloatArray) -> None:
        self._extremes.append(extremes)
        if len(self._extremes) > MANY:
            self._extremes = [self.extremes]

    def _add_cells(self, cells: Cells, values: FloatArray) -> None:
        if self._vector is not None:
            self._vector[cells] += values
        elif len(cells):
            self._additions.append((cells, values))
            self._count += len(cells)
            if THIN * self._count > self.size:
                self._filled()

    def _filled(self) -> FloatArray:
        """The vector, which it has from now on."""
        if self._vector is None:
            self._vector = np.zeros(self.size)
            for cells, values in self._additions:
                self._vector[cells] += values
            self._additions, self._count = [], 0
        return self._vector


def _sorted_sums(cells: Cells, values: FloatArray) -> tuple[Cells, FloatArray]:
    order = np.argsort(cells, kind="stable")
    cells, values = cells[order], values[order]
    first = np.flatnonzero(np.concatenate(([True], cells[1:] != cells[:-1])))
    sums = values if len(first) == len(cells) else np.add.reduceat(values, first)
    kept = sums != 0.0
    return cells[first][kept], sums[kept]
