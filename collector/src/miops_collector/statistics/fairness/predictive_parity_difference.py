"""Predictive parity difference."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import predicted_positives
from miops_collector.statistics.fairness._extremes import gap
from miops_collector.statistics.fairness.precision import precision, support
from miops_collector.summary import GroupClasses, Groups

__all__ = ["predictive_parity_difference"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups have enough labelled rows and a positive decision, or there is no positive class",
    rests_on="labelled",
)
def predictive_parity_difference(groups: GroupClasses | Groups, *, minimum_rows: float) -> float:
    """How much more a positive decision can be trusted for one group than for another.

    ::

        max over groups of precision - min over groups of precision

    0 = all groups alike, 1 = always right for one and always wrong for another; higher is worse.

    Parameters
    ----------
    groups
        Decisions by group.
    minimum_rows
        Groups with fewer labelled rows in the denominator are left out.

    Returns
    -------
    float
        ``nan`` if fewer than two groups can be compared.

    Notes
    -----
    If the positive class is more frequent in one group, this and ``equalized_odds_difference`` cannot both be 0 for any
    model that errs. Prefer this one for people who act on a decision, the other for people it is about.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> groups = Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)
    >>> round(predictive_parity_difference(groups, minimum_rows=20), 4)
    0.0

    References
    ----------
    A. Chouldechova, "Fair prediction with disparate impact: a study of bias in recidivism prediction instruments", Big
    Data 5(2), 2017, doi:10.1089/big.2016.0047.
    """
    rows = support(groups) if isinstance(groups, GroupClasses) else predicted_positives(groups)[1]
    return gap(precision(groups), rows, minimum_rows)
