"""Largest change of a share."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import shares
from miops_collector.summary import Distribution

__all__ = ["l_infinity"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
)
def l_infinity(reference: Distribution, current: Distribution) -> float:
    """How much the share of the cell that changed most has changed.

    ::

        L∞ = max |p - q|

    0 = same; 1 = everything moved from one cell to another. Symmetric, and a metric. 0.1 is ten points of a hundred.

    Parameters
    ----------
    reference, current
        The same column over the same cells: categories and unseen, or about ten equal-mass groups and guards.

    Returns
    -------
    float
        ``nan`` if either sample has no values.

    Notes
    -----
    The easiest to explain for a category that appears or vanishes. Many small changes together do not show: prefer
    ``hellinger`` or ``jensen_shannon`` then. For numeric columns the cells are the equal-mass groups, so it never
    exceeds the largest group's share by drift inside the groups; prefer ``kolmogorov_smirnov``.

    Examples
    --------
    >>> from miops_collector.summary import Frequencies
    >>> reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    >>> current = Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0]))
    >>> round(l_infinity(reference, current), 12)
    0.1

    References
    ----------
    A. L. Gibbs, F. E. Su, "On choosing and bounding probability metrics", International Statistical Review 70(3), 2002,
    doi:10.1111/j.1751-5823.2002.tb00178.x.
    """
    p, q = shares(reference, current)
    return float(np.abs(p - q).max(initial=0.0))
