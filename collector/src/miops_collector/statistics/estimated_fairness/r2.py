"""Coefficient of determination by group, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness._group_losses import GroupErrors
from miops_collector.summary import FloatArray

__all__ = ["r2", "standard_error"]


@statistic(
    bounds=(-inf, 1.0),
    higher="better",
    undefined="the group has no predictions, in the window or the reference, or the truth does not vary",
    rests_on="rows",
)
def r2(groups: GroupErrors) -> FloatArray:
    """Share of the variation of the truth within a group that the model probably explains, before truth comes.

    ::

        R² = 1 - (1 - R² of the group in the reference) · u now / u then
        u: mean e² / variance of the truth, as all groups' means by range of the prediction have them for the
        predictions about the group, of the window and of the reference

    1 = exact, 0 = no better than naming the mean of the group; higher is better, unequal is worse.

    Parameters
    ----------
    groups
        Predictions of every group, and how rows of such predictions erred in the reference.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where the group has no predictions, its reference too little
        truth, or the truth does not vary.

    Notes
    -----
    How errors and truths vary with the prediction is learnt from all groups, by about ten ranges; how much is left
    unexplained in one group, from that group. Holds while truths among rows of one prediction and group are spread as
    in the reference; predictions beyond its range count as the outermost ones, which underrates it. It falls in a group
    whose predictions crowd together: prefer ``mae`` or ``rmse`` for who meets larger errors.

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
    >>> r2(groups).round(4).tolist(), standard_error(groups).round(4).tolist()
    ([0.7297, 0.2535], [0.0281, 0.0792])

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return 1 - groups.grown(_error_sums.unexplained)


def standard_error(groups: GroupErrors) -> FloatArray:
    """``(g,)`` of realised values about the estimates while errors are as in the reference; by the delta method."""
    return groups.error_of_grown(_error_sums.unexplained, _error_sums.pull_of_unexplained(groups.known))
