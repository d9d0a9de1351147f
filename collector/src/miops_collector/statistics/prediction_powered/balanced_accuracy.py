"""Balanced accuracy, from few labels and many predictions."""

from __future__ import annotations

from math import hypot

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import Calibrated
from miops_collector.statistics.prediction_powered._shares import BALANCED, RECALL, SPECIFICITY, macro
from miops_collector.statistics.prediction_powered._tuned import Powered, share_interval

__all__ = ["balanced_accuracy", "estimate", "interval"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="labelled rows are not of both kinds, or it is not known what scores mean",
    rests_on="labelled",
    scale_free=False,
)
def balanced_accuracy(scores: Calibrated) -> float:
    """Mean of recall and specificity, from few labels and the scores of all rows.

    ::

        balanced accuracy = (TP / (TP + FN) + TN / (TN + FP)) / 2
        of cells  c(λ) = c labelled + λ (ĉ others - ĉ labelled)
        c: share of labelled rows in a cell of the confusion matrix;  ĉ: the share expected from calibrated scores, of
        the rows without truth and of those with it;  λ: power tuning, where the variance is smallest, within [0, 1]

    0 … 1; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class with the truth known so far, and what they mean by the truth of the
        reference.

    Returns
    -------
    float
        ``nan`` if labelled rows are not of both kinds, or it is not known what scores mean.

    Notes
    -----
    Holds while truth comes to any row of the window alike, which ``labelled_difference`` watches as far as it shows.
    What scores mean may have changed: concept drift does not bias it. Prefer ``recall``
    and ``specificity`` to see which of the two it is.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[30.0, 2.0], [0, 0]], [[14, 6], [0, 0]], [[0, 0], [5, 11]], [[0, 0], [3, 29]]])
    >>> others = np.array([[300.0, 0.0], [260.0, 0.0], [0.0, 220.0], [0.0, 220.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2) + others, truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(np.linspace(0.125, 0.875, 4), chance, chance * (1 - chance), pool, np.zeros(4), True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(balanced_accuracy(window), 4), [round(end, 4) for end in interval(window)]
    (0.8152, [0.7356, 0.8749])

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return estimate(scores).value


def estimate(scores: Calibrated) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return macro(BALANCED, scores)


def interval(scores: Calibrated) -> tuple[float, float]:
    """Of 95 %: Wilson's of so many rows as would have that standard error.

    Where predictions are not trusted, from the intervals of the two halves, which are independent then (MOVER).
    """
    found = estimate(scores)
    if found.tuning != 0:
        return share_interval(found)
    parts = [(part.value, *share_interval(part)) for part in (macro(half, scores) for half in (RECALL, SPECIFICITY))]
    down, up = (hypot(*(part[0] - part[end] for part in parts)) / 2 for end in (1, 2))
    return max(found.value - down, 0.0), min(found.value + up, 1.0)
