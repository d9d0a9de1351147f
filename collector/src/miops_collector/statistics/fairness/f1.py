"""F1 score by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import positives, predicted_positives
from miops_collector.statistics.fairness._macro import F1, labelled_rows
from miops_collector.summary import FloatArray, GroupClasses, Groups

__all__ = ["f1", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no labelled rows of the group are or were predicted positive",
    rests_on="labelled",
)
def f1(groups: GroupClasses | Groups) -> FloatArray:
    """Harmonic mean of precision and recall in a group, high only if both are; of several classes their mean.

    ::

        F1 = 2 TP / (2 TP + FP + FN)

    0 … 1; higher is better. Of the positive class; without one the mean over classes (macro).

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that in a group neither occurs nor is predicted
        is left out of its mean, as of the whole model (and in scikit-learn): means of groups may be over other classes.

    Notes
    -----
    It rises with the share of positives even if both rates given truth stay, so groups with different shares differ by
    that alone; prefer ``balanced_accuracy`` where that matters. Fairlearn says 0 where nothing is positive.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> f1(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).round(4).tolist()
    [0.75, 0.6667]

    References
    ----------
    K. Takahashi, K. Yamamoto, A. Kuchiba, T. Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1
    scores", Applied Intelligence 52, 2022, doi:10.1007/s10489-021-02635-5.
    """
    if isinstance(groups, GroupClasses):
        return F1.value(groups)
    return ratio(2 * _hits(groups), _hits(groups) + support(groups))


def standard_error(groups: GroupClasses | Groups) -> FloatArray:
    """``(g,)`` by the delta method, for independent rows; ``nan`` where the number is.

    With θ the share of hits among the rows that count, ``F1 = 2θ / (1 + θ)`` and θ is binomial, with half a row more on
    either side, so that a group without errors is not taken as certain.
    """
    if isinstance(groups, GroupClasses):
        return F1.error(groups)
    counting = support(groups)
    theta = (_hits(groups) + 0.5) / (counting + 1)
    return 2 / (1 + theta) ** 2 * np.sqrt(ratio(theta * (1 - theta), counting))


def support(groups: GroupClasses | Groups) -> FloatArray:
    """``(g,)`` labelled rows that are positive, were predicted so, or both; of a mean over classes all."""
    if isinstance(groups, GroupClasses):
        return labelled_rows(groups)
    return np.asarray(positives(groups)[1] + predicted_positives(groups)[1] - _hits(groups))


def _hits(groups: Groups) -> FloatArray:
    return positives(groups)[0]
