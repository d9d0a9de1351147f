"""Recall by group."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._macro import RECALL, labelled_rows
from miops_collector.summary import FloatArray, GroupClasses

__all__ = ["recall", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the group has no labelled rows",
    rests_on="labelled",
)
def recall(groups: GroupClasses) -> FloatArray:
    """Share of a class that the model finds in a group, on average over classes.

    ::

        recall = mean over classes of  rows of the class that the model is right about / rows of the class

    0 = none, 1 = all; higher is better.

    Parameters
    ----------
    groups
        Decisions by group, among classes of which none is the positive one.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that is never true in a group is left out of
        its mean, as of the whole model (and in scikit-learn with ``zero_division=nan``).

    Notes
    -----
    Prefer ``balanced_accuracy`` where groups have to be compared over the same classes: it is the same number, but
    ``nan`` for a group without rows of a class that others have. Of one positive class see ``true_positive_rate``.

    Examples
    --------
    >>> import numpy as np
    >>> confusion = np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> recall(GroupClasses(("sex",), ("F", "M"), ("a", "b"), confusion)).round(4).tolist()
    [0.7917, 0.7667]

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return RECALL.value(groups)


def standard_error(groups: GroupClasses) -> FloatArray:
    """``(g,)`` by the delta method, for independent rows; ``nan`` where the number is."""
    return RECALL.error(groups)


def support(groups: GroupClasses) -> FloatArray:
    """``(g,)`` labelled rows."""
    return labelled_rows(groups)
