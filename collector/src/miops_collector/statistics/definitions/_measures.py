"""Distances between two vectors of shares or counts, in the forms that tools use."""

from __future__ import annotations

from math import inf, log, sqrt

import numpy as np
from scipy.special import chdtrc, rel_entr

from miops_collector.statistics.definitions._cells import shares_below
from miops_collector.statistics.definitions._definition import Sample
from miops_collector.statistics.drift._shares import area_between, mean_height
from miops_collector.summary import FloatArray, Histogram

__all__ = [
    "deviation",
    "goodness_of_fit",
    "hellinger",
    "jensen_shannon",
    "ks_distance",
    "ks_p_value",
    "psi",
    "two_shares",
    "wasserstein",
]


def deviation(sample: Sample, *, lost: int = 0) -> float:
    """Standard deviation of the values, divided by rows less those ``lost``."""
    assert sample.moments is not None
    count, total, squares = sample.moments.sums
    return sqrt(max(float(squares - total**2 / count), 0.0) / max(float(count) - lost, 1.0))


def psi(p: FloatArray, q: FloatArray) -> float:
    return float((p - q) @ np.log(p / q))


def jensen_shannon(p: FloatArray, q: FloatArray, base: float) -> float:
    """SciPy's distance, which makes both sum to one first."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return sqrt(max(float((rel_entr(p, middle) + rel_entr(q, middle)).sum()) / (2 * log(base)), 0.0))


def hellinger(p: FloatArray, q: FloatArray) -> float:
    return float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / sqrt(2))


def goodness_of_fit(reference: FloatArray, current: FloatArray) -> tuple[float, float]:
    """Chi-square and p-value with the reference's shares taken for the truth; a new level makes them infinite and 0."""
    if len(reference) < 2:
        return float("nan"), float("nan")
    expected = reference * (current.sum() / reference.sum())
    if (expected == 0).any():
        return inf, 0.0
    value = float(((current - expected) ** 2 / expected).sum())
    return value, float(chdtrc(len(reference) - 1, value))


def two_shares(reference: FloatArray, current: FloatArray) -> tuple[float, float]:
    """Square and p-value of the z-test of two shares, of up to two levels; a single level is the same in both."""
    if len(reference) < 2:
        return 0.0, 1.0
    n, m = float(reference.sum()), float(current.sum())
    pooled = float(reference[0] + current[0]) / (n + m)
    gap = float(reference[0]) / n - float(current[0]) / m
    square = gap**2 / (pooled * (1 - pooled) * (1 / n + 1 / m))
    return square, float(chdtrc(1, square))


def ks_distance(reference: Sample, current: Sample) -> float:
    """Largest difference of the cumulative shares at the edges of our bins and at the extremes."""
    at = _corners(reference, current)
    return float(np.abs(shares_below(reference, at) - shares_below(current, at)).max())


def ks_p_value(distance: float, n: float, m: float) -> float:
    """SciPy's asymptotic two-sided p-value."""
    from scipy.stats import kstwo

    return float(np.clip(kstwo.sf(distance, np.round(n * m / (n + m))), 0.0, 1.0))


def wasserstein(reference: Sample, current: Sample) -> float:
    """Area between the two cumulative lines; off by at most half of the widths of bins with several values."""
    histogram = reference.distribution
    assert isinstance(histogram, Histogram)
    edges, at = histogram.edges, _corners(reference, current)
    inside = shares_below(reference, edges) - shares_below(current, edges)
    gap = shares_below(reference, at) - shares_below(current, at)
    outside = (at[1:] <= edges[0]) | (at[:-1] >= edges[-1])
    beyond = np.diff(at)[outside] @ mean_height(gap[:-1], gap[1:])[outside]
    return area_between(edges, inside[:-1], inside[1:], histogram.atoms) + float(beyond)


def _corners(reference: Sample, current: Sample) -> FloatArray:
    """Edges of the bins and the extremes of both samples."""
    histogram = reference.distribution
    assert isinstance(histogram, Histogram)
    ends = [v for s in (reference, current) if s.moments for v in (s.moments.lowest, s.moments.highest) if v == v]
    return np.unique(np.concatenate((histogram.edges, ends)))
