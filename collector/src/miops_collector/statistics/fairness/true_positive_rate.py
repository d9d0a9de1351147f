"""True-positive rate by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import positives
from miops_collector.summary import FloatArray, Groups

__all__ = ["counts", "standard_error", "true_positive_rate"]


@statistic(
    bounds=(0.0, 1.0),
    higher="neither",
    undefined="the group has no labelled rows that are truly positive, or there is no positive class",
    rests_on="labelled",
)
def true_positive_rate(groups: Groups) -> FloatArray:
    """Share of a group's truly positive rows that the model finds.

    ::

        true-positive rate = predicted and truly positive / truly positive

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
    Recall of the group. Fairlearn says 0 where no row is truly positive. Prefer ``selection_rate`` while truth is
    missing.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> true_positive_rate(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [0.75, 0.6]

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    """
    return ratio(*positives(groups))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the rate is."""
    rate = true_positive_rate(groups)
    return np.sqrt(ratio(rate * (1 - rate), positives(groups)[1]))


def counts(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return positives(groups)
