"""Average precision: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._classes import Calibrated, error_over_classes, over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap
from miops_collector.statistics.performance.average_precision import average_precision

__all__ = ["average_precision_gap", "standard_error"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="no labelled rows are positive, or it is not known what scores mean",
    rests_on="labelled",
)
def average_precision_gap(scores: Calibrated) -> float:
    """How much more precise rows scored as high as a positive row or higher were than was estimated before truth.

    ::

        gap = average precision by truth - average precision by the calibrated scores, both over the same labelled rows

    0 = as estimated, negative = worse than estimated, positive = better; -1 … 1.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if no labelled row is positive, or if the scores mean nothing.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some scores or decisions than
    for others does not bias it; truth whose coming depends on the outcome itself does (positives that are reported
    first look like concept drift). A gap of many standard errors that stays says that the assumption of all
    estimates is broken: scores no longer mean what they meant, concept drift is likely. It moves
    with the share of positives too; prefer ``roc_auc_gap`` for the ranking alone.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[36.0, 4.0], [0, 0]], [[12, 8], [0, 0]], [[0, 0], [12, 8]], [[0, 0], [14, 26]]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2), truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(np.arange(0.125, 1, 0.25), chance, chance * (1 - chance), pool, np.full(4, 0.001), True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(average_precision_gap(window), 4), round(standard_error(window), 4)
    (-0.2361, 0.0522)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return over_classes(lambda c: average_precision(c.scores) - average_precision(c.known.expected), scores)


def standard_error(scores: Calibrated) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows."""
    return error_over_classes(lambda c: error_of_gap(c, _sensitivity.average_precision), scores)
