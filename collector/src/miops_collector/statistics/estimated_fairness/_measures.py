"""What is expected of many groups at once beyond rates: how decisions balance, how scores rank, how honest they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics.estimated_fairness._rates import Learnt, Rate
from miops_collector.statistics.estimated_performance import CalibratedScores
from miops_collector.summary import FloatArray

__all__ = ["MEASURES", "measure_groups"]


class _Expected(NamedTuple):
    """Rows ``(g, b, 2)`` by bin and decision; ``(g, b)`` the chance of a bin and what it says; ``(g,)`` cells."""

    rows: FloatArray
    chance: FloatArray
    stated: FloatArray
    tp: FloatArray
    fp: FloatArray
    fn: FloatArray
    tn: FloatArray

    @classmethod
    def of(cls, groups: Sequence[CalibratedScores]) -> _Expected:
        rows = np.stack([g.scores.rows for g in groups])
        chance, stated = (
            np.stack([getattr(g.calibration, name) for g in groups]) for name in ("probability", "stated")
        )
        (fn, tp), (tn, fp) = np.einsum("gbc,gb->cg", rows, chance), np.einsum("gbc,gb->cg", rows, 1 - chance)
        return cls(rows, chance, stated, tp, fp, fn, tn)

    @property
    def by_truth(self) -> tuple[FloatArray, FloatArray]:
        """``(g, b)`` rows expected to be negative, and positive."""
        every = self.rows.sum(axis=2)
        return every * (1 - self.chance), every * self.chance


Found = tuple[FloatArray, FloatArray]
"""``(g,)`` values, and what broadcasts to ``(g, b, 2)``: by how much they change when the truth of one row of this bin
and decision turns from negative to positive."""


def measure_groups(groups: Sequence[CalibratedScores]) -> dict[str, Rate]:
    """All of :data:`MEASURES`, each with the standard error of what turns out of these very rows about it.

    By the chance of each truth given its score, and by that of the chances, learnt from a finite reference.
    """
    expected, learnt = _Expected.of(groups), Learnt.of([g.calibration for g in groups])
    of_truth = np.stack([g.calibration.row_variance for g in groups])
    return {name: _with_error(expected, learnt, of_truth, *measure(expected)) for name, measure in MEASURES.items()}


def _with_error(e: _Expected, learnt: Learnt, of_truth: FloatArray, value: FloatArray, change: FloatArray) -> Rate:
    change = np.broadcast_to(change, e.rows.shape)
    chance = np.einsum("gbc,gbc,gb->g", e.rows, change**2, of_truth)
    pull = np.einsum("gbc,gbc->gb", e.rows, change).ravel()
    of_blocks = np.bincount(learnt.block.ravel(), pull, len(learnt.block_variance)) ** 2 * learnt.block_variance
    return Rate(value, np.sqrt(chance + np.bincount(learnt.owner, of_blocks, len(e.rows))))


def _f1(e: _Expected) -> Found:
    total = 2 * e.tp + e.fp + e.fn
    square = total**2
    return ratio(2 * e.tp, total), _by_decision(-ratio(2 * e.tp, square), ratio(2 * (total - e.tp), square))


def _balanced_accuracy(e: _Expected) -> Found:
    p, n = e.tp + e.fn, e.tn + e.fp
    value = (ratio(e.tp, p) + ratio(e.tn, n)) / 2
    return value, _by_decision(-ratio(e.tp, p**2) - ratio(e.fp, n**2), ratio(e.fn, p**2) + ratio(e.tn, n**2)) / 2


def _matthews(e: _Expected) -> Found:
    p, n, yes, no = e.tp + e.fn, e.tn + e.fp, e.tp + e.fp, e.tn + e.fn
    per_spread, one = ratio(np.ones(len(p)), np.sqrt(p * n * yes * no)), np.ones(len(p))
    value = (e.tp * e.tn - e.fp * e.fn) * per_spread
    flatter = value * (ratio(one, p) - ratio(one, n)) / 2
    return value, _by_decision(-yes * per_spread - flatter, no * per_spread - flatter)


def _brier(e: _Expected) -> Found:
    others, hits = e.by_truth
    per_row = ratio(np.ones(len(others)), (others + hits).sum(axis=1))
    value = (hits * (1 - e.stated) ** 2 + others * e.stated**2).sum(axis=1) * per_row
    return value, (1 - 2 * e.stated)[..., None] * per_row[:, None, None]


def _roc_auc(e: _Expected) -> Found:
    others, hits = e.by_truth
    n, p = others.sum(axis=1), hits.sum(axis=1)
    one = np.ones(len(n))
    below = np.cumsum(others, axis=1) - others / 2
    above = p[:, None] - np.cumsum(hits, axis=1) + hits / 2
    area = ratio((hits * below).sum(axis=1), n * p)
    level = area * (ratio(one, p) - ratio(one, n))
    return area, ((below - above) * ratio(one, n * p)[:, None] - level[:, None])[..., None]


def _average_precision(e: _Expected) -> Found:
    others, hits = (part[:, ::-1] for part in e.by_truth)  # the highest scores first
    so_far = np.cumsum(others + hits, axis=1)
    share, per_row = ratio(np.cumsum(hits, axis=1), so_far), ratio(hits, so_far)
    p = hits.sum(axis=1)
    area = ratio(np.nansum(hits * share, axis=1), p)
    later = np.nancumsum(per_row[:, ::-1], axis=1)[:, ::-1]
    change = (share + later - area[:, None]) * ratio(np.ones(len(p)), p)[:, None]
    return area, np.where(np.isnan(share), 0.0, change)[:, ::-1, None]


def _by_decision(negative: FloatArray, positive: FloatArray) -> FloatArray:
    return np.stack((negative, positive), axis=1)[:, None, :]


MEASURES: Final[Mapping[str, Callable[[_Expected], Found]]] = {
    "average_precision": _average_precision,
    "balanced_accuracy": _balanced_accuracy,
    "brier": _brier,
    "f1": _f1,
    "matthews": _matthews,
    "roc_auc": _roc_auc,
}
"""By name of the same statistic of the whole model. Log loss is not one: of the fifty bins that scores of groups have,
it would say how far the outermost centre is from 0 and 1. See :mod:`_surprise`."""
