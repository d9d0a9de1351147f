"""Matthews correlation coefficient: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap
from miops_collector.statistics.performance.matthews import matthews

__all__ = ["matthews_gap", "standard_error"]


@statistic(
    bounds=(-2.0, 2.0),
    higher="better",
    undefined="the labelled rows are of one class or were decided alike, or it is not known what scores mean",
    rests_on="labelled",
)
def matthews_gap(scores: CalibratedScores) -> float:
    """How much better prediction and truth agreed than was estimated before truth came.

    ::

        gap = MCC by truth - MCC by the calibrated scores, both over the same labelled rows

    0 = as estimated, negative = worse than estimated, positive = better; -2 … 2.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if all labelled rows are of one class or were decided alike, or if the scores mean nothing.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some scores or decisions than
    for others does not bias it; truth whose coming depends on the outcome itself does (positives that are reported
    first look like concept drift). A gap of many standard errors that stays says that the assumption of all
    estimates is broken: scores no longer mean what they meant, concept drift is likely. Prefer
    ``accuracy_gap``, which the default alarm looks at, or ``precision_gap`` and ``recall_gap`` to see where it broke.

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
    >>> round(matthews_gap(window), 4), round(standard_error(window), 4)
    (-0.2229, 0.076)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return matthews(scores.realised) - matthews(scores.known.confusion)


def standard_error(scores: CalibratedScores) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows."""
    return error_of_gap(scores, _sensitivity.matthews)
