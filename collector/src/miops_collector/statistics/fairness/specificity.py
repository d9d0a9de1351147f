"""Specificity by group."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._macro import SPECIFICITY, labelled_rows
from miops_collector.summary import FloatArray, GroupClasses

__all__ = ["specificity", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the group has no labelled rows",
    rests_on="labelled",
)
def specificity(groups: GroupClasses) -> FloatArray:
    """Share of the rows not of a class that the model does not take for it in a group, on average over classes.

    ::

        specificity = mean over classes of  rows neither of the class nor predicted as it / rows not of the class

    0 = none, 1 = all; higher is better. With many classes it is near 1 for any model.

    Parameters
    ----------
    groups
        Decisions by group, among classes of which none is the positive one.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that all rows of a group are of is left out
        of its mean, as of the whole model.

    Notes
    -----
    Prefer ``precision`` to see what naming a class is worth. Of one positive class it is one less
    ``false_positive_rate``.

    Examples
    --------
    >>> import numpy as np
    >>> confusion = np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> specificity(GroupClasses(("sex",), ("F", "M"), ("a", "b"), confusion)).round(4).tolist()
    [0.7917, 0.7667]

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return SPECIFICITY.value(groups)


def standard_error(groups: GroupClasses) -> FloatArray:
    """``(g,)`` by the delta method, for independent rows; ``nan`` where the number is."""
    return SPECIFICITY.error(groups)


def support(groups: GroupClasses) -> FloatArray:
    """``(g,)`` labelled rows."""
    return labelled_rows(groups)
