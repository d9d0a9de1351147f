"""Mean prediction by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupPredictions

__all__ = ["mean_prediction", "standard_error", "support"]


@statistic(bounds=(-inf, inf), higher="neither", undefined="the group has no rows with a prediction", rests_on="rows")
def mean_prediction(groups: GroupPredictions) -> FloatArray:
    """What the model predicts for a group, on average.

    ::

        mean = Σ prediction / n

    Any value; neither higher nor lower is better.

    Parameters
    ----------
    groups
        Predictions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Statistical parity of a regression asks that it be alike. Needs no truth. Prefer ``mean_rank`` where the scale means
    nothing, ``bias`` once truth is known.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.array([[0.0, 6, 2, 0], [0, 2, 6, 0]])
    >>> groups = GroupPredictions(("sex",), ("F", "M"), 10.0, np.array([[8.0, -8, 16], [8, 8, 16]]), cells)
    >>> mean_prediction(groups).tolist()
    [9.0, 11.0]

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    """
    return groups.center + ratio(groups.sums[:, 1], groups.sums[:, 0])


def standard_error(groups: GroupPredictions) -> FloatArray:
    """``(g,)`` of a mean of independent rows; ``nan`` for fewer than two."""
    return errors_of_means(*groups.sums.T)


def support(groups: GroupPredictions) -> FloatArray:
    """``(g,)`` rows that have a prediction."""
    return groups.sums[:, 0]
