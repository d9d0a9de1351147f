"""Whether some group is chosen less than so many times as often as another, by more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc

from miops_collector.statistics.fairness._intervals import proportion, quantile, wilson
from miops_collector.summary import FloatArray, IntArray

__all__ = ["LeastFavoured", "least_favoured", "p_of_ratio"]

STEPS, ROUNDS = 33, 4
"""Shares that are tried at once, and how often between the neighbours of the best: to a millionth of the range."""
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class LeastFavoured:
    """The two groups that are the furthest apart beyond chance.

    ``least`` and ``most`` are their positions; ``low`` and ``high`` the ends of an interval of the ratio of their
    shares that holds for all pairs at once; ``p_value`` is of these two alone, not yet paid for ``pairs``.
    """

    least: int
    most: int
    ratio: float
    low: float
    high: float
    p_value: float
    pairs: int


def p_of_ratio(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, limit: float) -> FloatArray:
    r"""P-value of "the share of the one is at least ``limit`` times that of the other"; any arrays of one shape.

    .. math:: p = w (1 - \ln w), \qquad w = \max_c P(B_{n, c} \le x) \; P(B_{m, c / limit} \ge y)

    For each share ``c`` both chances are p-values of samples that are independent, so that their product is judged as
    Fisher's; the worst ``c`` counts. Exact in that it never says too little, however few rows there are and however far
    in the tail: an interval of a ratio, stretched from 95 % to the level of an alarm, says a 20th of what is so there.
    It costs a factor of three to five of the p-value, where a normal test is right.

    Parameters
    ----------
    x, n
        Rows of the one group that were chosen, and all of its rows.
    y, m
        The same of the other.
    limit
        0.8 for four fifths.

    Examples
    --------
    >>> table = (np.array([float(v)]) for v in (10, 100, 300, 1000))
    >>> float(p_of_ratio(*table, limit=0.8)[0].round(5))
    0.00156

    References
    ----------
    R. A. Fisher, "Statistical Methods for Research Workers", 1932, section 21.1: the product of p-values. R. L. Berger,
    D. D. Boos, "P values maximized over a confidence set for the nuisance parameter", Journal of the American
    Statistical Association, 1994, doi:10.1080/01621459.1994.10476836: why the worst share.
    """
    low, high = np.zeros(np.shape(x)), np.full(np.shape(x), limit)
    best = np.full(np.shape(x), -np.inf)
    steps = np.linspace(0.0, 1.0, STEPS)
    for _ in range(ROUNDS):
        tried = low[..., None] + (high - low)[..., None] * steps
        log_w = _log_product(x[..., None], n[..., None], y[..., None], m[..., None], tried, limit)
        at = log_w.argmax(axis=-1)[..., None]
        best = np.maximum(best, np.take_along_axis(log_w, at, axis=-1)[..., 0])
        ends = (np.take_along_axis(tried, np.clip(at + step, 0, STEPS - 1), axis=-1)[..., 0] for step in (-1, 1))
        low, high = ends
    return np.asarray(np.minimum(np.exp(best) * (1.0 - best), 1.0))


def _log_product(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, share: FloatArray, limit: float
) -> FloatArray:
    fewer = np.where(x >= n, 1.0, betaincc(x + 1.0, np.maximum(n - x, SMALLEST), share))
    more = np.where(y <= 0.0, 1.0, betainc(np.maximum(y, SMALLEST), np.maximum(m - y, 0.0) + 1.0, share / limit))
    return np.asarray(np.log(np.maximum(fewer, SMALLEST)) + np.log(np.maximum(more, SMALLEST)))


def least_favoured(chosen: FloatArray, rows: FloatArray, limit: float) -> LeastFavoured | None:
    """The pair of groups with the smallest p-value; ``None`` with fewer than two groups, or if nobody is chosen.

    Parameters
    ----------
    chosen, rows
        ``(g,)`` each.

    Examples
    --------
    >>> found = least_favoured(np.array([30.0, 10.0, 29.0]), np.array([100.0, 100.0, 100.0]), 0.8)
    >>> found.least, found.most, found.pairs, round(found.ratio, 3)
    (1, 0, 3, 0.333)
    """
    share = chosen / np.maximum(rows, 1.0)
    if len(rows) < 2 or not share.any():
        return None
    least, most = _pairs(share)
    p = p_of_ratio(chosen[least], rows[least], chosen[most], rows[most], limit)
    i = int(np.lexsort((share[least] / np.maximum(share[most], SMALLEST), p))[0])
    one, other = least[[i]], most[[i]]
    z = quantile(len(p))
    low, high = proportion(wilson(chosen[one], rows[one], z), wilson(chosen[other], rows[other], z))
    ratio = float(share[one][0] / share[other][0])
    return LeastFavoured(int(one[0]), int(other[0]), ratio, float(low[0]), float(high[0]), float(p[i]), pairs=len(p))


def _pairs(share: FloatArray) -> tuple[IntArray, IntArray]:
    """Every two groups once, that with the smaller share first."""
    one, other = np.triu_indices(len(share), k=1)
    turned = share[one] > share[other]
    return np.where(turned, other, one), np.where(turned, one, other)
