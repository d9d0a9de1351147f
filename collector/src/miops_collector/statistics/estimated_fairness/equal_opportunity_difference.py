"""Equal opportunity difference, estimated without truth."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness import true_positive_rate
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups, error_of_gap, gap

__all__ = ["equal_opportunity_difference", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups have enough rows with a score and a reference with enough truth",
    rests_on="rows",
)
def equal_opportunity_difference(groups: CalibratedGroups, *, minimum_rows: float) -> float:
    """How much more often the model probably finds the deserving rows of one group than those of another.

    ::

        max over groups of true-positive rate - min over groups of true-positive rate

    of the rates that are expected from calibrated scores before truth comes. 0 = all groups alike; higher is worse.

    Parameters
    ----------
    groups
        Scores of every group, and what they mean in that group.
    minimum_rows
        Groups with fewer rows are left out.

    Returns
    -------
    float
        ``nan`` if fewer than two groups can be compared.

    Notes
    -----
    Holds while rows of one score and group are as often positive as in the reference. The largest of many differences
    is large by chance, the more groups the larger, and its standard error does not know that it was chosen.
    Prefer ``equalized_odds_difference`` when false alarms hurt too.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> def of(rows):
    ...     return CalibratedScores(ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2))), learnt)
    >>> women = of(np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]]))
    >>> men = of(np.array([[20.0, 0.0], [40.0, 0.0], [0.0, 20.0], [0.0, 20.0]]))
    >>> groups = CalibratedGroups(("sex",), ("F", "M"), (women, men))
    >>> found = equal_opportunity_difference(groups, minimum_rows=30)
    >>> round(found, 4), round(standard_error(groups, minimum_rows=30), 4)
    (0.2048, 0.0939)

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return gap(true_positive_rate.true_positive_rate(groups), groups, minimum_rows)


def standard_error(groups: CalibratedGroups, *, minimum_rows: float) -> float:
    """Of the two groups that are furthest apart, as if they had been named before."""
    return error_of_gap(
        true_positive_rate.true_positive_rate(groups), true_positive_rate.standard_error(groups), groups, minimum_rows
    )
