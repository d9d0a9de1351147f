"""Average precision by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._over_classes import (
    by_truth,
    error_over_classes,
    labelled_rows_with_scores,
    over_classes,
)
from miops_collector.summary import FloatArray, GroupClassScores, GroupScores

__all__ = ["average_precision", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the group has no labelled rows that are truly positive",
    rests_on="labelled",
)
def average_precision(groups: GroupScores | GroupClassScores) -> FloatArray:
    """How pure the top of a group's ranking is, on average over its positive rows; of several classes their mean.

    ::

        AP = Σ over positive rows of the group  (share of positives among its rows scored as high or higher) / positives

    1 = all positives on top, the share of positives = guessing; higher is better. Of the positive class; of several the
    mean over classes, each against the rest.

    Parameters
    ----------
    groups
        Scores by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that a group has none of is left out of its
        mean, as of the whole model.

    Notes
    -----
    From 50 bins of the score, of several classes 32: rows in one bin count as ties. A group with more positives has
    a higher value by that alone; prefer ``roc_auc`` where shares of positives differ.

    Examples
    --------
    >>> import numpy as np
    >>> labelled = np.array([[[[4.0, 1.0], [0, 0]], [[0, 0], [1.0, 6.0]]], [[[1.0, 0], [0, 0]], [[0, 0], [0, 1.0]]]])
    >>> groups = GroupScores(("sex",), ("F", "M"), np.array([0, 0.5, 1]), True, labelled.sum(axis=3), labelled)
    >>> average_precision(groups).round(4).tolist()
    [0.818, 1.0]

    References
    ----------
    J. Davis, M. Goadrich, "The relationship between Precision-Recall and ROC curves", Proceedings of the 23rd
    International Conference on Machine Learning, 2006, doi:10.1145/1143844.1143874.
    """
    return over_classes(_purities(groups))


def standard_error(groups: GroupScores | GroupClassScores) -> FloatArray:
    """``(g,)`` by the delta method: one more row of a bin changes the precision of all bins from there down."""
    others, hits = _from_top(groups)
    positives, precision, reached = hits.sum(axis=-1), _precision(groups), np.cumsum(others + hits, axis=-1)
    each = np.where(reached > 0, hits / np.maximum(reached, 1e-300), 0.0)
    lost = np.cumsum((each * precision)[..., ::-1], axis=-1)[..., ::-1]
    won = np.cumsum(each[..., ::-1], axis=-1)[..., ::-1] - lost
    values = _purities(groups)
    by_hit = precision + won - values[..., None]
    errors = ratio(np.sqrt((hits * by_hit**2 + others * lost**2).sum(axis=-1)), positives)
    return error_over_classes(values, errors)


def support(groups: GroupScores | GroupClassScores) -> FloatArray:
    """``(g,)`` labelled rows of the rarer class; of a mean over classes all that have scores."""
    if isinstance(groups, GroupClassScores):
        return labelled_rows_with_scores(groups)
    return np.asarray(groups.labelled.sum(axis=(1, 2)).min(axis=1))


def _purities(groups: GroupScores | GroupClassScores) -> FloatArray:
    _, hits = _from_top(groups)
    return np.minimum(ratio((hits * _precision(groups)).sum(axis=-1), hits.sum(axis=-1)), 1.0)


def _from_top(groups: GroupScores | GroupClassScores) -> tuple[FloatArray, FloatArray]:
    """``(…, b)`` each, the highest scores first: labelled rows that are not of the class, and those that are."""
    cells = by_truth(groups)[..., ::-1, :]
    return cells[..., 0], cells[..., 1]


def _precision(groups: GroupScores | GroupClassScores) -> FloatArray:
    """``(…, b)`` share of the class among the rows down to each bin; 0 above the first row."""
    others, hits = _from_top(groups)
    found = np.cumsum(hits, axis=-1)
    return np.nan_to_num(ratio(found, found + np.cumsum(others, axis=-1)))
