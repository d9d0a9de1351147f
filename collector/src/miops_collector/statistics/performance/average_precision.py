"""Average precision."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._scores import by_truth
from miops_collector.summary import ClassScores, ScoreHistogram

__all__ = ["average_precision"]


@statistic(bounds=(0.0, 1.0), higher="better", undefined="no labelled rows are of the class", rests_on="labelled")
def average_precision(scores: ScoreHistogram | ClassScores) -> float:
    """Precision among the rows scored at least as high as a row of the class, averaged over those rows.

    ::

        AP = Σ over bins from the top  (pᵢ / P) · TPᵢ / (TPᵢ + FPᵢ)      TPᵢ, FPᵢ: counted from the top through bin i

    1 = every row of the class scores above all others; the share of the class = guessing; higher is better. Binary: of
    the positive class; multiclass: mean over classes, each against the rest.

    Parameters
    ----------
    scores
        Labelled rows by bin of the score and truth.

    Returns
    -------
    float
        ``nan`` if no labelled row is of the class; such classes are left out of the multiclass mean.

    Notes
    -----
    The area under the precision-recall curve as a step function, without interpolation, as in scikit-learn. Rows in one
    bin count as ties, so it differs from the exact value by at most ``Σ (pᵢ / P) max(pᵢ, nᵢ) / (TPᵢ + FPᵢ)``. Unlike
    ``roc_auc`` it looks at the top of the ranking and moves with the share of the class: prefer it when the class is
    rare.

    Examples
    --------
    >>> labelled = np.array([[[4.0, 1.0], [0, 0]], [[2.0, 2.0], [0, 0]], [[0, 0], [1.0, 6.0]]])
    >>> scores = ScoreHistogram(np.array([0, 1 / 3, 2 / 3, 1]), True, labelled.sum(axis=2), labelled)
    >>> round(average_precision(scores), 4)
    0.7955

    References
    ----------
    J. Davis, M. Goadrich, "The relationship between Precision-Recall and ROC curves", Proceedings of the 23rd
    International Conference on Machine Learning, 2006, doi:10.1145/1143844.1143874.
    """
    from_top = by_truth(scores)[:, ::-1]
    hits = from_top[..., 1]
    reached = np.cumsum(from_top, axis=1)
    precision = reached[..., 1] / np.maximum(reached.sum(axis=2), np.finfo(np.float64).tiny)
    return min(mean_of_defined(ratio(np.sum(hits * precision, axis=1), hits.sum(axis=1))), 1.0)
