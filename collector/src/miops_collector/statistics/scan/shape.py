"""A two-sample chi-square over groups of bins that forgives a small difference."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics.scan.tails import log_chi_square
from miops_collector.summary import FloatArray

__all__ = ["chi_square_terms", "log_tolerant_chi_square", "phi", "phi_interval"]


def chi_square_terms(c: FloatArray, n: FloatArray, r: FloatArray, m: FloatArray) -> FloatArray:
    """Each group's part of the two-sample chi-square; ``c`` of ``n`` rows against ``r`` of ``m``."""
    pooled = (c + r) / (n + m)
    variance = pooled * (1.0 / n + 1.0 / m)
    return np.asarray((c / n - r / m) ** 2 / np.where(variance > 0.0, variance, 1.0))


def log_tolerant_chi_square(x: FloatArray, df: FloatArray, noise: FloatArray, *, tolerance: float) -> FloatArray:
    """Log p-value of "the shapes differ by more than ``tolerance``" in units of φ.

    If the true difference is φ the chi-square is non-central with ``φ² / noise``; p is taken at φ = tolerance.

    Parameters
    ----------
    x
        Two-sample chi-square.
    df
        Groups less one.
    noise
        ``1 / n + 1 / m``.
    tolerance
        φ that is ignored.

    References
    ----------
    C. J. Potgieter et al., on the Population Resemblance Statistic, arXiv:2307.11878.
    """
    return log_chi_square(x, df, tolerance * tolerance / noise)


def phi(x: FloatArray, df: FloatArray, noise: FloatArray) -> FloatArray:
    """Difference of shape without what chance alone gives: 0 = same; about the shift in standard deviations when small.

    ``sqrt(max(0, (x - df) * noise))``. Its square is about PSI, and eight times the squared Jensen–Shannon distance.
    """
    return np.asarray(np.sqrt(np.maximum((x - df) * noise, 0.0)))


def phi_interval(x: FloatArray, df: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """About 95 %, from the variance ``2 (df + 2 λ)`` of a chi-square with estimated non-centrality ``λ = x - df``."""
    half = 2.0 * np.sqrt(2.0 * (df + 2.0 * np.maximum(x - df, 0.0)))
    return phi(x - half, df, noise), phi(x + half, df, noise)
