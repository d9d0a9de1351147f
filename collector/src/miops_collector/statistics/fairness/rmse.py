"""Root mean squared error by group."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupResiduals

__all__ = ["rmse", "standard_error", "support"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="the group has no labelled rows", rests_on="labelled")
def rmse(groups: GroupResiduals) -> FloatArray:
    """Typical size of an error about a group, with large errors counting more, in units of the target.

    ::

        RMSE = √( Σ (prediction - truth)² / n )

    0 = always exact, no upper bound; lower is better.

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
    A single outlier can make it in a small group: prefer ``mae`` there.

    Examples
    --------
    >>> import numpy as np
    >>> sums = np.array([[4.0, -2, 30, 10, 0, 0, 0, 0, 354], [2, 1, 1, 1, 0, 0, 0, 0, 1]])
    >>> groups = GroupResiduals(("sex",), ("F", "M"), 0.0, sums)
    >>> rmse(groups).round(4).tolist()
    [2.7386, 0.7071]

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    """
    return np.asarray(np.sqrt(ratio(groups.sums[:, 2], groups.sums[:, 0])))


def standard_error(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` as of all rows together."""
    return ratio(errors_of_means(groups.sums[:, 0], groups.sums[:, 2], groups.sums[:, 8]), 2 * rmse(groups))


def support(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` labelled rows."""
    return groups.sums[:, 0]
