"""Logarithmic loss, estimated without truth."""

from __future__ import annotations

from math import hypot, inf, sqrt

import numpy as np

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, CalibratedClasses, each
from miops_collector.statistics.estimated_performance._uncertainty import error_of_calibration
from miops_collector.summary import FloatArray

__all__ = ["log_loss", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the window has no scores, or they are no probabilities",
    rests_on="rows",
)
def log_loss(scores: Calibrated) -> float:
    """How surprised the model probably is by the truth that is not known yet, on average, in nats.

    ::

        log loss = Σ over bins nᵢ (-qᵢ ln sᵢ - (1 - qᵢ) ln(1 - sᵢ)) / n
        nᵢ: rows of bin i;  sᵢ: what they say, the centre of the bin;  qᵢ: their chance as in the reference

    0 = certain and always right, 0.693 = always one half, no upper bound; lower is better.
    Several classes: the sum over classes of ``-qᵢ ln sᵢ``.

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
    Scores are read at the centres of their bins, so with 1,000 bins no row counts more than 7.6: a model that is all
    but certain, and wrong, is worse than is estimated here. Holds while rows of one score are as often positive as in
    the reference; concept drift does not show in it but in ``log_loss_gap``, when truth comes. Prefer ``brier``, which
    is bounded.

    Examples
    --------
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> rows = np.array([[40.0, 0.0], [10.0, 0.0], [0.0, 20.0], [0.0, 30.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, rows, np.zeros((4, 2, 2)))
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(log_loss(window), 4), round(standard_error(window), 4)
    (0.4295, 0.0683)

    References
    ----------
    I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14(1), 1952,
    doi:10.1111/j.2517-6161.1952.tb00104.x.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return quotient(_sum_of_powers(scores, 1), scores.rows)


def standard_error(scores: Calibrated) -> float:
    """Of realised values about the estimate while the calibration holds; of several classes at most this.

    Of a mean of independent rows, and that of the chances, learnt from a finite reference.
    """
    of_chances = [error_of_calibration(c, lambda c: _sensitivity(scores, c)) for c in each(scores)]
    together = sqrt(min(len(of_chances), 2) * sum(error**2 for error in of_chances))
    return hypot(error_of_mean(scores.rows, *(_sum_of_powers(scores, power) for power in (1, 2))), together)


def _sum_of_powers(scores: Calibrated, power: int) -> float:
    """A row of several classes loses by the class that is true; of the positive class alone by either truth."""
    return float(sum(np.vdot(c.by_truth, by_truth(scores, c) ** power) for c in each(scores)))


def by_truth(scores: Calibrated, of_class: CalibratedScores) -> FloatArray:
    """``(b, 2)`` what a row of each bin loses, by truth."""
    stated = of_class.calibration.stated
    other = np.zeros_like(stated) if isinstance(scores, CalibratedClasses) else -np.log1p(-stated)
    return np.stack((other, -np.log(stated)), axis=1)


def _sensitivity(scores: Calibrated, of_class: CalibratedScores) -> FloatArray:
    losses = by_truth(scores, of_class)
    found: FloatArray = (losses[:, 1] - losses[:, 0])[:, None] * quotient(1.0, scores.rows)
    return found
