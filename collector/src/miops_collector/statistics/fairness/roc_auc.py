"""Area under the ROC curve by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupScores

__all__ = ["roc_auc", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the labelled rows of the group are all of one class",
    rests_on="labelled",
)
def roc_auc(groups: GroupScores) -> FloatArray:
    """Chance that a positive row of a group scores higher than a negative row of the same group.

    ::

        AUC of the group's rows alone

    1 = perfect ranking, 0.5 = guessing; higher is better.

    Parameters
    ----------
    groups
        Scores by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    From 50 bins of the score: rows in one bin count as ties. It compares rows of one group with each other only, and
    does not see that one group is scored lower as a whole: prefer ``calibration_gap`` for that.

    Examples
    --------
    >>> import numpy as np
    >>> labelled = np.array([[[[4.0, 1.0], [0, 0]], [[0, 0], [1.0, 6.0]]], [[[1.0, 0], [0, 0]], [[0, 0], [0, 1.0]]]])
    >>> groups = GroupScores(("sex",), ("F", "M"), np.array([0, 0.5, 1]), True, labelled.sum(axis=3), labelled)
    >>> roc_auc(groups).round(4).tolist()
    [0.8286, 1.0]

    References
    ----------
    D. Borkan, L. Dixon, J. Sorensen, N. Thain, L. Vasserman, "Nuanced metrics for measuring unintended bias with real
    data for text classification", Companion Proceedings of The Web Conference, 2019, doi:10.1145/3308560.3317593.
    """
    others, hits = _by_truth(groups)
    return ratio((hits * _below(others)).sum(axis=1), hits.sum(axis=1) * others.sum(axis=1))


def standard_error(groups: GroupScores) -> FloatArray:
    """``(g,)`` DeLong's, as of all rows together; ``nan`` for fewer than two rows of a class."""
    others, hits = _by_truth(groups)
    return np.asarray(np.hypot(_error_of_placement(hits, others), _error_of_placement(others, hits)))


def support(groups: GroupScores) -> FloatArray:
    """``(g,)`` labelled rows of the rarer class."""
    return np.asarray(groups.labelled.sum(axis=(1, 2)).min(axis=1))


def _by_truth(groups: GroupScores) -> tuple[FloatArray, FloatArray]:
    """``(g, b)`` each: labelled rows that are not positive, and those that are."""
    cells = groups.labelled.sum(axis=2)
    return cells[..., 0], cells[..., 1]


def _below(counts: FloatArray) -> FloatArray:
    """Rows under each bin, and half of those in it."""
    return np.asarray(np.cumsum(counts, axis=1) - counts / 2)


def _error_of_placement(rows: FloatArray, others: FloatArray) -> FloatArray:
    placement = ratio(_below(others), np.broadcast_to(others.sum(axis=1, keepdims=True), rows.shape))
    totals = (np.where(rows > 0, rows * placement**power, 0.0).sum(axis=1) for power in (1, 2))
    return errors_of_means(rows.sum(axis=1), *totals)
