"""By how much a statistic of scores changes when one row more comes, by bin of its score, decision and truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from miops_collector.statistics._ratio import quotient, ratio
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated
from miops_collector.statistics.estimated_performance.log_loss import by_truth
from miops_collector.summary import FloatArray

__all__ = ["INFLUENCES", "Influence"]


class Influence(NamedTuple):
    """Each ``(b, 2)``, or what broadcasts to it, by bin and predicted class: of a row that is negative, and positive.

    ``nan`` where the statistic is undefined.
    """

    negative: FloatArray
    positive: FloatArray


Of: TypeAlias = Callable[[Calibrated, CalibratedScores], Influence]
"""Of all scores, and of the class that it is about."""


def _of_cells(tp: float, fp: float, fn: float, tn: float) -> Influence:
    """From derivatives by the cells of the confusion matrix."""
    return Influence(np.array([[tn, fp]]), np.array([[fn, tp]]))


def _share(hits: float, misses: float) -> tuple[float, float]:
    """Derivatives of ``hits / (hits + misses)`` by both."""
    square = (hits + misses) ** 2
    return quotient(misses, square), -quotient(hits, square)


def _precision(_: Calibrated, c: CalibratedScores) -> Influence:
    tp, fp, _fn, _tn = c.cells
    by_tp, by_fp = _share(tp, fp)
    return _of_cells(by_tp, by_fp, 0.0, 0.0)


def _recall(_: Calibrated, c: CalibratedScores) -> Influence:
    tp, _fp, fn, _tn = c.cells
    by_tp, by_fn = _share(tp, fn)
    return _of_cells(by_tp, 0.0, by_fn, 0.0)


def _specificity(_: Calibrated, c: CalibratedScores) -> Influence:
    _tp, fp, _fn, tn = c.cells
    by_tn, by_fp = _share(tn, fp)
    return _of_cells(0.0, by_fp, 0.0, by_tn)


def _balanced_accuracy(scores: Calibrated, c: CalibratedScores) -> Influence:
    """Of one of several classes its recall."""
    found = _recall(scores, c)
    if not isinstance(scores, CalibratedScores):
        return found
    other = _specificity(scores, c)
    return Influence((found.negative + other.negative) / 2, (found.positive + other.positive) / 2)


def _f1(_: Calibrated, c: CalibratedScores) -> Influence:
    tp, fp, fn, _tn = c.cells
    square = (2 * tp + fp + fn) ** 2
    miss = -quotient(2 * tp, square)
    return _of_cells(quotient(2 * (fp + fn), square), miss, miss, 0.0)


def _matthews(_: Calibrated, c: CalibratedScores) -> Influence:
    tp, fp, fn, tn = c.cells
    yes, no, true, false = tp + fp, tn + fn, tp + fn, fp + tn
    one = quotient(1.0, sqrt(yes * no * true * false))
    half = (tp * tn - fp * fn) * one / 2
    by_yes, by_no, by_true, by_false = (half * quotient(1.0, n) for n in (yes, no, true, false))
    return _of_cells(
        tn * one - by_yes - by_true, -fn * one - by_yes - by_false, -fp * one - by_no - by_true,
        tp * one - by_no - by_false,
    )  # fmt: skip


def _of_losses(losses: FloatArray, c: CalibratedScores, rows: float) -> Influence:
    """Of a mean of losses ``(b, 2)`` by truth."""
    mean = quotient(float(np.vdot(c.by_truth, losses)), rows)
    by_row = (losses - mean) * quotient(1.0, rows)
    return Influence(by_row[:, :1], by_row[:, 1:])


def _brier(scores: Calibrated, c: CalibratedScores) -> Influence:
    stated = c.calibration.stated[:, None]
    return _of_losses(np.concatenate((stated**2, (1 - stated) ** 2), axis=1), c, scores.rows)


def _log_loss(scores: Calibrated, c: CalibratedScores) -> Influence:
    return _of_losses(by_truth(scores, c), c, scores.rows)


def _roc_auc(_: Calibrated, c: CalibratedScores) -> Influence:
    others, hits = c.by_truth.T
    n, p = float(others.sum()), float(hits.sum())
    below = np.cumsum(others) - others / 2
    above = p - np.cumsum(hits) + hits / 2
    one = quotient(1.0, n * p)
    area = float(hits @ below) * one
    return Influence((above * one - area * quotient(1.0, n))[:, None], (below * one - area * quotient(1.0, p))[:, None])


def _average_precision(_: Calibrated, c: CalibratedScores) -> Influence:
    others, hits = (part[::-1] for part in c.by_truth.T)  # the highest scores first
    so_far, found = np.cumsum(others + hits), np.cumsum(hits)
    p = float(hits.sum())
    share, one = ratio(found, so_far), quotient(1.0, p)
    area = float(np.nansum(hits * share)) * one
    taken = np.nan_to_num(ratio(hits * found, so_far**2))  # by one more row among those so far
    given = np.nan_to_num(ratio(hits, so_far))
    negative = -_later(taken) * one
    positive = (np.nan_to_num(share) + _later(given - taken) - area) * one
    return Influence(negative[::-1, None], positive[::-1, None])


def _later(values: FloatArray) -> FloatArray:
    """Sums from each place on."""
    return np.cumsum(values[::-1])[::-1]


INFLUENCES: Final[Mapping[str, Of]] = {
    "average_precision": _average_precision,
    "balanced_accuracy": _balanced_accuracy,
    "brier": _brier,
    "f1": _f1,
    "log_loss": _log_loss,
    "matthews": _matthews,
    "precision": _precision,
    "recall": _recall,
    "roc_auc": _roc_auc,
    "specificity": _specificity,
}
"""By name of the statistic."""
