"""Predictive parity difference, estimated without truth."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness import precision
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups, error_of_gap, gap
from miops_collector.statistics.estimated_fairness._class_groups import ClassGroups

__all__ = ["predictive_parity_difference", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups have enough rows with a score and a reference with enough truth",
    rests_on="rows",
)
def predictive_parity_difference(groups: CalibratedGroups | ClassGroups, *, minimum_rows: float) -> float:
    """How much more a positive decision is probably worth in one group than in another.

    ::

        max over groups of precision - min over groups of precision

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
    Holds while rows of one score and group are as often positive as in the reference. Several classes: of the mean
    precision over classes. The largest of many differences
    is large by chance, the more groups the larger, and its standard error does not know that it was chosen.
    Prefer ``equal_opportunity_difference`` when missing somebody hurts more than selecting wrongly.

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
    >>> found = predictive_parity_difference(groups, minimum_rows=30)
    >>> round(found, 4), round(standard_error(groups, minimum_rows=30), 4)
    (0.03, 0.0956)

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return gap(precision.precision(groups), groups, minimum_rows)


def standard_error(groups: CalibratedGroups | ClassGroups, *, minimum_rows: float) -> float:
    """Of the two groups that are furthest apart, as if they had been named before."""
    return error_of_gap(precision.precision(groups), precision.standard_error(groups), groups, minimum_rows)
