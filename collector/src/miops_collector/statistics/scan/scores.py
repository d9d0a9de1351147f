"""Rank scores: what number stands for each bin of the reference when location or spread is measured."""

from __future__ import annotations

import numpy as np

from miops_collector.summary import FloatArray, IntArray

__all__ = ["SHAPE_GROUPS", "equal_mass_groups", "mid_ranks", "rank_scores", "score_skewness"]

SHAPE_GROUPS = 16
NEGLIGIBLE = 1e-9


def mid_ranks(counts: FloatArray) -> FloatArray:
    """Middle rank of each bin among the reference rows, in [0, 1]. An empty bin lies between its neighbours.

    Parameters
    ----------
    counts
        ``(b,)`` reference counts, bins in rising order.

    Examples
    --------
    >>> mid_ranks(np.array([1.0, 0.0, 3.0])).tolist()
    [0.125, 0.25, 0.625]
    """
    share = counts / max(float(counts.sum()), 1.0)
    return np.asarray(np.cumsum(share) - share / 2.0)


def rank_scores(counts: FloatArray, *, degree: int = 2) -> FloatArray:
    """Orthonormal polynomials of the mid-rank: first the Wilcoxon (location) score, then the Mood (spread) score.

    Their mean over the reference is 0 and their variance 1, so the mean score of a window of ``n`` independent rows of
    the same distribution has variance ``1 / n``. For a normal column the mean location score is about 0.977 times the
    shift in standard deviations and the mean spread score about 1.23 times the change of log σ, when these are small.
    Only ranks matter: any increasing transform of the column gives the same scores.

    Parameters
    ----------
    counts
        ``(b,)`` reference counts, bins in rising order.
    degree
        How many scores.

    Returns
    -------
    FloatArray
        ``(degree, b)``. A score that the reference cannot bear (location of a constant, spread of two values) is 0.

    Examples
    --------
    >>> rank_scores(np.array([5.0, 5.0])).round(6).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]

    References
    ----------
    J. Neyman, "Smooth test for goodness of fit", 1937. W.-X. Zhou, C. Zheng, Z. Zhang, "Two-sample smooth tests for
    the equality of distributions", Bernoulli, 2017, doi:10.3150/15-BEJ766.
    """
    share = counts / max(float(counts.sum()), 1.0)
    x = 2.0 * mid_ranks(counts) - 1.0
    basis = [np.ones_like(x)]
    for power in range(1, degree + 1):
        basis.append(_orthonormal(x**power, basis, share))
    return np.array(basis[1:])


def _orthonormal(values: FloatArray, basis: list[FloatArray], share: FloatArray) -> FloatArray:
    """``values`` without what ``basis`` explains, twice over for precision, at variance 1."""
    for _ in range(2):
        for known in basis:
            values = values - known * float((share * values * known).sum())
    variance = float((share * values * values).sum())
    return values / np.sqrt(variance) if variance > NEGLIGIBLE else np.zeros_like(values)


def score_skewness(counts: FloatArray, scores: FloatArray) -> FloatArray:
    """``(degree,)`` third moments of the scores over the reference."""
    return np.asarray((scores**3 * (counts / max(float(counts.sum()), 1.0))).sum(axis=1))


def equal_mass_groups(counts: FloatArray, *, groups: int = SHAPE_GROUPS) -> IntArray:
    """``(b,)`` rising group numbers 0, 1, … of about equal reference mass; an empty bin joins its left neighbour.

    Decided from the reference alone, so that the test on the groups keeps its level.

    Examples
    --------
    >>> equal_mass_groups(np.array([2.0, 0.0, 2.0, 0.0]), groups=2).tolist()
    [0, 0, 1, 1]
    """
    wanted = np.minimum(np.floor(mid_ranks(counts) * groups).astype(np.int64), groups - 1)
    wanted = np.maximum.accumulate(np.where(counts > 0, wanted, 0))
    first = int(wanted[counts > 0][0]) if (counts > 0).any() else 0
    return np.unique(np.maximum(wanted, first), return_inverse=True)[1].astype(np.int64)
