"""Intervals of numbers of groups, and of what differs between two groups."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray

__all__ = ["LEVEL", "Interval", "difference", "proportion", "quantile", "symmetric", "wilson"]

LEVEL = 0.95
Interval = tuple[FloatArray, FloatArray, FloatArray]
"""Value, lower and upper end, each ``(g,)``."""


def quantile(comparisons: float = 1.0) -> float:
    """Two-sided standard normal quantile at which all of so many intervals hold at once (Bonferroni).

    Examples
    --------
    >>> round(quantile(), 3), round(quantile(10), 3)
    (1.96, 2.807)
    """
    return float(-ndtri((1 - LEVEL) / 2 / max(comparisons, 1.0)))


def wilson(hits: FloatArray, rows: FloatArray, z: float) -> Interval:
    """Of shares of independent rows; it never leaves [0, 1] and is not empty where a share is 0 or 1.

    Examples
    --------
    >>> share, low, high = wilson(np.array([0.0, 5.0]), np.array([10.0, 10.0]), quantile())
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.2366], [0.2775, 0.7634])

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22(158), 1927, doi:10.1080/01621459.1927.10502953.
    """
    share, weight = ratio(hits, rows), ratio(np.full(np.shape(rows), z * z), rows)
    center = (share + weight / 2) / (1 + weight)
    half = np.sqrt(np.maximum(share * (1 - share), 0) * weight + weight * weight / 4) / (1 + weight)
    return share, np.minimum(np.maximum(center - half, 0), share), np.maximum(np.minimum(center + half, 1), share)


def symmetric(values: FloatArray, errors: FloatArray, z: float, bounds: tuple[float, float]) -> Interval:
    """Value ± so many standard errors, within the bounds of the statistic."""
    return values, np.maximum(values - z * errors, bounds[0]), np.minimum(values + z * errors, bounds[1])


def difference(one: Interval, other: Interval) -> tuple[FloatArray, FloatArray]:
    """Ends of ``one - other`` from the ends of the two: Newcombe's, if those are Wilson's.

    References
    ----------
    R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17(8), 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    (p, p_low, p_high), (q, q_low, q_high) = one, other
    low = p - q - np.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    return low, p - q + np.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)


def proportion(one: Interval, other: Interval) -> tuple[FloatArray, FloatArray]:
    """Ends of ``one / other``, neither negative, by the same method; no upper end where ``other`` may be 0.

    References
    ----------
    A. Donner, G. Y. Zou, "Closed-form confidence intervals for functions of the normal mean and standard deviation",
    Statistical Methods in Medical Research 21(4), 2012, doi:10.1177/0962280210383082.
    """
    (p, p_low, p_high), (q, q_low, q_high) = one, other
    product = p * q
    of_low, of_high = p_low * (2 * p - p_low), p_high * (2 * p - p_high)
    by_low, by_high = q_low * (2 * q - q_low), q_high * (2 * q - q_high)
    low = ratio(of_low, product + np.sqrt(np.maximum(product**2 - of_low * by_high, 0)))
    high = ratio(product + np.sqrt(np.maximum(product**2 - of_high * by_low, 0)), by_low)
    return np.maximum(low, 0), high
