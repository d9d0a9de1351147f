"""Sums over rows by pane and cell, in memory that grows with the rows and never with panes × cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.binning.delta import Cells, PaneDelta
from miops_collector.binning.grouping import Grouping
from miops_collector.columns import FloatArray
from miops_collector.layout import Layout

__all__ = ["Terms"]

Number = TypeVar("Number", np.int32, np.float64)


class Terms:
    """What each row adds to which cell, collected block by block and summed once.

    A *count* adds the weight of each row to a cell of its own, an *addition* a value of its own, a *total* adds
    values of all rows to one cell. Totals have cells of their own, and there is at least one. A cell below 0 means:
    nothing. ``groups`` is where several blocks find the groups of the rows, once one of them has asked for them.
    """

    def __init__(self, layout: Layout, grouping: Grouping, weights: FloatArray) -> None:
        self.layout = layout
        self.grouping = grouping
        self.weights = np.ascontiguousarray(weights, np.float64)
        self.groups: list[NDArray[np.int64]] | None = None
        self._counted: list[Cells] = []
        self._added: list[tuple[Cells, FloatArray]] = []
        self._totals: list[tuple[int, FloatArray]] = []

    def count(self, cells: Cells) -> None:
        """Add each row's weight to its cell of ``cells (n,)``."""
        self._counted.append(cells)

    def add(self, cells: Cells, values: FloatArray) -> None:
        """Add each row's value, already weighted, to its cell."""
        self._added.append((cells, values))

    def total(self, start: int, values: FloatArray) -> None:
        """Add the rows of ``values (m, n)``, already weighted, to the ``m`` cells from ``start``."""
        self._totals.append((start, self.grouping.sums(values)))

    def totals(self, start: int, sums: FloatArray) -> None:
        """The same, summed by pane already: ``sums (p, m)``."""
        self._totals.append((start, sums))

    def delta(self, extremes: FloatArray) -> PaneDelta:
        """Everything collected, with the extremes ``(p, numeric, 2)`` that go with it."""
        grouping = self.grouping
        cells = _rows_of([*self._counted, *(cells for cells, _ in self._added)], len(self.weights), np.int32)
        values = _rows_of([values for _, values in self._added], len(self.weights), np.float64)
        totals = [(start, sums.T) for start, sums in self._totals]
        places = [np.arange(start, start + len(sums)) for start, sums in totals]
        offsets, touched, sums = _sum_by_cell(
            grouping.order,
            grouping.offsets,
            cells,
            self.weights,
            values,
            np.concatenate(places).astype(np.int32),
            np.concatenate([sums for _, sums in totals]),
            self.layout.size,
        )
        return PaneDelta(grouping.starts, extremes, offsets, touched[: offsets[-1]], sums[: offsets[-1]])


def _rows_of(arrays: Sequence[NDArray[Any]], length: int, kind: type[Number]) -> NDArray[Number]:
    """A matrix of these rows; the fastest way to cast and stack at once."""
    matrix = np.empty((len(arrays), length), kind)
    for i, array in enumerate(arrays):
        matrix[i] = array
    return matrix


@compiled
def _sum_by_cell(
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    cells: Cells,
    weights: FloatArray,
    values: FloatArray,
    fixed_cells: Cells,
    fixed: FloatArray,
    size: int,
) -> tuple[NDArray[np.int64], Cells, FloatArray]:
    """One vector for all panes: filled and read out again pane by pane."""
    panes = len(offsets) - 1
    terms = len(cells)
    counted = terms - len(values)
    room = min(terms * len(order), panes * size) + panes * len(fixed_cells) + 1
    vector = np.zeros(size)
    touched, sums = np.empty(room, np.int32), np.empty(room)
    ends = np.zeros(panes + 1, np.int64)
    end = 0
    for pane in range(panes):
        low, high = offsets[pane], offsets[pane + 1]
        for term in range(terms):
            source = weights if term < counted else values[term - counted]
            for place in range(low, high):
                row = order[place]
                if cells[term, row] >= 0:
                    vector[cells[term, row]] += source[row]
        end = _read_out(order[low:high], cells, vector, touched, sums, end)
        for i in range(len(fixed_cells)):
            if fixed[i, pane] != 0.0:
                touched[end], sums[end] = fixed_cells[i], fixed[i, pane]
                end += 1
        ends[pane + 1] = end
    return ends, touched, sums


@compiled
def _read_out(
    rows: NDArray[np.int64], cells: Cells, vector: FloatArray, touched: Cells, sums: FloatArray, end: int
) -> int:
    """Move what is not 0 out of ``vector``: all of it if there are many rows, else only where these rows added."""
    if len(cells) * len(rows) > len(vector):
        for cell in range(len(vector)):
            touched[end], sums[end] = cell, vector[cell]
            end += vector[cell] != 0.0  # no branch: it could not be foreseen
            vector[cell] = 0.0
        return end
    for term in range(len(cells)):
        for row in rows:
            cell = cells[term, row]
            if cell >= 0 and vector[cell] != 0.0:
                touched[end], sums[end] = cell, vector[cell]
                vector[cell] = 0.0
                end += 1
    return end
