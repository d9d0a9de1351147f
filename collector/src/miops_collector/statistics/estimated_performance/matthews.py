"""Matthews correlation coefficient, estimated without truth."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration, error_of_truth
from miops_collector.statistics.performance import matthews as realised

__all__ = ["matthews", "standard_error"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="only one class is predicted or expected, or it is not known what scores mean",
    rests_on="rows",
)
def matthews(scores: CalibratedScores) -> float:
    """Correlation that prediction and truth probably have, where truth is not known yet.

    ::

        MCC = (TP TN - FP FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))
        TP = Σ qᵢ n₁ᵢ, FP = Σ (1 - qᵢ) n₁ᵢ, FN = Σ qᵢ n₀ᵢ, TN = Σ (1 - qᵢ) n₀ᵢ
        n₁ᵢ, n₀ᵢ: rows of bin i predicted positive, negative;  qᵢ: their chance of being positive, as in the reference

    1 = always right, 0 = no better than chance, -1 = always wrong; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if only one class is predicted or possible, or if the scores mean nothing.

    Notes
    -----
    Holds while rows of one score are as often positive as in the reference; concept drift does not show in it but in
    ``matthews_gap``, when truth comes. Prefer ``f1`` where only the positive class counts.

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
    >>> round(matthews(window), 4)
    0.6211

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return realised.matthews(scores.confusion)


def standard_error(scores: CalibratedScores) -> float:
    """Of what turns out of these very rows about the estimate, while the calibration holds.

    By the chance of each truth given its score, and that of the chances, learnt from a finite reference.
    """
    of_calibration = error_of_calibration(scores, _sensitivity.matthews)
    return hypot(error_of_truth(scores, _sensitivity.matthews), of_calibration)
