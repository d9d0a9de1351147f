"""Kolmogorov–Smirnov distance."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
from scipy.special import kolmogorov

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import cumulative_gap
from miops_collector.summary import Histogram

__all__ = ["kolmogorov_smirnov", "p_value"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
)
def kolmogorov_smirnov(reference: Histogram, current: Histogram) -> float:
    """Largest difference between the shares of rows at or below any value.

    ::

        D = max over bin ends x of |F(x) - G(x)|      F, G: cumulative shares of reference and current

    0 = same; 1 = one sample lies wholly below the other. Symmetric; unchanged when the column is rescaled.

    Parameters
    ----------
    reference, current
        The same numeric column over the same bins; all fine bins and both guards are used.

    Returns
    -------
    float
        ``nan`` if either sample has no values.

    Notes
    -----
    Rows inside a bin cannot be told apart, so the exact distance lies in ``[D, D + max over bins of min(p, q)]`` with p
    and q the shares of a bin: at most 1/128 above it with 128 equal-mass bins of a continuous column (0.0019 on the
    scores of the employment survey), and exact where every distinct value has its own bin. :func:`p_value` is
    conservative for the same reason. Most sensitive near the median; prefer ``wasserstein`` for the size of a shift in
    units of the column, the divergences for change in tails or shape.

    Examples
    --------
    >>> edges, groups = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 1, 2])
    >>> reference = Histogram(edges, groups, np.array([0, 0, 0, 50, 30, 20, 0.0]))
    >>> current = Histogram(edges, groups, np.array([0, 0, 0, 30, 30, 30, 10.0]))
    >>> round(kolmogorov_smirnov(reference, current), 12), round(p_value(reference, current), 4)
    (0.2, 0.0366)

    References
    ----------
    N. Smirnov, "Table for estimating the goodness of fit of empirical distributions", Annals of Mathematical Statistics
    19(2), 1948, doi:10.1214/aoms/1177730256.
    W. J. Conover, "A Kolmogorov goodness-of-fit test for discontinuous distributions", Journal of the American
    Statistical Association 67(339), 1972, doi:10.1080/01621459.1972.10481254.
    """
    gap = cumulative_gap(reference, current)
    return min(float(np.abs(gap).max()), 1.0)


def p_value(reference: Histogram, current: Histogram) -> float:
    """Chance of a distance at least this large without drift, from Kolmogorov's limit at ``n m / (n + m)`` rows.

    Never too small for binned or tied values, which only shrink the distance; at few rows it is a little too large.
    """
    n, m = reference.values, current.values
    if not (n > 0 and m > 0):
        return nan
    return float(kolmogorov(sqrt(n * m / (n + m)) * kolmogorov_smirnov(reference, current)))
