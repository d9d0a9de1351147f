"""Counts of a column in cells of another tool's, from the frozen bins and the extremes."""

from __future__ import annotations

from math import isfinite

import numpy as np

from miops_collector.statistics.definitions._definition import Sample
from miops_collector.summary import FloatArray, Histogram

__all__ = ["counts_between", "equal_widths", "levels", "pooled_range", "shares_below"]


def equal_widths(low: float, high: float, bins: int) -> FloatArray:
    """``(bins + 1,)`` edges as NumPy's ``histogram_bin_edges`` places them."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def shares_below(sample: Sample, at: FloatArray) -> FloatArray:
    """Share of the values below each number: exact at edges of our bins and beyond the extremes, linear between."""
    histogram = sample.distribution
    assert isinstance(histogram, Histogram)
    x, y = _line(sample, histogram)
    return np.interp(at, x, y, left=0.0, right=1.0)


def _line(sample: Sample, histogram: Histogram) -> tuple[FloatArray, FloatArray]:
    """Corners of the cumulative shares; rows in a guard are spread from the edge to the extreme."""
    fine, edges = histogram.fine, histogram.edges
    below = np.concatenate((fine[:1], fine[0] + np.cumsum(fine[1:-1]))) / sample.n
    lowest = sample.moments.lowest if sample.moments else edges[0]
    highest = sample.moments.highest if sample.moments else edges[-1]
    x, y = [edges], [below]
    if isfinite(lowest) and lowest < edges[0]:
        x, y = [np.array([lowest]), *x], [np.zeros(1), *y]
    if isfinite(highest) and highest > edges[-1]:
        x, y = [*x, np.array([highest])], [*y, np.ones(1)]
    return np.concatenate(x), np.concatenate(y)


def counts_between(sample: Sample, edges: FloatArray) -> FloatArray:
    """``(b,)`` rows in each bin of these edges; the last one is closed."""
    below = shares_below(sample, edges)
    histogram = sample.distribution
    assert isinstance(histogram, Histogram)
    if edges[-1] >= _highest(sample, histogram):
        below[-1] = 1.0
    counts: FloatArray = np.diff(below) * sample.n
    return counts


def _highest(sample: Sample, histogram: Histogram) -> float:
    highest = sample.moments.highest if sample.moments else float(histogram.edges[-1])
    return highest if isfinite(highest) else float(histogram.edges[-1])


def pooled_range(reference: Sample, current: Sample) -> tuple[float, float]:
    """Smallest and largest value of both."""
    assert reference.moments is not None
    assert current.moments is not None
    low = min(reference.moments.lowest, current.moments.lowest)
    return low, max(reference.moments.highest, current.moments.highest)


def levels(reference: Sample, current: Sample) -> tuple[FloatArray, FloatArray]:
    """Counts by level that occurs in either; all unseen ones are one level, so two new ones are not told apart."""
    a, b = reference.distribution.fine, current.distribution.fine
    some = a + b > 0
    return a[some], b[some]
