"""Exposure in ranked lists by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._exposed import EXPOSURE, ROWS, error_over_lists, relative
from miops_collector.summary import FloatArray, GroupExposures

__all__ = ["exposure", "standard_error", "support"]


@statistic(
    bounds=(0.0, inf), higher="neither", undefined="no row of the group says its place in a list", rests_on="rows"
)
def exposure(groups: GroupExposures) -> FloatArray:
    """How visible a group's rows are in the lists they are ranked in, relative to how many of the rows they are.

    ::

        exposure = Σ over lists  share of the list's exposure / Σ over lists  share of the list's rows
        share of the exposure = Σ over rows of the group v(place) / Σ over all rows of the list v(place)
        v(place) = 1 / log₂(1 + place), place 1, 2, 3 … from the top

    1 = as visible as rows are on average, 2 = twice, 0 = in no list; neither is better, unequal is worse. Never above
    size / Σ v of the longest list.

    Parameters
    ----------
    groups
        Exposure by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Means over lists, in which every list counts once, however long it is. Its ratio of the smallest to the largest
    group (``exposure_ratio``) is the demographic parity of Singh and Joachims, with the lists that were shown for the
    expectation. Needs no truth: whether the group deserves its places it does not say. Assumes that attention falls
    with the place as in discounted cumulative gain; where users see the first page alone prefer ``top_ten_presence``,
    and without lists ``mean_rank``. Its error counts lists, not rows, if the rows of a list have the same event time;
    with fewer than ten times it is unknown. Not made: NDKL (Geyik and others), which needs every list whole
    (docs/decisions/0010).

    Examples
    --------
    Two lists of four; in one F, M, F, M, in the other M, M, F, F:

    >>> import numpy as np
    >>> v = 1 / np.log2(np.arange(2, 6))
    >>> sums = np.zeros((2, 32, 3))
    >>> sums[:, 5, 1] = [(v[0] + v[2]) / v.sum(), (v[1] + v[3]) / v.sum()]
    >>> sums[:, 9, 1] = [(v[2] + v[3]) / v.sum(), (v[0] + v[1]) / v.sum()]
    >>> sums[:, [5, 9], 0] = 2 / 4
    >>> groups = GroupExposures(("sex",), ("F", "M"), np.array([4.0, 4.0]), sums)
    >>> exposure(groups).round(4).tolist()
    [0.9489, 1.0511]

    References
    ----------
    A. Singh, T. Joachims, "Fairness of exposure in rankings", Proceedings of the 24th ACM SIGKDD Conference, 2018,
    doi:10.1145/3219819.3220088.
    """
    return relative(groups.sums, EXPOSURE, ROWS)


def standard_error(groups: GroupExposures) -> FloatArray:
    """``(g,)`` over lists; ``nan`` where it is not known."""
    return error_over_lists(groups.sums, EXPOSURE, ROWS)


def support(groups: GroupExposures) -> FloatArray:
    """``(g,)`` rows that say their place."""
    return groups.rows
