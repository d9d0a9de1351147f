"""Accuracy by group, estimated without truth."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups
from miops_collector.statistics.estimated_fairness._class_groups import ClassGroups
from miops_collector.statistics.estimated_fairness._group_losses import DecidedGroups
from miops_collector.summary import FloatArray

__all__ = ["accuracy", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the group has no rows with a score, or its reference too little truth",
    rests_on="rows",
)
def accuracy(groups: CalibratedGroups | ClassGroups | DecidedGroups) -> FloatArray:
    """Share of a group's rows that are probably decided rightly, where truth is not known yet.

    ::

        accuracy = Σ (qᵢ n₁ᵢ + (1 - qᵢ) n₀ᵢ) / Σ nᵢ
        n₁ᵢ, n₀ᵢ: rows of the group in bin i predicted positive, negative;  nᵢ: both
        qᵢ: their chance of being positive, as among rows of this group in the reference

    0 = all wrong, 1 = all right; higher is better, unequal is worse.

    Parameters
    ----------
    groups
        Scores of every group and what they mean in that group, or decisions and how often each was right there.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0 or the group's scores mean nothing.

    Notes
    -----
    Holds while rows of one score and group are as often positive as in the reference. Of several classes it is
    ``Σ over classes Σ qᵢ n₁ᵢ / n``, each class by its own score. Where scores are not kept by group each decision
    counts as right as often as in that group in the reference, ``Σ over classes rows decided so · share right then /
    rows``, which follows a shift between classes and misses one within them.
    Hides on whose side the errors are; prefer ``true_positive_rate`` and ``false_positive_rate`` to see that.

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
    >>> accuracy(groups).round(4).tolist(), standard_error(groups).round(4).tolist()
    ([0.81, 0.72], [0.0429, 0.0479])

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return groups.right if isinstance(groups, DecidedGroups) else groups.rates.accuracy.value


def standard_error(groups: CalibratedGroups | ClassGroups | DecidedGroups) -> FloatArray:
    """``(g,)`` of realised values about the estimates while the calibration of each group holds."""
    return groups.error if isinstance(groups, DecidedGroups) else groups.rates.accuracy.error
