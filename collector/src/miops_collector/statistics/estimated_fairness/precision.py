"""Precision by group, estimated without truth."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups
from miops_collector.statistics.estimated_fairness._class_groups import ClassGroups
from miops_collector.summary import FloatArray

__all__ = ["precision", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="neither",
    undefined="no row of the group is predicted positive, or its reference has too little truth",
    rests_on="rows",
)
def precision(groups: CalibratedGroups | ClassGroups) -> FloatArray:
    """How often the model is probably right when it says positive of a row of a group, where truth is not known yet.

    ::

        precision = Σ qᵢ n₁ᵢ / Σ n₁ᵢ
        n₁ᵢ, n₀ᵢ: rows of the group in bin i predicted positive, negative;  nᵢ: both
        qᵢ: their chance of being positive, as among rows of this group in the reference

    0 = never, 1 = always; neither is better in itself, unequal is worse.

    Parameters
    ----------
    groups
        Scores of every group, and what they mean in that group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0 or the group's scores mean nothing.

    Notes
    -----
    Holds while rows of one score and group are as often positive as in the reference.
    The mean calibrated score of the rows that are selected; of several classes the mean of it over classes. Prefer
    ``miops.fairness.precision`` as soon as truth is there.

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
    >>> precision(groups).round(4).tolist(), standard_error(groups).round(4).tolist()
    ([0.78, 0.75], [0.0629, 0.072])

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return groups.rates.precision.value


def standard_error(groups: CalibratedGroups | ClassGroups) -> FloatArray:
    """``(g,)`` of realised values about the estimates while the calibration of each group holds."""
    return groups.rates.precision.error
