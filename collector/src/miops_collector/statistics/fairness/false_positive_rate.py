"""False-positive rate by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import negatives
from miops_collector.summary import FloatArray, Groups

__all__ = ["counts", "false_positive_rate", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="neither",
    undefined="the group has no labelled rows that are truly negative, or there is no positive class",
    rests_on="labelled",
)
def false_positive_rate(groups: Groups) -> FloatArray:
    """Share of a group's truly negative rows that the model decides in favour of all the same.

    ::

        false-positive rate = predicted positive and truly negative / truly negative

    0 = none, 1 = all; neither is better in itself, unequal is worse.

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    The false alarms a group has to bear. Fairlearn says 0 where no row is truly negative. Prefer ``precision`` to see
    what a positive decision is worth.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> false_positive_rate(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [0.16666666666666666, 0.06666666666666667]

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    """
    return ratio(*negatives(groups))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the rate is."""
    rate = false_positive_rate(groups)
    return np.sqrt(ratio(rate * (1 - rate), negatives(groups)[1]))


def counts(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return negatives(groups)
