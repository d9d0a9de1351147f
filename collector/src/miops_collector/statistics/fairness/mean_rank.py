"""Mean rank by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, GroupPredictions

__all__ = ["mean_rank", "standard_error", "support"]


@statistic(bounds=(0.0, 1.0), higher="neither", undefined="the group has no rows with a prediction", rests_on="rows")
def mean_rank(groups: GroupPredictions) -> FloatArray:
    """Share of all rows that a row of the group is ranked above, on average.

    ::

        rank = Σ over bins  gᵢ (N below i + nᵢ / 2) / (G N)      gᵢ, nᵢ: rows of the group and of all in bin i

    0.5 = ranked like everybody, 1 = above all, 0 = below all; neither is better, unequal is worse.

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
    Statistical parity of a ranking, over the window as a whole: what is compared is how scores place rows among all of
    the window, not places in each list, so rows need not say which list they were ranked in. From about twelve bins of
    the prediction: rows in one bin count as ties. Needs no truth. Prefer ``exposure`` where rows say their places in
    lists, ``top_tenth_share`` where only the top is looked at.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.array([[0.0, 6, 2, 0], [0, 2, 6, 0]])
    >>> groups = GroupPredictions(("sex",), ("F", "M"), 10.0, np.array([[8.0, -8, 16], [8, 8, 16]]), cells)
    >>> mean_rank(groups).tolist()
    [0.375, 0.625]

    References
    ----------
    A. Singh, T. Joachims, "Fairness of exposure in rankings", Proceedings of the 24th ACM SIGKDD Conference, 2018,
    doi:10.1145/3219819.3220088.
    """
    return ratio((groups.cells * _place(groups)).sum(axis=1), support(groups))


def standard_error(groups: GroupPredictions) -> FloatArray:
    """``(g,)`` of a mean of independent places; that of all rows is taken as known. ``nan`` for fewer than two rows."""
    n, mean = support(groups), mean_rank(groups)
    spread = ratio((groups.cells * _place(groups) ** 2).sum(axis=1), n) - mean**2
    return np.sqrt(ratio(np.maximum(spread, 0.0), np.where(n > 1, n - 1, 0.0)))


def support(groups: GroupPredictions) -> FloatArray:
    """``(g,)`` rows that have a prediction."""
    return np.asarray(groups.cells.sum(axis=1))


def _place(groups: GroupPredictions) -> FloatArray:
    """Share of all rows under each bin, and half of those in it; 0 without rows."""
    every = groups.cells.sum(axis=0)
    return np.asarray((np.cumsum(every) - every / 2) / max(float(every.sum()), 1.0))
