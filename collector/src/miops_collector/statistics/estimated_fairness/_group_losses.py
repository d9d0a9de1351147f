"""What groups lose where scores are not kept by group: how decisions turned out, and how large errors were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._error_sums import Pull, mean_square, variance
from miops_collector.statistics._ratio import ratio
from miops_collector.summary import ErrorProfile, ErrorSum, FloatArray, GroupPredictions, GroupResiduals, Groups

__all__ = ["DecidedGroups", "GroupErrors", "decided_groups", "group_errors"]


@dataclass(frozen=True, eq=False)  # no slots: what value and error share is computed once
class DecidedGroups:
    """Decisions of every group, and how often each was right in that group in the reference.

    Attributes
    ----------
    learnt
        ``(g,)`` whether the reference of the group has enough truth.
    decided
        ``(g, k)`` rows by predicted class.
    chance, known
        ``(g, k)`` share of right ones among labelled rows of the reference, and how many those are.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    learnt: NDArray[np.bool_]
    decided: FloatArray
    chance: FloatArray
    known: FloatArray

    @cached_property
    def rows(self) -> FloatArray:
        return np.asarray(self.decided.sum(axis=1), np.float64)

    @cached_property
    def right(self) -> FloatArray:
        """``(g,)`` expected share of right decisions; ``nan`` for groups that mean nothing."""
        return np.where(self.learnt, ratio((self.decided * self.chance).sum(axis=1), self.rows), np.nan)

    @cached_property
    def error(self) -> FloatArray:
        """``(g,)`` of realised shares about it: of so many rows, and of chances learnt from so many."""
        half = self.chance + (0.5 - self.chance) / (self.known + 1)  # else what was always right would have no error
        doubt = half * (1 - half) / np.maximum(self.known, 1.0)
        of_chance = ratio((self.decided**2 * doubt).sum(axis=1), self.rows**2)
        return np.sqrt(ratio(np.maximum(self.right * (1 - self.right), 0.0), self.rows) + of_chance)


def decided_groups(reference: Groups, window: Groups, *, minimum_rows: float) -> DecidedGroups:
    """Groups with fewer labelled reference rows than this mean nothing.

    What a group's labelled reference rows were never predicted as is right as often as their other decisions.
    """
    k = len(reference.classes)  # a class that the model does not know is never decided for
    known = reference.confusion.sum(axis=1)[:, :k]
    labelled, hits = known.sum(axis=1), np.diagonal(reference.confusion, axis1=1, axis2=2)[:, :k]
    of_group = ratio(hits.sum(axis=1), labelled)[:, None]
    chance = np.where(known > 0, ratio(hits, known), of_group)
    learnt = labelled >= max(minimum_rows, 1.0)
    return DecidedGroups(window.axis, window.names, learnt, window.rows, chance, known)


@dataclass(frozen=True, eq=False)  # no slots: what value and error share is computed once
class GroupErrors:
    """Predicted numbers of every group, and how rows of such predictions erred in the reference.

    Sums and means of errors are ``(…, 14)``, see :class:`~miops_collector.summary.ErrorSum`.

    Attributes
    ----------
    learnt
        ``(g,)`` whether the reference of the group has enough truth.
    cells
        ``(g, c)`` rows by range of the prediction.
    by_range
        ``(c, 14)`` means in the reference, over all groups.
    before
        ``(g, 14)`` means of those over what was predicted of the group in the reference.
    known
        ``(g, 14)`` sums over labelled rows of the group in the reference.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    learnt: NDArray[np.bool_]
    cells: FloatArray
    by_range: FloatArray
    before: FloatArray
    known: FloatArray

    @cached_property
    def rows(self) -> FloatArray:
        return np.asarray(self.cells.sum(axis=1), np.float64)

    @cached_property
    def now(self) -> FloatArray:
        """``(g, 14)`` means of ``by_range`` over what is predicted of the group now."""
        return _mean(self.cells, self.by_range)

    def grown(self, made: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """``(g,)`` the group's own number, times by how much it grows with the predictions over all groups.

        ``made``: from sums to the number, which is never negative. ``nan`` for groups that mean nothing.
        """
        return np.where(self.learnt, made(self.known) * self._growth(made), np.nan)

    def moved(self, made: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """``(g,)`` the same of a number of either sign: what predictions change is added."""
        return np.where(self.learnt, made(self.known) + made(self.now) - made(self.before), np.nan)

    def error_of_grown(self, made: Callable[[FloatArray], FloatArray], pull: Pull) -> FloatArray:
        """``(g,)`` standard error of realised numbers about :meth:`grown`.

        Of so many rows, and of a reference of so many, that vary as the reference did.
        """
        return self._growth(made) * np.sqrt(variance(pull, self.known) * self._per_row)

    def error_of_moved(self, pull: Pull) -> FloatArray:
        """``(g,)`` of realised means of e about :meth:`moved`: errors vary as much more as their squares grow."""
        return np.sqrt(self._growth(mean_square) * variance(pull, self.known) * self._per_row)

    def _growth(self, made: Callable[[FloatArray], FloatArray]) -> FloatArray:
        return ratio(made(self.now), made(self.before))

    @property
    def _per_row(self) -> FloatArray:
        known = self.known[:, ErrorSum.WEIGHT]
        return ratio(np.ones_like(self.rows), self.rows) + ratio(np.ones_like(known), known)


def group_errors(
    errors: ErrorProfile, coarse: tuple[int, ...], residuals: GroupResiduals, then: GroupPredictions,
    now: GroupPredictions, *, minimum_rows: float,
) -> GroupErrors:  # fmt: skip
    """Of the reference errors of all rows by bin, coarse bins, errors and predictions by group; then the window's."""
    by_range = _by_range(errors, coarse)
    learnt = residuals.sums[:, ErrorSum.WEIGHT] >= max(minimum_rows, 1.0)
    return GroupErrors(now.axis, now.names, learnt, now.cells, by_range, _mean(then.cells, by_range), residuals.sums)


def _by_range(errors: ErrorProfile, coarse: tuple[int, ...]) -> FloatArray:
    """``(c, 14)`` means; beyond the reference's range those of the outermost bins, without rows those of all."""
    group = np.concatenate(([0], np.asarray(coarse), [max(coarse)]))
    sums = np.zeros((max(coarse) + 1, len(ErrorSum)))
    np.add.at(sums, group, errors.labelled)
    rows, total = sums[:, [ErrorSum.WEIGHT]], sums.sum(axis=0)
    overall = ratio(total, np.full(total.shape, total[ErrorSum.WEIGHT]))
    means = np.where(rows > 0, ratio(sums, np.repeat(rows, len(ErrorSum), axis=1)), overall)
    return np.concatenate((means[:1], means, means[-1:]))


def _mean(cells: FloatArray, by_range: FloatArray) -> FloatArray:
    """``(g, 14)`` over rows by range."""
    rows = cells.sum(axis=1, keepdims=True)
    return ratio(cells @ by_range, np.repeat(rows, len(ErrorSum), axis=1))
