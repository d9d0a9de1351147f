"""Whether labelled rows look like the others."""

from __future__ import annotations

from math import nan

import numpy as np
from scipy.special import chdtrc

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import Calibrated, CalibratedScores, ExpectedErrors
from miops_collector.summary import FloatArray

__all__ = ["labelled_difference", "p_value"]

GROUPS = 10


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="no labelled rows, or all rows have their truth",
    rests_on="labelled",
)
def labelled_difference(window: Calibrated | ExpectedErrors) -> float:
    """How differently the rows with truth were predicted from the rows still without.

    ::

        difference = ½ Σ over ten groups of like prediction and score |share of labelled rows - share of other rows|

    0 = alike, 1 = nothing in common. The share of labelled rows that would have to be predicted otherwise.

    Parameters
    ----------
    window
        Scores by predicted class, or predicted numbers, with the truth known so far.

    Returns
    -------
    float
        ``nan`` if no or all rows have their truth.

    Notes
    -----
    Groups are of equal mass, over the rows of the window: by decision first, by score then; of several classes by the
    predicted class and its score. With few labels it is large by chance, which the p-value knows. It cannot see that
    truth comes sooner for some outcomes among rows of one score. Prefer a drift statistic to compare with the
    reference.

    Examples
    --------
    >>> from miops_collector.statistics.estimated_performance import loss_model
    >>> from miops_collector.summary import ErrorProfile, ErrorSum
    >>> came = np.zeros((4, 14))
    >>> came[1:3, ErrorSum.WEIGHT] = [20, 10]
    >>> learnt = loss_model(ErrorProfile(came[:, 0], came))
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 70, 160, 0]), came), learnt)
    >>> round(labelled_difference(window), 4), round(p_value(window), 4)
    (0.4167, 0.0)

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    """
    labelled, others = once(_groups, window)
    if not (labelled.sum() > 0 and others.sum() > 0):
        return nan
    return min(float(np.abs(labelled / labelled.sum() - others / others.sum()).sum()) / 2, 1.0)


def p_value(window: Calibrated | ExpectedErrors) -> float:
    """Pearson's chi-square test of two samples; ``nan`` where undefined, or with a single group."""
    counts = np.stack(once(_groups, window))
    if not (counts.sum(axis=1) > 0).all() or counts.shape[1] < 2:
        return nan
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return float(chdtrc(counts.shape[1] - 1, float(ratio((counts - expected) ** 2, expected).sum())))


def _groups(window: Calibrated | ExpectedErrors) -> tuple[FloatArray, FloatArray]:
    """Labelled and other rows by group of about equal mass; groups without rows are left out."""
    rows, labelled = _cells(window)
    others = np.maximum(rows - labelled, 0.0)
    total = labelled + others
    there = total > 0
    middle = (np.cumsum(total) - total / 2)[there] / max(float(total.sum()), 1.0)
    _, group = np.unique(np.minimum((GROUPS * middle).astype(np.int64), GROUPS - 1), return_inverse=True)
    found = np.bincount(group, labelled[there]), np.bincount(group, others[there])
    return found[0].astype(np.float64), found[1].astype(np.float64)


def _cells(window: Calibrated | ExpectedErrors) -> tuple[FloatArray, FloatArray]:
    """All rows and labelled rows in the order of what was predicted."""
    if isinstance(window, ExpectedErrors):
        return window.errors.rows, window.errors.labelled[:, 0]
    if isinstance(window, CalibratedScores):
        return window.scores.rows.T.ravel(), window.scores.labelled.sum(axis=2).T.ravel()
    decided = [(c.scores.rows[:, 1], c.scores.labelled[:, 1].sum(axis=1)) for c in window.classes]
    nothing = (np.zeros(0), np.zeros(0))
    rows, labelled = zip(*decided, strict=True) if decided else ((nothing[0],), (nothing[1],))
    return np.concatenate(rows), np.concatenate(labelled)
