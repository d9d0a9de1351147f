"""Columns of different bin counts as one flat array: where each column's cells lie, and sums over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miops_collector.layout import ColumnLayout, Layout
from miops_collector.summary import FAULT, MISSING, FloatArray

__all__ = ["Ragged", "segment_first", "segment_max", "segment_min", "segment_sum"]

Index = NDArray[np.intp]
VALUES = 2
"""Cells of a column from here on hold rows with a usable value."""


def segment_sum(values: FloatArray, starts: Index) -> FloatArray:
    """Sums over segments of the last axis; every segment has at least one element."""
    return np.add.reduceat(values, starts, axis=-1)


def segment_max(values: FloatArray, starts: Index) -> FloatArray:
    """Like :func:`segment_sum`."""
    return np.maximum.reduceat(values, starts, axis=-1)


def segment_min(values: FloatArray, starts: Index) -> FloatArray:
    """Like :func:`segment_sum`."""
    return np.minimum.reduceat(values, starts, axis=-1)


def segment_first(chosen: NDArray[np.bool_], starts: Index) -> Index:
    """Position on the last axis of each segment's first chosen element; every segment has one."""
    places = np.where(chosen, np.arange(chosen.shape[-1]), chosen.shape[-1])
    return np.minimum.reduceat(places, starts, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """``columns`` of a layout, flat.

    Attributes
    ----------
    cells
        ``(total,)`` positions in a pane's vector of the cells that hold usable values, column after column.
    starts
        ``(columns,)`` where each column begins in ``cells``.
    owner
        ``(total,)`` which column each cell is of.
    absent
        ``(columns, 2)`` positions in a pane's vector of rows without a value and of rows with a wrong type.
    """

    cells: Index
    starts: Index
    owner: Index
    absent: Index

    @classmethod
    def of(cls, layout: Layout, columns: Sequence[ColumnLayout]) -> Ragged:
        blocks = [layout.blocks[f"column.{c.name}"] for c in columns]
        sizes = np.array([b.stop - b.start - VALUES for b in blocks], dtype=np.intp)
        cells = [np.arange(b.start + VALUES, b.stop, dtype=np.intp) for b in blocks]
        return cls(
            cells=np.concatenate(cells),
            starts=np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp),
            owner=np.repeat(np.arange(len(blocks), dtype=np.intp), sizes),
            absent=np.array([[b.start + MISSING, b.start + FAULT] for b in blocks], dtype=np.intp),
        )

    def values(self, vectors: FloatArray) -> FloatArray:
        """``(…, total)`` counts of rows with a usable value."""
        return vectors[..., self.cells]

    def without(self, vectors: FloatArray) -> FloatArray:
        """``(…, columns)`` rows without a usable value."""
        return np.asarray(vectors[..., self.absent].sum(axis=-1))

    def split(self, values: FloatArray) -> list[FloatArray]:
        """One array per column."""
        return np.split(values, self.starts[1:], axis=-1)
