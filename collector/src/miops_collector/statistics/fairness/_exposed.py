"""What a group gets of lists, relative to something else that it has of them, with its uncertainty over lists."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray

__all__ = ["EXPOSURE", "ROWS", "TOP_TEN", "error_over_lists", "relative"]

ROWS, EXPOSURE, TOP_TEN = 0, 1, 2
"""Places in the sums of exposures."""
USUAL = 0.975
FEWEST_BUCKETS = 10
"""With lists in fewer of them it is not said how uncertain the number is."""


def relative(sums: FloatArray, of: int, to: int) -> FloatArray:
    """``(g,)`` of sums ``(g, buckets, …)`` one over another, each over all lists."""
    every = sums.sum(axis=1)
    return ratio(every[:, of], every[:, to])


def error_over_lists(sums: FloatArray, of: int, to: int) -> FloatArray:
    """``(g,)`` standard error by the jackknife over buckets of lists, linearised; ``nan`` for too few buckets.

    Rows of a list depend on each other: where one stands no other can, and a query may favour a group as a whole. Lists
    fall into buckets whole, so whatever happens within one is counted, without knowing which rows belong together. With
    few buckets it is made as much wider as Student's quantile is than the normal one that it is multiplied by.

    References
    ----------
    P. S. Kott, "The delete-a-group jackknife", Journal of Official Statistics 17(4), 2001.
    """
    got, base = sums[..., of], sums[..., to]
    buckets = (np.maximum(got, base) > 0).sum(axis=1)
    surplus = got - np.nan_to_num(relative(sums, of, to))[:, None] * base
    squares = (surplus**2).sum(axis=1) * ratio(buckets, buckets - 1.0)
    wider = stdtrit(np.maximum(buckets - 1.0, 1.0), USUAL) / ndtri(USUAL)
    return np.where(buckets >= FEWEST_BUCKETS, wider * ratio(np.sqrt(squares), base.sum(axis=1)), np.nan)
