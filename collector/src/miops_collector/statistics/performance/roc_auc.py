"""Area under the ROC curve."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._scores import by_truth
from miops_collector.summary import ClassScores, FloatArray, ScoreHistogram

__all__ = ["roc_auc", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="the labelled rows are all of one class",
    rests_on="labelled",
)
def roc_auc(scores: ScoreHistogram | ClassScores) -> float:
    """Chance that a row of the class scores higher than a row not of it.

    ::

        AUC = Σ over bins  pᵢ (N below i + nᵢ / 2) / (P N)      pᵢ, nᵢ: rows of the class and others in bin i

    1 = perfect ranking, 0.5 = guessing, 0 = reversed; higher is better. Binary: of the positive class; multiclass:
    mean over classes, each against the rest.

    Parameters
    ----------
    scores
        Labelled rows by bin of the score and truth.

    Returns
    -------
    float
        ``nan`` if one of the two sides has no rows; such classes are left out of the multiclass mean.

    Notes
    -----
    Rows in one bin count as ties, so it differs from the exact area by at most ``½ Σ (pᵢ / P)(nᵢ / N)``: 1/2000 with
    scores spread evenly over 1,000 bins; on the employment survey, whose scores crowd, the bound is 0.0024 and the
    largest difference 0.0002. It judges the ranking, at no threshold, and does not move with the share of the classes;
    prefer ``average_precision`` when the class is rare, ``brier`` or ``log_loss`` when the scores are read as
    probabilities.

    Examples
    --------
    >>> labelled = np.array([[[4.0, 1.0], [0, 0]], [[2.0, 2.0], [0, 0]], [[0, 0], [1.0, 6.0]]])
    >>> scores = ScoreHistogram(np.array([0, 1 / 3, 2 / 3, 1]), True, labelled.sum(axis=2), labelled)
    >>> round(roc_auc(scores), 4), round(standard_error(scores), 4)
    (0.8095, 0.1115)

    References
    ----------
    J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
    Radiology 143(1), 1982, doi:10.1148/radiology.143.1.7063747.
    E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves: a nonparametric approach", Biometrics 44(3), 1988, doi:10.2307/2531595.
    """
    bins = by_truth(scores)
    others, hits = bins[..., 0], bins[..., 1]
    wins = np.sum(hits * _below(others), axis=1)
    return mean_of_defined(ratio(wins, hits.sum(axis=1) * others.sum(axis=1)))


def standard_error(scores: ScoreHistogram | ClassScores) -> float:
    """DeLong's, from the bins: variance of each row's placement among the rows of the other side.

    ``nan`` for fewer than two rows on a side, and for the multiclass mean, whose terms share their rows.
    """
    bins = by_truth(scores)
    if bins.shape[0] != 1:
        return nan
    others, hits = bins[0, :, 0], bins[0, :, 1]
    of_hits = _error_of_placement(hits, _below(others), float(others.sum()))
    of_others = _error_of_placement(others, _below(hits), float(hits.sum()))
    return sqrt(of_hits**2 + of_others**2)


def _below(counts: FloatArray) -> FloatArray:
    """Rows under each bin, and half of those in it."""
    return np.cumsum(counts, axis=-1) - counts / 2


def _error_of_placement(rows: FloatArray, below: FloatArray, others: float) -> float:
    if not others > 0:
        return nan
    placement = below / others
    return error_of_mean(float(rows.sum()), float(rows @ placement), float(rows @ placement**2))
