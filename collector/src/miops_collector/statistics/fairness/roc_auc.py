"""Area under the ROC curve by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.statistics.fairness._over_classes import (
    by_truth,
    error_over_classes,
    labelled_rows_with_scores,
    over_classes,
)
from miops_collector.summary import FloatArray, GroupClassScores, GroupScores

__all__ = ["roc_auc", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the labelled rows of the group are all of one class",
    rests_on="labelled",
)
def roc_auc(groups: GroupScores | GroupClassScores) -> FloatArray:
    """Chance that a row of the class scores above another row of the same group; of several classes their mean.

    ::

        AUC of the group's rows alone

    1 = perfect ranking, 0.5 = guessing; higher is better. Of the positive class; of several the mean over classes, each
    against the rest.

    Parameters
    ----------
    groups
        Scores by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that a group has none of, or nothing else, is
        left out of its mean, as of the whole model.

    Notes
    -----
    From 50 bins of the score, of several classes 32: rows in one bin count as ties. It compares rows of one group
    with each other only, and does not see that one group is scored lower as a whole: prefer ``calibration_gap`` for
    that.

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
    return over_classes(_areas(groups))


def standard_error(groups: GroupScores | GroupClassScores) -> FloatArray:
    """``(g,)`` DeLong's, as of all rows together; ``nan`` for fewer than two rows of one of two classes."""
    others, hits = _by_truth(groups)
    errors = np.asarray(np.hypot(_error_of_placement(hits, others), _error_of_placement(others, hits)))
    return error_over_classes(_areas(groups), errors)


def support(groups: GroupScores | GroupClassScores) -> FloatArray:
    """``(g,)`` labelled rows of the rarer class; of a mean over classes all that have scores."""
    if isinstance(groups, GroupClassScores):
        return labelled_rows_with_scores(groups)
    return np.asarray(groups.labelled.sum(axis=(1, 2)).min(axis=1))


def _areas(groups: GroupScores | GroupClassScores) -> FloatArray:
    others, hits = _by_truth(groups)
    return ratio((hits * _below(others)).sum(axis=-1), hits.sum(axis=-1) * others.sum(axis=-1))


def _by_truth(groups: GroupScores | GroupClassScores) -> tuple[FloatArray, FloatArray]:
    """``(…, b)`` each: labelled rows that are not of the class, and those that are."""
    cells = by_truth(groups)
    return cells[..., 0], cells[..., 1]


def _below(counts: FloatArray) -> FloatArray:
    """Rows under each bin, and half of those in it."""
    return np.asarray(np.cumsum(counts, axis=-1) - counts / 2)


def _error_of_placement(rows: FloatArray, others: FloatArray) -> FloatArray:
    placement = ratio(_below(others), np.broadcast_to(others.sum(axis=-1, keepdims=True), rows.shape))
    totals = (np.where(rows > 0, rows * placement**power, 0.0).sum(axis=-1) for power in (1, 2))
    return errors_of_means(rows.sum(axis=-1), *totals)
