"""What a group gets of lists, relative to the share of their rows that it is, with its uncertainty over lists."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray, GroupExposures

__all__ = ["EXPOSURE", "TOP_TEN", "error_over_lists", "relative"]

EXPOSURE, TOP_TEN = 1, 2
"""Places in the sums."""
USUAL = 0.975
FEWEST_BUCKETS = 10
"""With lists in fewer of them it is not said how uncertain the number is."""


def relative(groups: GroupExposures, of: int) -> FloatArray:
    """``(g,)`` sum over lists of the group's share, over that of its share of their rows."""
    sums = groups.sums.sum(axis=1)
    return ratio(sums[:, of], sums[:, 0])


def error_over_lists(groups: GroupExposures, of: int) -> FloatArray:
    """``(g,)`` standard error by the jackknife over buckets of lists, linearised; ``nan`` for too few buckets.

    Rows of a list depend on each other: where one stands no other can, and a query may favour a group as a whole. Lists
    fall into buckets whole, so whatever happens within one is counted, without knowing which rows belong together. With
    few buckets it is made as much wider as Student's quantile is than the normal one that it is multiplied by.

    References
    ----------
    P. S. Kott, "The delete-a-group jackknife", Journal of Official Statistics 17(4), 2001.
    """
    items, got = groups.sums[..., 0], groups.sums[..., of]
    buckets = (items > 0).sum(axis=1)
    surplus = got - np.nan_to_num(relative(groups, of))[:, None] * items
    squares = (surplus**2).sum(axis=1) * ratio(buckets, buckets - 1.0)
    wider = stdtrit(np.maximum(buckets - 1.0, 1.0), USUAL) / ndtri(USUAL)
    return np.where(buckets >= FEWEST_BUCKETS, wider * ratio(np.sqrt(squares), items.sum(axis=1)), np.nan)
