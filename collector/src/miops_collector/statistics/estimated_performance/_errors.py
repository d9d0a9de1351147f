"""How a regression errs by what was predicted, learnt from the truth of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import hypot, isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._error_sums import Pull, variance
from miops_collector.statistics._ratio import quotient, ratio
from miops_collector.summary import ErrorProfile, ErrorSum, FloatArray

__all__ = ["ExpectedErrors", "LossModel", "error_of_expected", "error_of_gap", "loss_model"]

POOLED_ROWS = 50.0
"""Neighbouring bins are pooled until they have so many labelled rows: fewer say little about their errors."""


@dataclass(frozen=True, slots=True, eq=False)
class LossModel:
    """What labelled rows of the reference add to sums of errors, by pool of bins of the prediction.

    Attributes
    ----------
    block
        ``(b + 2,)`` pool each bin belongs to.
    support
        ``(k,)`` labelled reference rows of each pool.
    mean
        ``(k, 14)`` of one row, see :class:`~miops_collector.summary.ErrorSum`.
    """

    block: NDArray[np.int64]
    support: FloatArray
    mean: FloatArray


def loss_model(reference: ErrorProfile) -> LossModel:
    """From the labelled rows of the reference, of which there must be some.

    Examples
    --------
    >>> labelled = np.zeros((5, 14))
    >>> labelled[1:4, [ErrorSum.WEIGHT, ErrorSum.SIZE, ErrorSum.SQUARE]] = [[60, 30, 40], [60, 90, 120], [10, 300, 400]]
    >>> found = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> found.block.tolist(), found.support.tolist(), found.mean[:, [ErrorSum.SIZE, ErrorSum.SQUARE]].round(3).tolist()
    ([0, 0, 1, 1, 1], [60.0, 70.0], [[0.5, 0.667], [5.571, 7.429]])
    """
    rows = reference.labelled[:, ErrorSum.WEIGHT]
    pooled = min(POOLED_ROWS, float(rows.sum()))
    before = np.cumsum(rows) - rows
    starts = [0]
    while True:  # over pools: each begins at the first bin with enough rows behind it
        next_start = int(np.searchsorted(np.cumsum(rows), before[starts[-1]] + pooled)) + 1
        if next_start >= len(rows) or rows[next_start:].sum() < pooled:
            break
        starts.append(next_start)
    block = np.searchsorted(np.array(starts), np.arange(len(rows)), side="right") - 1
    sums = np.add.reduceat(reference.labelled, starts, axis=0)
    return LossModel(block.astype(np.int64), sums[:, ErrorSum.WEIGHT], sums / sums[:, [ErrorSum.WEIGHT]])


@dataclass(frozen=True, eq=False)  # no slots: rows are counted by pool once
class ExpectedErrors:
    """Predictions of a window and how rows of such predictions erred in the reference."""

    errors: ErrorProfile
    model: LossModel

    @cached_property
    def by_pool(self) -> FloatArray:
        """``(k,)`` rows."""
        return self._pooled(self.errors.rows)

    @cached_property
    def labelled_by_pool(self) -> FloatArray:
        """``(k,)`` rows whose truth came."""
        return self._pooled(self.errors.labelled[:, ErrorSum.WEIGHT])

    @cached_property
    def sums_by_pool(self) -> FloatArray:
        """``(k, 14)`` of the rows whose truth came."""
        starts = np.searchsorted(self.model.block, np.arange(len(self.model.support)))
        found: FloatArray = np.add.reduceat(self.errors.labelled, starts, axis=0)
        return found

    def _pooled(self, rows: FloatArray) -> FloatArray:
        found: FloatArray = np.bincount(self.model.block, rows, len(self.model.support)).astype(np.float64)
        return found

    @property
    def rows(self) -> float:
        return float(self.errors.rows.sum())

    @property
    def labelled(self) -> float:
        return float(self.errors.labelled[:, ErrorSum.WEIGHT].sum())

    @cached_property
    def expected(self) -> FloatArray:
        """``(14,)`` sums of errors, see :class:`~miops_collector.summary.ErrorSum`, that are expected of the rows."""
        found: FloatArray = self.by_pool @ self.model.mean
        return found

    @cached_property
    def expected_of_labelled(self) -> FloatArray:
        """The same of the rows whose truth came."""
        found: FloatArray = self.labelled_by_pool @ self.model.mean
        return found

    @cached_property
    def realised(self) -> FloatArray:
        """Their sums by truth."""
        found: FloatArray = self.errors.labelled.sum(axis=0)
        return found


def error_of_gap(errors: ExpectedErrors, pull: Pull) -> float:
    """Standard error of what truth shows of the labelled rows less what was expected of them.

    That of :func:`error_of_expected`, or if that is larger by how these very rows scatter about what was expected of
    each pool: of errors with heavy tails a window has one now and then that the reference had none of, and it would
    look like drift.
    """
    rows, of_reference = errors.labelled_by_pool, variance(pull, errors.model.mean)
    total = float(rows.sum())
    of_rows = np.maximum(_scatter(errors, pull), rows @ of_reference)
    of_model = ratio(rows, np.full(rows.shape, total)) ** 2 @ (of_reference / errors.model.support)
    return hypot(quotient(sqrt(of_rows), total), sqrt(of_model))


def _scatter(errors: ExpectedErrors, pull: Pull) -> float:
    """Sum of squares of pulls of labelled rows about those of their pools, and their mean; ``nan`` beyond numbers."""
    rows, sums, expected = errors.labelled_by_pool, errors.sums_by_pool, errors.model.mean @ pull.row
    with np.errstate(over="ignore", invalid="ignore"):
        off = sums @ pull.row - rows * expected
        squares = float((sums @ pull.square - 2 * expected * off - rows * expected**2).sum())
        found = squares - quotient(float(off.sum()) ** 2, float(rows.sum()))
    return max(found, 0.0) if isfinite(found) else nan


def error_of_expected(errors: ExpectedErrors, pull: Pull, rows: FloatArray) -> float:
    """Standard error of what turns out of rows by pool about the estimate, while errors are as in the reference.

    Of the rows' own pulls, ``√ Σ share · variance / n``, and of the loss model's, learnt from so many rows.
    """
    share, of_pull = ratio(rows, np.full(rows.shape, rows.sum())), variance(pull, errors.model.mean)
    of_rows = quotient(float(share @ of_pull), float(rows.sum()))
    of_model = float(share**2 @ (of_pull / errors.model.support))
    return hypot(sqrt(of_rows), sqrt(of_model))
