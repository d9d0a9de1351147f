"""Mean error by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupResiduals

__all__ = ["bias", "standard_error", "support"]


@statistic(bounds=(-inf, inf), higher="neither", undefined="the group has no labelled rows", rests_on="labelled")
def bias(groups: GroupResiduals) -> FloatArray:
    """How much too high (positive) or too low (negative) predictions about a group are on average.

    ::

        bias = Σ (prediction - truth) / n

    0 = errors cancel out, any sign and size; nearer to 0 is better, unequal is worse.

    Parameters
    ----------
    groups
        Sums of errors by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Who is systematically over- or underrated. Errors cancel: prefer ``mae`` for their size.

    Examples
    --------
    >>> import numpy as np
    >>> sums = np.array([[4.0, -2, 30, 10, 0, 0, 0, 0, 354], [2, 1, 1, 1, 0, 0, 0, 0, 1]])
    >>> groups = GroupResiduals(("sex",), ("F", "M"), 0.0, sums)
    >>> bias(groups).tolist()
    [-0.5, 0.5]

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    """
    return ratio(groups.sums[:, 1], groups.sums[:, 0])


def standard_error(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` as of all rows together."""
    return errors_of_means(groups.sums[:, 0], groups.sums[:, 1], groups.sums[:, 2])


def support(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` labelled rows."""
    return groups.sums[:, 0]
