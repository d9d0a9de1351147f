"""Equal opportunity difference."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import positives
from miops_collector.statistics.fairness._extremes import gap
from miops_collector.statistics.fairness.true_positive_rate import true_positive_rate
from miops_collector.summary import Groups

__all__ = ["equal_opportunity_difference"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups have enough labelled rows and a positive truth, or there is no positive class",
    rests_on="labelled",
)
def equal_opportunity_difference(groups: Groups, *, minimum_rows: float) -> float:
    """How much more often the model finds the deserving rows of one group than those of another.

    ::

        max over groups of true-positive rate - min over groups of true-positive rate

    0 = all groups alike, 1 = all found in one and none in another; higher is worse.

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
    A group without truly positive rows has no such rate and is left out; Fairlearn calls its rate 0, which makes the
    difference as large as the best group's rate. Prefer ``equalized_odds_difference`` when false alarms hurt too.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> groups = Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)
    >>> round(equal_opportunity_difference(groups, minimum_rows=20), 4)
    0.15

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    """
    return gap(true_positive_rate(groups), positives(groups)[1], minimum_rows)
