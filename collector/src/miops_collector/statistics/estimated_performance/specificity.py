"""Specificity, estimated without truth."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, error_over_classes, over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration
from miops_collector.statistics.performance import specificity as realised

__all__ = ["specificity", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no rows are expected to be negative, or it is not known what scores mean",
    rests_on="rows",
)
def specificity(scores: Calibrated) -> float:
    """Share of the negative rows that the model probably leaves alone, where truth is not known yet.

    ::

        specificity = TN / (TN + FP)
        FP = Σ (1 - qᵢ) n₁ᵢ, TN = Σ (1 - qᵢ) n₀ᵢ
        n₁ᵢ, n₀ᵢ: rows of bin i predicted positive, negative;  qᵢ: their chance of being positive, as in the reference

    0 … 1; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if no row can be negative, or if the scores mean nothing.

    Notes
    -----
    Holds while rows of one score are as often positive as in the reference; concept drift does not show in it but in
    ``specificity_gap``, when truth comes. Close to 1 whenever positives are rare; prefer ``precision`` there.

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
    >>> round(specificity(window), 4), round(standard_error(window), 4)
    (0.7925, 0.0585)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return over_classes(lambda c: realised.specificity(c.confusion), scores)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds.

    Binomial from the expected cells, and that of the chances, learnt from a finite reference.
    """
    return error_over_classes(_error, scores)


def _error(scores: CalibratedScores) -> float:
    return hypot(realised.standard_error(scores.confusion), error_of_calibration(scores, _sensitivity.specificity))
