"""Brier score, estimated without truth."""

from __future__ import annotations

from math import hypot

import numpy as np

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each, error_over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration

__all__ = ["brier", "standard_error"]


@statistic(
    bounds=(0.0, 2.0),
    higher="worse",
    undefined="the window has no scores, or they are no probabilities",
    rests_on="rows",
)
def brier(scores: Calibrated) -> float:
    """Mean squared error that the probabilities probably have, where truth is not known yet.

    ::

        Brier = Σ over bins nᵢ (qᵢ (1 - sᵢ)² + (1 - qᵢ) sᵢ²) / n
        nᵢ: rows of bin i;  sᵢ: what they say, the centre of the bin;  qᵢ: their chance as in the reference

    0 = certain and always right, 0.25 = always one half, 1 = certain and always wrong; lower is better.
    Several classes: the sum over classes, up to 2.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` without rows, or if the scores are no probabilities.

    Notes
    -----
    For a calibrated model it is the mean of ``q (1 - q)``: it then says how hard the rows are, not how honest the
    scores. Scores are read at the centres of their bins, which moves it by at most 0.001 with 1,000 bins. Holds
    while rows of one score are as often positive as in the reference; concept drift does not show in it but in
    ``brier_gap``, when truth comes. Prefer ``accuracy`` where decisions count and not probabilities.

    Examples
    --------
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> rows = np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2)))
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(brier(window), 4), round(standard_error(window), 4)
    (0.135, 0.0254)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return quotient(sum(_sum_of_powers(c, 2) for c in each(scores)), scores.rows)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds.

    Of a mean of independent rows from the expected cells, and that of the chances, learnt from a finite reference.
    """
    return len(each(scores)) * error_over_classes(_error, scores)


def _error(scores: CalibratedScores) -> float:
    return hypot(
        error_of_mean(*(_sum_of_powers(scores, power) for power in (0, 2, 4))),
        error_of_calibration(scores, _sensitivity.brier),
    )


def _sum_of_powers(scores: CalibratedScores, power: int) -> float:
    stated = scores.calibration.stated[:, None]
    distance = np.concatenate((stated, 1 - stated), axis=1)
    return float(np.vdot(scores.by_truth, distance**power))
