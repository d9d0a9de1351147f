"""Two samples of one column as shares of cells that correspond."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.summary import Distribution, FloatArray, Histogram

__all__ = ["cumulative_gap", "occupied", "shares"]


def shares(reference: Distribution, current: Distribution) -> tuple[FloatArray, FloatArray]:
    """Shares of the coarse cells of both samples; all ``nan`` for a sample without values."""
    return _of(reference.coarse, reference.values), _of(current.coarse, current.values)


def cumulative_gap(reference: Histogram, current: Histogram) -> FloatArray:
    """``(b + 2,)`` difference of the shares up to and including each fine cell; ``nan`` for a sample without values."""
    return np.cumsum(_of(reference.fine, reference.values) - _of(current.fine, current.values))


def occupied(reference: Distribution, current: Distribution) -> tuple[FloatArray, FloatArray]:
    """Counts of the coarse cells that are not empty in both samples."""
    a, b = reference.coarse, current.coarse
    some = a + b > 0
    return a[some], b[some]


def _of(counts: FloatArray, total: float) -> FloatArray:
    return counts / total if total > 0 else np.full_like(counts, nan)
