"""Balanced accuracy, estimated without truth."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, error_over_classes, over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration
from miops_collector.statistics.performance import balanced_accuracy as of_two
from miops_collector.statistics.performance import recall as of_class

__all__ = ["balanced_accuracy", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the window has no scores, or it is not known what they mean",
    rests_on="rows",
)
def balanced_accuracy(scores: Calibrated) -> float:
    """Accuracy as it would probably be if both classes were equally frequent, where truth is not known yet.

    ::

        balanced accuracy = (TP / (TP + FN) + TN / (TN + FP)) / 2
        TP = Σ qᵢ n₁ᵢ, FP = Σ (1 - qᵢ) n₁ᵢ, FN = Σ qᵢ n₀ᵢ, TN = Σ (1 - qᵢ) n₀ᵢ
        n₁ᵢ, n₀ᵢ: rows of bin i predicted positive, negative;  qᵢ: their chance of being positive, as in the reference

    0 = all wrong, 0.5 = guessing, 1 = all right; higher is better.

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
    ``balanced_accuracy_gap``, when truth comes. Prefer ``accuracy`` for the share of wrong decisions as users feel it.

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
    >>> round(balanced_accuracy(window), 4), round(standard_error(window), 4)
    (0.8111, 0.0429)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    if isinstance(scores, CalibratedScores):
        return of_two.balanced_accuracy(scores.confusion)
    return over_classes(lambda c: of_class.recall(c.confusion), scores)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds.

    Of independent binomial shares from the expected cells, and that of the chances, learnt from a finite reference.
    """
    if isinstance(scores, CalibratedScores):
        of_calibration = error_of_calibration(scores, _sensitivity.balanced_accuracy)
        return hypot(of_two.standard_error(scores.confusion), of_calibration)
    return error_over_classes(_error_of_class, scores)


def _error_of_class(scores: CalibratedScores) -> float:
    return hypot(of_class.standard_error(scores.confusion), error_of_calibration(scores, _sensitivity.recall))
