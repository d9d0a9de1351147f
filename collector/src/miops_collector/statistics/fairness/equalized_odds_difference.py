"""Equalized odds difference."""

from __future__ import annotations

from math import isnan, nan

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import negatives, positives
from miops_collector.statistics.fairness._extremes import gap
from miops_collector.statistics.fairness.false_positive_rate import false_positive_rate
from miops_collector.statistics.fairness.true_positive_rate import true_positive_rate
from miops_collector.summary import Groups

__all__ = ["equalized_odds_difference"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups have enough labelled rows and a known rate, or there is no positive class",
    rests_on="labelled",
)
def equalized_odds_difference(groups: Groups, *, minimum_rows: float) -> float:
    """The larger of two gaps between groups: in finding the deserving, and in favouring the undeserving.

    ::

        max( gap of true-positive rates, gap of false-positive rates )      gap: max - min over groups

    0 = all groups alike, 1 = opposite treatment; higher is worse.

    Parameters
    ----------
    groups
        Decisions by group.
    minimum_rows
        Groups with fewer labelled rows in the denominator are left out.

    Returns
    -------
    float
        ``nan`` if fewer than two groups can be compared, or the model has no positive class.

    Notes
    -----
    If only one of the two gaps is defined it is that one. Equal to Fairlearn's (worst case) where every group is large
    enough and has both truths; where a rate is 0/0 Fairlearn takes 0. Prefer ``equal_opportunity_difference`` when only
    being found matters.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> groups = Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)
    >>> round(equalized_odds_difference(groups, minimum_rows=20), 4)
    0.15

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    """
    of_positives = gap(true_positive_rate(groups), positives(groups)[1], minimum_rows)
    of_negatives = gap(false_positive_rate(groups), negatives(groups)[1], minimum_rows)
    return max((g for g in (of_positives, of_negatives) if not isnan(g)), default=nan)
