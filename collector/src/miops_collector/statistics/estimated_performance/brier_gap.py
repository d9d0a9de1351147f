"""Brier score: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each, error_over_classes
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap

__all__ = ["brier_gap", "standard_error"]


@statistic(
    bounds=(-2.0, 2.0),
    higher="worse",
    undefined="no labelled rows have a score, or scores are no probabilities",
    rests_on="labelled",
)
def brier_gap(scores: Calibrated) -> float:
    """How much less honest the probabilities were than was estimated before truth came.

    ::

        gap = Brier score by truth - Brier score by the calibrated scores, both over the same labelled rows

    0 = as estimated, positive = worse than estimated, negative = better; -1 … 1.

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
    estimates is broken: scores no longer mean what they meant, concept drift is likely. It sees no change at scores
    near one half, where a truth of either kind costs the same; prefer ``accuracy_gap`` for those.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[36.0, 4.0], [0, 0]], [[12, 8], [0, 0]], [[0, 0], [12, 8]], [[0, 0], [14, 26]]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2), truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(brier_gap(window), 4), round(standard_error(window), 4)
    (0.0733, 0.0222)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return quotient(sum(_surplus(c) for c in each(scores)), scores.labelled)


def _surplus(scores: CalibratedScores) -> float:
    hits = scores.scores.labelled[:, 0, 1] + scores.scores.labelled[:, 1, 1]
    return float((hits - scores.known.by_truth[:, 1]) @ (1 - 2 * scores.calibration.stated))


def standard_error(scores: Calibrated) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows."""
    return len(each(scores)) * error_over_classes(lambda c: error_of_gap(c, _sensitivity.brier), scores)
