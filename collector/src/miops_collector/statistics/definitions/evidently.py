"""Evidently's tests: Sturges's edges over both samples, base e, empty cells filled, the reference taken as exact."""

from __future__ import annotations

from math import sqrt

import numpy as np

from miops_collector.statistics.definitions._cells import counts_between, equal_widths, levels, pooled_range
from miops_collector.statistics.definitions._definition import Definition, Measured, Sample
from miops_collector.statistics.definitions._measures import (
    deviation,
    goodness_of_fit,
    jensen_shannon,
    ks_distance,
    ks_p_value,
    psi,
    two_shares,
    wasserstein,
)
from miops_collector.statistics.definitions._pooled import frozen_edges, no_edges, sturges
from miops_collector.summary import FloatArray, Histogram

__all__ = ["EVIDENTLY"]

THRESHOLD, LEVEL = 0.1, 0.05
FEW_VALUES = 20
"""Numeric columns with no more distinct values are compared value by value."""
SMALLEST_NORM = 0.001
SMALL_REFERENCE = 1000
"""Up to so many rows of the reference it tests by default, beyond it measures distances."""
DISCRETE = 5
"""Numeric columns with no more distinct values, in both samples, are taken for categories when it chooses a test."""
DATA_SET = 0.5
EMPTY, TINY = 0.0001, 1e6
"""An empty cell gets the first, or if some cell is that small already, the smallest share over the second."""


def _shares(reference: Sample, current: Sample, _: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares of every value where there are few, else of equal widths over the pooled range."""
    if _distinct(reference) <= FEW_VALUES:
        a, b = levels(reference, current)
    else:
        edges = equal_widths(*pooled_range(reference, current), sturges(reference.n + current.n))
        a, b = (counts_between(s, edges) for s in (reference, current))
    return a / reference.n, b / current.n


def _distinct(sample: Sample) -> int:
    """Exact up to the number of our bins, where every value has one of its own."""
    return int((sample.distribution.fine > 0).sum())


def _filled(shares: FloatArray) -> FloatArray:
    smallest = float(shares[shares > 0].min())
    return np.where(shares > 0, shares, smallest / TINY if smallest <= EMPTY else EMPTY)


def _distance(value: float) -> Measured:
    return Measured(value, drifted=value >= THRESHOLD, rule=f"≥ {THRESHOLD}")


def _psi(reference: Sample, current: Sample, edges: FloatArray) -> Measured:
    p, q = _shares(reference, current, edges)
    return _distance(psi(_filled(p), _filled(q)))


def _jensen_shannon(reference: Sample, current: Sample, edges: FloatArray) -> Measured:
    return _distance(jensen_shannon(*_shares(reference, current, edges), np.e))


def _overlap(p: FloatArray, q: FloatArray) -> Measured:
    return _distance(sqrt(1.0 - min(float(np.sqrt(p * q).sum()), 1.0)))


def _hellinger(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """Always binned, by as many bins as there are distinct values: taken to be all rows where they are many."""
    rows = reference.n + current.n
    few = int((reference.distribution.fine + current.distribution.fine > 0).sum())
    cells = len(reference.distribution.fine)
    edges = equal_widths(*pooled_range(reference, current), sturges(few if few < cells / 2 else rows))
    return _overlap(*(counts_between(s, edges) / s.n for s in (reference, current)))


def _level_hellinger(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    a, b = levels(reference, current)
    return _overlap(a / reference.n, b / current.n)


def _wasserstein(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """In standard deviations of the reference."""
    return _distance(wasserstein(reference, current) / max(deviation(reference), SMALLEST_NORM))


def _kolmogorov_smirnov(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """The distance; its p-value is what the tool shows."""
    distance = ks_distance(reference, current)
    p = ks_p_value(distance, reference.n, current.n)
    return Measured(distance, p, p <= LEVEL, f"p ≤ {LEVEL}")


def _chi_square(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """Of two levels and a small reference, where it chooses the z-test of two shares, that: its square is z²."""
    a, b = levels(reference, current)
    chosen_z = len(a) <= 2 and reference.n <= SMALL_REFERENCE
    value, p = two_shares(a, b) if chosen_z else goodness_of_fit(a, b)
    return Measured(value, p, p < LEVEL if p == p else None, f"p < {LEVEL}")


def _numeric_chi_square(reference: Sample, current: Sample, edges: FloatArray) -> Measured | None:
    """Of numbers only where it chooses it."""
    return _chi_square(reference, current, edges) if _chosen(reference, current) == "chi_square" else None


def _chosen(reference: Sample, current: Sample) -> str:
    """By the rows of the reference, whether the column is numeric, and distinct values of both samples."""
    many = len(levels(reference, current)[0]) > DISCRETE
    numeric = isinstance(reference.distribution, Histogram) and many
    if reference.n <= SMALL_REFERENCE:
        return "kolmogorov_smirnov" if numeric else "chi_square"
    return "wasserstein" if numeric else "jensen_shannon"


EVIDENTLY = Definition(
    name="evidently",
    version="0.7.23",
    edges=no_edges,
    also=frozen_edges,
    numeric={
        "chi_square": _numeric_chi_square,
        "hellinger": _hellinger,
        "jensen_shannon": _jensen_shannon,
        "kolmogorov_smirnov": _kolmogorov_smirnov,
        "psi": _psi,
        "wasserstein": _wasserstein,
    },
    categorical={
        "chi_square": _chi_square,
        "hellinger": _level_hellinger,
        "jensen_shannon": _jensen_shannon,
        "psi": _psi,
    },
    chosen=_chosen,
    drifted_share=DATA_SET,
)
"""All that are here are observed; what it chooses by itself counts for the share of drifted columns."""
