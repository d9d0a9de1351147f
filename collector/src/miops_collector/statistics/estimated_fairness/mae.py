"""Mean absolute error by group, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness._group_losses import GroupErrors
from miops_collector.summary import FloatArray

__all__ = ["mae", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the group has no predictions, in the window or the reference",
    rests_on="rows",
)
def mae(groups: GroupErrors) -> FloatArray:
    """How far off predictions about a group probably are, where truth is not known yet.

    ::

        MAE = mean |e| of the group in the reference · f̄ now / f̄ then
        f: mean |e| by range of the prediction, over all groups of the reference;  f̄: its mean over the predictions
        about the group, of the window and of the reference

    In the unit of the target; 0 = exact; lower is better, unequal is worse.

    Parameters
    ----------
    groups
        Predictions of every group, and how rows of such predictions erred in the reference.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where the group has no predictions or its reference too little truth.

    Notes
    -----
    How errors grow with the prediction is learnt from all groups, by about ten ranges; how much larger they are in one
    group, from that group. Holds while errors among rows of one prediction and group are as large as in the reference.
    Prefer ``rmse`` where large errors count more.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.summary import error_terms
    >>> low = error_terms(np.array([1.0, -1.0, 0.0, 2.0]), np.array([4.0, 5.0, 6.0, 8.0])).mean(axis=1)
    >>> high = error_terms(np.array([-2.0, 0.0, -4.0, 1.0]), np.array([8.0, 10.0, 16.0, 10.0])).mean(axis=1)
    >>> cells, by_range = np.array([[40.0, 40.0], [0.0, 100.0]]), np.stack((low, high))
    >>> then, known = (low + high) / 2, np.stack((100 * low + 100 * high, 50 * low + 150 * high))
    >>> groups = GroupErrors(
    ...     ("sex",), ("F", "M"), np.array([True, True]), cells, by_range, np.stack((then, then)), known
    ... )
    >>> mae(groups).round(4).tolist(), standard_error(groups).round(4).tolist()
    ([1.375, 1.9886], [0.1612, 0.2132])

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return groups.grown(_error_sums.mean_size)


def standard_error(groups: GroupErrors) -> FloatArray:
    """``(g,)`` of realised values about the estimates while errors are as in the reference."""
    return groups.error_of_grown(_error_sums.mean_size, _error_sums.pull_of_size())
