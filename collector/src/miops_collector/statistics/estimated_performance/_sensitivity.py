"""By how much a statistic changes when the truth of one row turns from negative to positive.

Each function returns ``(b, 2)``, or what broadcasts to it, by bin of the score and predicted class (0 negative, 1
positive): derivatives at the expected cells, the rows and their decisions held fixed. ``nan`` where the statistic is
undefined.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

import numpy as np

from miops_collector.statistics._ratio import quotient, ratio
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.summary import FloatArray

__all__ = [
    "Sensitivity",
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "f1",
    "hits",
    "log_loss",
    "matthews",
    "precision",
    "prevalence",
    "recall",
    "roc_auc",
    "specificity",
]

Sensitivity: TypeAlias = Callable[[CalibratedScores], FloatArray]


def accuracy(scores: CalibratedScores) -> FloatArray:
    one = quotient(1.0, sum(scores.cells))
    return np.array([-one, one])


def prevalence(scores: CalibratedScores) -> FloatArray:
    return np.full(2, quotient(1.0, sum(scores.cells)))


def hits(scores: CalibratedScores) -> FloatArray:
    """Of the share of all rows that were decided for this class and rightly so."""
    return np.array([0.0, quotient(1.0, sum(scores.cells))])


def precision(scores: CalibratedScores) -> FloatArray:
    tp, fp, _, _ = scores.cells
    return np.array([0.0, quotient(1.0, tp + fp)])


def recall(scores: CalibratedScores) -> FloatArray:
    tp, _, fn, _ = scores.cells
    square = (tp + fn) ** 2
    return np.array([-quotient(tp, square), quotient(fn, square)])


def specificity(scores: CalibratedScores) -> FloatArray:
    _, fp, _, tn = scores.cells
    square = (fp + tn) ** 2
    return np.array([-quotient(fp, square), quotient(tn, square)])


def average_precision(scores: CalibratedScores) -> FloatArray:
    hits, rows = (part[::-1] for part in (scores.by_truth[:, 1], scores.by_truth.sum(axis=1)))
    share = ratio(np.cumsum(hits), np.cumsum(rows))
    per_row = ratio(hits, np.cumsum(rows))
    area = quotient(float(np.nansum(hits * share)), float(hits.sum()))
    change = (share + np.nancumsum(per_row[::-1])[::-1] - area) * quotient(1.0, float(hits.sum()))
    found: FloatArray = np.where(np.isnan(share), 0.0, change)[::-1, None]
    return found


def matthews(scores: CalibratedScores) -> FloatArray:
    tp, fp, fn, tn = scores.cells
    true, false = tp + fn, fp + tn
    spread = sqrt((tp + fp) * (tn + fn) * true * false)
    flatter = (tp * tn - fp * fn) * quotient(1.0, spread) * (quotient(1.0, true) - quotient(1.0, false)) / 2
    return np.array([-(tp + fp), tn + fn]) * quotient(1.0, spread) - flatter


def balanced_accuracy(scores: CalibratedScores) -> FloatArray:
    return (recall(scores) + specificity(scores)) / 2


def f1(scores: CalibratedScores) -> FloatArray:
    tp, fp, fn, _ = scores.cells
    total = 2 * tp + fp + fn
    return np.array([-quotient(2 * tp, total**2), quotient(2 * (total - tp), total**2)])


def brier(scores: CalibratedScores) -> FloatArray:
    stated = scores.calibration.stated[:, None]
    return (1 - 2 * stated) * quotient(1.0, sum(scores.cells))


def log_loss(scores: CalibratedScores) -> FloatArray:
    stated = scores.calibration.stated[:, None]
    found: FloatArray = (np.log1p(-stated) - np.log(stated)) * quotient(1.0, sum(scores.cells))
    return found


def roc_auc(scores: CalibratedScores) -> FloatArray:
    others, hits = scores.by_truth.T
    n, p = float(others.sum()), float(hits.sum())
    below = np.cumsum(others) - others / 2
    above = p - np.cumsum(hits) + hits / 2
    area = quotient(float(hits @ below), n * p)
    change: FloatArray = (below - above) * quotient(1.0, n * p) - area * (quotient(1.0, p) - quotient(1.0, n))
    return change[:, None]
