"""Logarithmic loss: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from functools import partial
from math import inf, sqrt

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap
from miops_collector.statistics.estimated_performance.log_loss import by_truth
from miops_collector.summary import FloatArray

__all__ = ["log_loss_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="no labelled rows have a score, or scores are no probabilities",
    rests_on="labelled",
)
def log_loss_gap(scores: Calibrated) -> float:
    """How much more surprised the model was by the truth than was estimated before it came, in nats.

    ::

        gap = log loss by truth - log loss by the calibrated scores, both over the same labelled rows

    0 = as estimated, positive = worse than estimated, negative = better.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` without labelled rows, or if the scores are no probabilities.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some scores or decisions than
    for others does not bias it; truth whose coming depends on the outcome itself does (positives that are reported
    first look like concept drift). A gap of many standard errors that stays says that the assumption of all
    estimates is broken: scores no longer mean what they meant, concept drift is likely. On
    both sides scores are read at the centres of their bins, so that one row counts no more than 7.6 with 1,000 bins:
    of ``miops.performance.log_loss``, which reads them as they are, it is the part that lies between bins. A few
    surprises at scores near 0 and 1 make most of it, where a fit is a little too sure: learnt from 4,000 rows it lay
    0.4 standard errors above 0 on average of 80 simulated windows without drift. Prefer ``brier_gap``, which the
    default alarm looks at.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[36.0, 4.0], [0, 0]], [[12, 8], [0, 0]], [[0, 0], [12, 8]], [[0, 0], [14, 26]]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2), truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(np.arange(0.125, 1, 0.25), chance, chance * (1 - chance), pool, np.full(4, 0.001), True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(log_loss_gap(window), 4), round(standard_error(window), 4)
    (0.1792, 0.0541)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return quotient(sum(_surplus(scores, c) for c in each(scores)), scores.labelled)


def _surplus(scores: Calibrated, of_class: CalibratedScores) -> float:
    hits = of_class.scores.labelled[:, 0, 1] + of_class.scores.labelled[:, 1, 1]
    others = of_class.scores.labelled.sum(axis=(1, 2)) - hits
    negative, positive = by_truth(scores, of_class).T
    expected = of_class.known.by_truth
    return float((others - expected[:, 0]) @ negative + (hits - expected[:, 1]) @ positive)


def standard_error(scores: Calibrated) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows.

    Of several classes at most this.
    """
    errors = [error_of_gap(c, partial(_sensitivity, scores)) for c in each(scores)]
    return sqrt(min(len(errors), 2) * sum(error**2 for error in errors))


def _sensitivity(scores: Calibrated, of_class: CalibratedScores) -> FloatArray:
    negative, positive = by_truth(scores, of_class).T
    found: FloatArray = (positive - negative)[:, None] * quotient(1.0, scores.labelled)
    return found
