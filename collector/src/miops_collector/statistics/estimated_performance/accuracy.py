"""Accuracy, estimated without truth."""

from __future__ import annotations

from math import hypot, sqrt

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration

__all__ = ["accuracy", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the window has no scores, or it is not known what they mean",
    rests_on="rows",
)
def accuracy(scores: Calibrated) -> float:
    """Share of decisions that are probably right, where truth is not known yet.

    ::

        accuracy = (TP + TN) / (TP + FP + FN + TN)
        TP = Σ qᵢ n₁ᵢ, FP = Σ (1 - qᵢ) n₁ᵢ, FN = Σ qᵢ n₀ᵢ, TN = Σ (1 - qᵢ) n₀ᵢ
        n₁ᵢ, n₀ᵢ: rows of bin i predicted positive, negative;  qᵢ: their chance of being positive, as in the reference

    0 = all wrong, 1 = all right; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` without rows, or if the scores mean nothing.

    Notes
    -----
    Holds while rows of one score are as often positive as in the reference; concept drift does not show in it but in
    ``accuracy_gap``, when truth comes. With 1,000 bins it differs from NannyML's, which keeps every row, by at most
    1.9e-4 on any of 56 windows of the employment survey. Prefer ``balanced_accuracy`` when one class is rare.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> rows = np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2)))
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(accuracy(window), 4), round(standard_error(window), 4)
    (0.81, 0.0429)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return quotient(expected_hits(scores), scores.rows)


def expected_hits(scores: Calibrated) -> float:
    """Rows that were probably decided rightly."""
    if isinstance(scores, CalibratedScores):
        tp, _, _, tn = scores.cells
        return tp + tn
    return sum(c.cells[0] for c in scores.classes)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds.

    Binomial from the expected cells, and that of the chances, learnt from a finite reference.
    """
    of_rows = binomial_error(accuracy(scores), scores.rows)
    sensitivity = _sensitivity.accuracy if isinstance(scores, CalibratedScores) else _sensitivity.hits
    return hypot(of_rows, sqrt(sum(error_of_calibration(c, sensitivity) ** 2 for c in each(scores))))
