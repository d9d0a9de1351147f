"""Presence among the first ten places of ranked lists by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._exposed import ROWS, TOP_TEN, error_over_lists, relative
from miops_collector.summary import FloatArray, GroupExposures

__all__ = ["standard_error", "support", "top_ten_presence"]


@statistic(
    bounds=(0.0, inf), higher="neither", undefined="no row of the group says its place in a list", rests_on="rows"
)
def top_ten_presence(groups: GroupExposures) -> FloatArray:
    """How much of the first ten places of lists a group has, relative to how many of the rows of the lists it is.

    ::

        presence = Σ over lists  share of the first ten places / Σ over lists  share of the list's rows

    1 = as present as rows are on average, 0 = never; neither is better, unequal is worse. Of lists of ten rows or fewer
    all rows are present, and it is 1.

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
    Its natural logarithm is the skew@10 of Geyik, Ambler and Kenthapadi, of all lists together: of a single list it is
    infinite wherever a group is missing from the top, and has no mean. What a group should have is here its share of
    the rows that were ranked. Every list counts once, however long it is. Needs no truth. Prefer ``exposure`` where
    lists are short, or the order within the first ten matters.

    Examples
    --------
    One list of twenty, half F and half M; F has three of the first ten places:

    >>> import numpy as np
    >>> sums = np.zeros((2, 32, 3))
    >>> sums[0, 0], sums[1, 0] = [0.5, 0.42, 0.3], [0.5, 0.58, 0.7]
    >>> groups = GroupExposures(("sex",), ("F", "M"), np.array([10.0, 10.0]), sums)
    >>> top_ten_presence(groups).tolist()
    [0.6, 1.4]

    References
    ----------
    S. C. Geyik, S. Ambler, K. Kenthapadi, "Fairness-aware ranking in search & recommendation systems with application
    to LinkedIn talent search", Proceedings of the 25th ACM SIGKDD Conference, 2019, doi:10.1145/3292500.3330691.
    """
    return relative(groups.sums, TOP_TEN, ROWS)


def standard_error(groups: GroupExposures) -> FloatArray:
    """``(g,)`` over lists; ``nan`` where it is not known."""
    return error_over_lists(groups.sums, TOP_TEN, ROWS)


def support(groups: GroupExposures) -> FloatArray:
    """``(g,)`` rows that say their place."""
    return groups.rows
