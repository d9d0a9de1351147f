"""Scores of all classes that came as one array per row, as one column per class."""

from __future__ import annotations

import numpy as np

from miops import semconv
from miops_collector.otlp.cells import Cells
from miops_collector.otlp.column import Array, as_numbers
from miops_collector.otlp.explode import array_lengths, fill_matrix
from miops_collector.otlp.types import Longs

__all__ = ["class_scores"]


def class_scores(cells: Cells, *, max_cells: int) -> dict[str, Array]:
    """``scores.0``, ``scores.1`` …; rows with fewer scores have nulls. Nothing when they would be too many."""
    n = len(cells.kind)
    lengths: Longs = np.empty(n, np.int64)
    array_lengths(cells.data, cells.kind, cells.bits, cells.size, lengths)
    most = int(lengths.max(initial=-1))
    if most <= 0 or most * n > max_cells:
        return {}
    kind, bits = np.zeros((n, most), np.uint8), np.zeros((n, most), np.uint64)
    size = np.zeros((n, most), np.int64)
    fill_matrix(cells.data, cells.bits, cells.size, lengths, kind.ravel(), bits.ravel(), size.ravel(), most)
    columns = {
        f"{semconv.COLUMN_SCORES_PREFIX}{k}": Cells.of(
            cells.data, kind[:, k].copy(), bits[:, k].copy(), size[:, k].copy()
        )
        for k in range(most)
    }
    found = {name: as_numbers(column) for name, column in columns.items()}
    return {name: array for name, array in found.items() if array is not None}
