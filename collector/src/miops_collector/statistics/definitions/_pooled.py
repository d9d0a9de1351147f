"""Edges of equal width over both samples' range: Sturges's number of bins."""

from __future__ import annotations

from math import ceil, log2

import numpy as np

from miops_collector.statistics.definitions._cells import equal_widths
from miops_collector.summary import FloatArray

__all__ = ["frozen_edges", "no_edges", "sturges"]

AHEAD = 2
"""Numbers of bins frozen: those of a window of up to three times the reference's rows."""


def sturges(rows: float) -> int:
    """Bins for so many rows.

    Examples
    --------
    >>> sturges(1000), sturges(1025)
    (11, 12)
    """
    return ceil(log2(rows) + 1)


def frozen_edges(values: FloatArray) -> FloatArray:
    """Edges over the reference's range for as many bins as it and its windows will have."""
    if not len(values):
        return np.empty(0)
    low, high = float(values.min()), float(values.max())
    bins = (sturges(len(values)) + i for i in range(AHEAD + 1))
    return np.unique(np.concatenate([equal_widths(low, high, count) for count in bins]))


def no_edges(_: FloatArray) -> FloatArray:
    """Nothing of its own is frozen: they are made for each window."""
    return np.empty(0)
