"""Hellinger distance."""

from __future__ import annotations

from math import sqrt

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import shares
from miops_collector.summary import Distribution

__all__ = ["hellinger"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
)
def hellinger(reference: Distribution, current: Distribution) -> float:
    """How far apart the square roots of the shares are: drift on a scale where rare cells count.

    ::

        H = √( ½ Σ (√p - √q)² )

    0 = same, 1 = no cell in common. Symmetric, and a metric.

    Parameters
    ----------
    reference, current
        The same column over the same cells: about ten equal-mass groups and guards, or categories and unseen.

    Returns
    -------
    float
        ``nan`` if either sample has no values. Empty cells need no smoothing.

    Notes
    -----
    The square root makes the noise of every cell the same, whatever its share, so that it is the least dominated by one
    cell. Without drift it is about ``√((k - 1)(1/n + 1/m) / 8)``, not 0. Prefer ``l_infinity`` for the one cell
    that moved most; ``jensen_shannon`` is nearly this number in bits.

    Examples
    --------
    >>> from miops_collector.summary import Frequencies
    >>> reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    >>> current = Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0]))
    >>> round(hellinger(reference, current), 5)
    0.22975

    References
    ----------
    E. Hellinger, "Neue Begründung der Theorie quadratischer Formen von unendlichvielen Veränderlichen", Journal für die
    reine und angewandte Mathematik 136, 1909, doi:10.1515/crll.1909.136.210.
    """
    p, q = shares(reference, current)
    step = np.sqrt(p) - np.sqrt(q)
    return min(sqrt(float(step @ step) / 2), 1.0)
