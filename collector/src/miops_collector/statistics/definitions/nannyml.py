"""NannyML's univariate drift: Doane's edges of the reference, base 2, one more cell for what lies outside."""

from __future__ import annotations

from math import inf, nan

import numpy as np

from miops_collector.statistics.definitions._cells import counts_between, levels
from miops_collector.statistics.definitions._definition import Definition, Measured, Sample
from miops_collector.statistics.definitions._measures import hellinger, jensen_shannon, ks_distance, wasserstein
from miops_collector.statistics.definitions._pooled import no_edges
from miops_collector.statistics.drift import chi_square as contingency
from miops_collector.summary import FloatArray

__all__ = ["NANNYML"]

LEVEL = 0.05
"""Of its chi-square, which has no other threshold."""


def doane(values: FloatArray) -> FloatArray:
    """Edges of equal width over the reference; the number grows with its rows and its skewness."""
    return np.histogram_bin_edges(values, bins="doane") if len(values) else np.empty(0)


def _shares(reference: Sample, current: Sample, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares between its edges, and of the rows of the window that lie outside."""
    p, q = (counts_between(s, edges) / s.n for s in (reference, current))
    rest = 1.0 - q.sum()
    return (np.append(p, 0.0), np.append(q, rest)) if rest > 1e-12 else (p, q)


def _jensen_shannon(reference: Sample, current: Sample, edges: FloatArray) -> Measured:
    return Measured(jensen_shannon(*_shares(reference, current, edges), 2.0))


def _hellinger(reference: Sample, current: Sample, edges: FloatArray) -> Measured:
    return Measured(hellinger(*_shares(reference, current, edges)))


def _kolmogorov_smirnov(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    return Measured(ks_distance(reference, current))


def _wasserstein(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    return Measured(wasserstein(reference, current))


def _of_levels(reference: Sample, current: Sample) -> tuple[FloatArray, FloatArray]:
    a, b = levels(reference, current)
    return a / reference.n, b / current.n


def _level_jensen_shannon(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    return Measured(jensen_shannon(*_of_levels(reference, current), 2.0))


def _level_hellinger(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    return Measured(hellinger(*_of_levels(reference, current)))


def _level_l_infinity(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    p, q = _of_levels(reference, current)
    return Measured(float(np.abs(p - q).max()))


def _level_chi_square(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """Of the contingency table, with Yates's correction where there are two levels."""
    from scipy.special import chdtrc

    value = contingency.chi_square(reference.distribution, current.distribution, yates=True)
    cells = len(levels(reference, current)[0])
    p = float(chdtrc(cells - 1, value)) if cells > 1 else nan
    return Measured(value, p, p < LEVEL if p == p else None, f"p < {LEVEL}")


def _chosen(_reference: Sample, _current: Sample) -> str:
    return "jensen_shannon"


NANNYML = Definition(
    name="nannyml",
    version="0.13.1",
    edges=doane,
    also=no_edges,
    freezes=True,
    numeric={
        "hellinger": _hellinger,
        "jensen_shannon": _jensen_shannon,
        "kolmogorov_smirnov": _kolmogorov_smirnov,
        "wasserstein": _wasserstein,
    },
    categorical={
        "chi_square": _level_chi_square,
        "hellinger": _level_hellinger,
        "jensen_shannon": _level_jensen_shannon,
        "l_infinity": _level_l_infinity,
    },
    chosen=_chosen,
    chunked={
        "hellinger": inf,
        "jensen_shannon": inf,
        "kolmogorov_smirnov": 1.0,
        "l_infinity": inf,
        "wasserstein": inf,
    },
)
"""All but the chi-square have one threshold, an upper one: mean and three standard deviations over chunks."""
