"""Precision, estimated without truth."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, error_over_classes, over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration
from miops_collector.statistics.performance import precision as realised

__all__ = ["precision", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no rows with a score were predicted positive, or it is not known what scores mean",
    rests_on="rows",
)
def precision(scores: Calibrated) -> float:
    """How often the model is probably right when it says positive, where truth is not known yet.

    ::

        precision = TP / (TP + FP) = mean of q over the rows predicted positive
        TP = Σ qᵢ n₁ᵢ, FP = Σ (1 - qᵢ) n₁ᵢ
        n₁ᵢ: rows of bin i predicted positive;  qᵢ: their chance of being positive, as in the reference

    0 … 1; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if no row is predicted positive (NannyML says 0), or if the scores mean nothing.

    Notes
    -----
    Holds while rows of one score are as often positive as in the reference; concept drift does not show in it but in
    ``precision_gap``, when truth comes. With 1,000 bins it differs from NannyML's, which keeps every row, by at
    most 2.6e-4 on any of 56 windows of the employment survey. Prefer ``recall`` where a missed positive costs more
    than a false alarm.

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
    >>> round(precision(window), 4), round(standard_error(window), 4)
    (0.78, 0.0629)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return over_classes(lambda c: realised.precision(c.confusion), scores)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds.

    Binomial from the expected cells, and that of the chances, learnt from a finite reference.
    """
    return error_over_classes(_error, scores)


def _error(scores: CalibratedScores) -> float:
    return hypot(realised.standard_error(scores.confusion), error_of_calibration(scores, _sensitivity.precision))
