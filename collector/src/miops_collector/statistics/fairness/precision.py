"""Precision by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import predicted_positives
from miops_collector.statistics.fairness._macro import PRECISION, labelled_rows
from miops_collector.summary import FloatArray, GroupClasses, Groups

__all__ = ["counts", "precision", "standard_error", "support"]


@statistic(
    bounds=(0.0, 1.0),
    higher="neither",
    undefined="the group has no labelled rows that were predicted positive",
    rests_on="labelled",
)
def precision(groups: GroupClasses | Groups) -> FloatArray:
    """How often a decision in favour of a row of the group is right; of several classes, on average over them.

    ::

        precision = predicted and truly positive / predicted positive

    0 = never, 1 = always; neither is better in itself, unequal is worse. Without a positive class it is the mean over
    classes, each against the rest (macro).

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0. A class that is never predicted in a group is left out
        of its mean, as of the whole model (scikit-learn with ``zero_division=nan``).

    Notes
    -----
    Also called positive predictive value. It follows how frequent the positive class is in the group, so it differs
    between groups even if the rates given truth do not; prefer ``true_positive_rate`` and ``false_positive_rate`` for
    those.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> precision(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [0.75, 0.75]

    References
    ----------
    A. Chouldechova, "Fair prediction with disparate impact: a study of bias in recidivism prediction instruments", Big
    Data 5(2), 2017, doi:10.1089/big.2016.0047.
    """
    return PRECISION.value(groups) if isinstance(groups, GroupClasses) else ratio(*predicted_positives(groups))


def standard_error(groups: GroupClasses | Groups) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the rate is."""
    if isinstance(groups, GroupClasses):
        return PRECISION.error(groups)
    rate = precision(groups)
    return np.sqrt(ratio(rate * (1 - rate), predicted_positives(groups)[1]))


def counts(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return predicted_positives(groups)


def support(groups: GroupClasses) -> FloatArray:
    """``(g,)`` labelled rows, of a mean over classes."""
    return labelled_rows(groups)
