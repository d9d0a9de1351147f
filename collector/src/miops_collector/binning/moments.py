"""Sums of powers and extremes of a numeric column, by pane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.binning.grouping import Grouping
from miops_collector.columns import FloatArray

__all__ = ["add_moments"]

LARGEST = 1e150
"""Of a larger number the square overflows, and one such row would spoil the sums for good."""


def add_moments(
    values: FloatArray,
    weights: FloatArray,
    center: float,
    grouping: Grouping,
    *,
    sums: FloatArray,
    extremes: FloatArray,
) -> None:
    """Fill ``sums (p, 3)`` and ``extremes (p, 2)``, see ``Moments``; infinities are left out.

    Numbers beyond :data:`LARGEST` count as extremes only.
    """
    _moments(
        np.ascontiguousarray(values, np.float64), weights, center, grouping.order, grouping.offsets, sums, extremes
    )


@compiled
def _moments(
    values: FloatArray,
    weights: FloatArray,
    center: float,
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    sums: FloatArray,
    extremes: FloatArray,
) -> None:
    for pane in range(len(offsets) - 1):
        total, first, second = 0.0, 0.0, 0.0
        low, high = np.inf, -np.inf
        for place in range(offsets[pane], offsets[pane + 1]):
            value = values[order[place]]
            if abs(value) <= LARGEST:
                weight = weights[order[place]]
                distance = value - center
                total += weight
                first += weight * distance
                second += weight * distance * distance
            if abs(value) < np.inf:
                low = min(low, value)
                high = max(high, value)
        sums[pane, 0], sums[pane, 1], sums[pane, 2] = total, first, second
        extremes[pane, 0], extremes[pane, 1] = low, high
