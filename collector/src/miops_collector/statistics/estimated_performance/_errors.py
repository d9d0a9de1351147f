"""How large the errors of a regression are by what was predicted, learnt from the truth of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._ratio import quotient, ratio
from miops_collector.summary import ErrorProfile, FloatArray

__all__ = ["ExpectedErrors", "LossModel", "error_of_mean_loss", "loss_model"]

POOLED_ROWS = 50.0
"""Neighbouring bins are pooled until they have so many labelled rows: fewer say little about their errors."""


@dataclass(frozen=True, slots=True, eq=False)
class LossModel:
    """Mean loss by pool of bins of the prediction; losses are |e| and e².

    Attributes
    ----------
    block
        ``(b + 2,)`` pool each bin belongs to.
    support
        ``(k,)`` labelled reference rows of each pool.
    mean, variance
        ``(k, 2)`` of each loss of one row.
    """

    block: NDArray[np.int64]
    support: FloatArray
    mean: FloatArray
    variance: FloatArray


def loss_model(reference: ErrorProfile) -> LossModel:
    """From the labelled rows of the reference, of which there must be some.

    Examples
    --------
    >>> labelled = np.array([[0, 0, 0, 0], [60.0, 60, 90, 200], [30, 90, 300, 4000], [40, 120, 400, 5000], [0] * 4])
    >>> found = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> found.block.tolist(), found.support.tolist(), found.mean.tolist()
    ([0, 0, 1, 1, 1], [60.0, 70.0], [[1.0, 1.5], [3.0, 10.0]])
    """
    rows = reference.labelled[:, 0]
    pooled = min(POOLED_ROWS, float(rows.sum()))
    before = np.cumsum(rows) - rows
    starts = [0]
    while True:  # over pools: each begins at the first bin with enough rows behind it
        next_start = int(np.searchsorted(np.cumsum(rows), before[starts[-1]] + pooled)) + 1
        if next_start >= len(rows) or rows[next_start:].sum() < pooled:
            break
        starts.append(next_start)
    block = np.searchsorted(np.array(starts), np.arange(len(rows)), side="right") - 1
    sums = np.stack([np.bincount(block, column) for column in reference.labelled.T], axis=1)
    mean = sums[:, 1:3] / sums[:, :1]
    variance = np.maximum(sums[:, 2:4] / sums[:, :1] - mean**2, 0.0)
    return LossModel(block.astype(np.int64), sums[:, 0].astype(np.float64), mean, variance)


@dataclass(frozen=True, eq=False)  # no slots: rows are counted by pool once
class ExpectedErrors:
    """Predictions of a window and how large their errors were in the reference."""

    errors: ErrorProfile
    model: LossModel

    @cached_property
    def by_pool(self) -> FloatArray:
        """``(k,)`` rows."""
        found: FloatArray = np.bincount(self.model.block, self.errors.rows, len(self.model.support)).astype(np.float64)
        return found

    @cached_property
    def labelled_by_pool(self) -> FloatArray:
        """``(k,)`` rows whose truth came."""
        rows = self.errors.labelled[:, 0]
        found: FloatArray = np.bincount(self.model.block, rows, len(self.model.support)).astype(np.float64)
        return found

    @property
    def rows(self) -> float:
        return float(self.errors.rows.sum())

    @property
    def labelled(self) -> float:
        return float(self.errors.labelled[:, 0].sum())

    def expected(self, loss: int, rows: FloatArray) -> float:
        """Mean of a loss (0: |e|, 1: e²) over rows by pool; ``nan`` without rows."""
        return quotient(float(rows @ self.model.mean[:, loss]), float(rows.sum()))

    def realised(self, loss: int) -> float:
        """The same of the rows whose truth came."""
        return quotient(float(self.errors.labelled[:, loss + 1].sum()), self.labelled)


def error_of_mean_loss(errors: ExpectedErrors, loss: int, rows: FloatArray) -> float:
    """Standard error of what turns out of such rows about the estimate, while errors are as in the reference.

    Of the rows' own losses, ``√ Σ share · variance / n``, and of the loss model's, learnt from so many rows.
    """
    share = ratio(rows, np.full(rows.shape, rows.sum()))
    of_rows = quotient(float(share @ errors.model.variance[:, loss]), float(rows.sum()))
    of_model = float(share**2 @ (errors.model.variance[:, loss] / errors.model.support))
    return hypot(sqrt(of_rows), sqrt(of_model))
