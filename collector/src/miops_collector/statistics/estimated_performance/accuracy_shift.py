"""The part of a change in accuracy that covariate shift explains."""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each
from miops_collector.statistics.estimated_performance.accuracy import accuracy
from miops_collector.summary import FloatArray

__all__ = ["accuracy_shift", "standard_error"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="the window or the reference has no scores, or it is not known what they mean",
    rests_on="rows",
)
def accuracy_shift(reference: Calibrated, current: Calibrated) -> float:
    """How much better decisions probably are than in the reference, because rows are easier or harder than there.

    ::

        shift = accuracy estimated for the window - accuracy estimated for the reference, by the same calibration

    0 = rows are as hard as they were, negative = harder, positive = easier; -1 … 1.

    Parameters
    ----------
    reference, current
        Scores of each, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if either has no rows, or if the scores mean nothing.

    Notes
    -----
    Change in accuracy splits into this part, which covariate shift explains as far as it shows in the scores, and the
    rest, which it does not: ``accuracy_gap``, known when truth comes, the sign of concept drift. Both parts sum to the
    change where all rows have their truth. Prefer ``accuracy`` for how good the model probably is now.

    Examples
    --------
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> def of(rows):
    ...     return CalibratedScores(ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2))), learnt)
    >>> easy = of(np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]]))
    >>> hard = of(np.array([[20.0, 0.0], [40.0, 0.0], [0.0, 20.0], [0.0, 20.0]]))
    >>> round(accuracy_shift(easy, hard), 4), round(standard_error(easy, hard), 4)
    (-0.09, 0.0234)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return accuracy(current) - accuracy(reference)


def standard_error(reference: Calibrated, current: Calibrated) -> float:
    """Of finitely many rows on either side, and of the calibration where their scores differ."""
    of_rows = hypot(_error_of_rows(reference), _error_of_rows(current))
    pairs = zip(each(reference), each(current), strict=True)
    return hypot(of_rows, sqrt(sum(_variance_of_calibration(*pair, len(each(current))) for pair in pairs)))


def _error_of_rows(scores: Calibrated) -> float:
    """Of the mean chance that a decision is right."""
    total = squares = 0.0
    for c in each(scores):
        right, rows = _right(c), c.scores.rows
        decided = rows if isinstance(scores, CalibratedScores) else rows[:, 1:]
        right = right[:, -decided.shape[1] :]
        total, squares = total + float(np.vdot(decided, right)), squares + float(np.vdot(decided, right**2))
    return error_of_mean(scores.rows, total, squares)


def _right(scores: CalibratedScores) -> FloatArray:
    """``(b, 2)`` chance that the decision is right."""
    chance = scores.calibration.probability
    return np.stack((1 - chance, chance), axis=1)


def _variance_of_calibration(reference: CalibratedScores, current: CalibratedScores, classes: int) -> float:
    pull = _pull(current, classes) - _pull(reference, classes)
    of_blocks = np.bincount(current.calibration.block, pull, current.calibration.block_variance.size)
    return float(of_blocks**2 @ current.calibration.block_variance)


def _pull(scores: CalibratedScores, classes: int) -> FloatArray:
    """``(b,)`` by how much the estimate rises with the chance of each bin."""
    rows = scores.scores.rows
    pulled: FloatArray = (rows[:, 1] - (rows[:, 0] if classes == 1 else 0.0)) / max(scores.rows, 1.0)
    return pulled
