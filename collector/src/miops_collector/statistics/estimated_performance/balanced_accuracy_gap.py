"""Balanced accuracy: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity, recall_gap
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap
from miops_collector.statistics.performance.balanced_accuracy import balanced_accuracy

__all__ = ["balanced_accuracy_gap", "standard_error"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="the labelled rows are all of one class, or it is not known what scores mean",
    rests_on="labelled",
)
def balanced_accuracy_gap(scores: Calibrated) -> float:
    """How much more often decisions were right, with both classes counted alike, than was estimated before truth came.

    ::

        gap = balanced accuracy by truth - balanced accuracy by the calibrated scores, both over the same labelled rows

    0 = as estimated, negative = worse than estimated, positive = better; -1 … 1. Several classes: ``recall_gap``.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` unless the labelled rows are of both classes, or if the scores mean nothing.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some scores or decisions than
    for others does not bias it; truth whose coming depends on the outcome itself does (positives that are reported
    first look like concept drift). A gap of many standard errors that stays says that the assumption of all
    estimates is broken: scores no longer mean what they meant, concept drift is likely. Gaps of
    opposite sign in ``recall_gap`` and ``specificity_gap`` cancel here; prefer those to see where it broke.

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
    >>> round(balanced_accuracy_gap(window), 4), round(standard_error(window), 4)
    (-0.1061, 0.038)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    if isinstance(scores, CalibratedScores):
        return balanced_accuracy(scores.realised) - balanced_accuracy(scores.known.confusion)
    return recall_gap.recall_gap(scores)


def standard_error(scores: Calibrated) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows."""
    if isinstance(scores, CalibratedScores):
        return error_of_gap(scores, _sensitivity.balanced_accuracy)
    return recall_gap.standard_error(scores)
