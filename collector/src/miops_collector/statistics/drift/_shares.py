"""Two samples of one column as shares of cells that correspond."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.summary import Distribution, FloatArray, Histogram

__all__ = ["area_between", "cumulative_gap", "mean_height", "occupied", "shares"]


def shares(reference: Distribution, current: Distribution) -> tuple[FloatArray, FloatArray]:
    """Shares of the coarse cells of both samples; all ``nan`` for a sample without values."""
    return _of(reference.coarse, reference.values), _of(current.coarse, current.values)


def cumulative_gap(reference: Histogram, current: Histogram) -> FloatArray:
    """``(b + 2,)`` difference of the shares up to and including each fine cell; ``nan`` for a sample without values."""
    return np.cumsum(_of(reference.fine, reference.values) - _of(current.fine, current.values))


def area_between(edges: FloatArray, left: FloatArray, right: FloatArray, atoms: FloatArray | None) -> float:
    """Area of the gap ``left`` and ``right`` of each bin ``(b,)``: a step where a bin has one value, else a line."""
    widths = np.diff(edges) * mean_height(left, right)
    if atoms is None:
        return float(widths.sum())
    steps = np.abs(left) * (atoms - edges[:-1]) + np.abs(right) * (edges[1:] - atoms)
    return float(np.where(np.isnan(atoms), widths, steps).sum())


def mean_height(left: FloatArray, right: FloatArray) -> FloatArray:
    """Mean of ``|y|`` along a straight line from ``left`` to ``right``, which may cross zero."""
    a, b = np.abs(left), np.abs(right)
    height = (a + b) / 2
    crossing = left * right < 0
    np.divide(a * a + b * b, 2 * (a + b), out=height, where=crossing)
    return height


def occupied(reference: Distribution, current: Distribution) -> tuple[FloatArray, FloatArray]:
    """Counts of the coarse cells that are not empty in both samples."""
    a, b = reference.coarse, current.coarse
    some = a + b > 0
    return a[some], b[some]


def _of(counts: FloatArray, total: float) -> FloatArray:
    return counts / total if total > 0 else np.full_like(counts, nan)
