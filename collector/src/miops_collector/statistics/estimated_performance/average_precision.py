"""Average precision, estimated without truth."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, error_over_classes, over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration, error_of_truth
from miops_collector.statistics.performance import average_precision as realised

__all__ = ["average_precision", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no rows are expected to be positive, or it is not known what scores mean",
    rests_on="rows",
)
def average_precision(scores: Calibrated) -> float:
    """Precision that probably holds among rows scored at least as high as a positive row, where truth is not known yet.

    ::

        AP = Σ over bins from the top  (qᵢ nᵢ / P) · TPᵢ / (TPᵢ + FPᵢ)
        nᵢ: rows of bin i;  qᵢ: their chance of being positive, as in the reference;  P = Σ qᵢ nᵢ
        TPᵢ = Σ q n, FPᵢ = Σ (1 - q) n: from the top through bin i

    The share of positives = guessing, 1 = perfect; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if no row can be positive, or if the scores mean nothing.

    Notes
    -----
    Rows in one bin count as ties. Holds while rows of one score are as often positive as in the reference; concept
    drift does not show in it but in ``average_precision_gap``, when truth comes. Prefer it to ``roc_auc`` when
    positives are rare.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> rows = np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2)))
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(average_precision(window), 4)
    0.8172

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return over_classes(lambda c: realised.average_precision(c.expected), scores)


def standard_error(scores: Calibrated) -> float:
    """Of what turns out of these very rows about the estimate, while the calibration holds.

    By the chance of each truth given its score, and that of the chances, learnt from a finite reference.
    """
    return error_over_classes(_error, scores)


def _error(scores: CalibratedScores) -> float:
    of_calibration = error_of_calibration(scores, _sensitivity.average_precision)
    return hypot(error_of_truth(scores, _sensitivity.average_precision), of_calibration)
