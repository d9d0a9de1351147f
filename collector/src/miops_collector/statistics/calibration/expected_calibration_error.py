"""Expected calibration error."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confidence, FloatArray, ScoreHistogram

__all__ = ["expected_calibration_error"]

GROUPS = 10


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="no labelled rows, or the scores are not probabilities",
    rests_on="labelled",
)
def expected_calibration_error(scores: ScoreHistogram | Confidence) -> float:
    """How far the stated probability is from the observed share, on average over ten groups of rows of like score.

    ::

        ECE = Σ over groups (n_g / n) · |observed share_g - mean probability_g|

    0 = calibrated, 1 = certain and always wrong; higher is worse. Binary: probability and share of the positive class;
    multiclass: confidence and share of right decisions.

    Parameters
    ----------
    scores
        Labelled rows by bin of the positive class's score (binary) or of the confidence (multiclass).

    Returns
    -------
    float
        ``nan`` without labelled rows or if the scores are not probabilities.

    Notes
    -----
    The groups hold equal mass as nearly as the bins allow: a bin goes whole to the tenth its middle row lies in.
    Equal-mass groups keep each share's noise alike; equal-width groups leave some with a handful of rows. The mean
    probability of a binary bin is its centre, an error of at most 0.0005 with 1,000 bins. A calibrated model does not
    score 0 on few rows: about ``√(2 p (1 - p) · 10 / (π n))``. Prefer ``brier`` for a proper score; this one says only
    whether the probabilities can be taken at their word.

    Examples
    --------
    >>> labelled = np.zeros((10, 2, 2))
    >>> labelled[1, 0], labelled[8, 1] = [40.0, 10.0], [5.0, 45.0]
    >>> scores = ScoreHistogram(np.linspace(0, 1, 11), True, labelled.sum(axis=2), labelled)
    >>> round(expected_calibration_error(scores), 4)  # 0.2 observed at 0.15, 0.9 at 0.85
    0.05

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    Proceedings of the AAAI Conference on Artificial Intelligence 29, 2015, doi:10.1609/aaai.v29i1.9602.
    """
    if isinstance(scores, Confidence):
        rows, right, stated = scores.bins[:, 1], scores.bins[:, 2], scores.bins[:, 3]
    elif scores.probabilities:
        by_truth = scores.labelled.sum(axis=1)
        rows, right = by_truth.sum(axis=1), by_truth[:, 1]
        stated = rows * (scores.edges[:-1] + scores.edges[1:]) / 2
    else:
        return nan
    total = float(rows.sum())
    if not total > 0:
        return nan
    gaps = np.bincount(_tenths(rows, total), weights=right - stated)
    return min(quotient(float(np.abs(gaps).sum()), total), 1.0)


def _tenths(rows: FloatArray, total: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Which tenth of the rows the middle row of each bin lies in."""
    middle = (np.cumsum(rows) - rows / 2) / total
    return np.minimum((GROUPS * middle).astype(np.int64), GROUPS - 1)
