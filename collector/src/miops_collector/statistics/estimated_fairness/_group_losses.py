"""What groups lose where scores are not kept by group: how decisions turned out, and how large errors were."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import ErrorProfile, FloatArray, GroupPredictions, GroupResiduals, Groups

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
    known = reference.confusion.sum(axis=1)
    labelled, hits = known.sum(axis=1), np.diagonal(reference.confusion, axis1=1, axis2=2)
    of_group = ratio(hits.sum(axis=1), labelled)[:, None]
    chance = np.where(known > 0, ratio(hits, known), of_group)
    learnt = labelled >= max(minimum_rows, 1.0)
    return DecidedGroups(window.axis, window.names, learnt, window.rows, chance, known)


@dataclass(frozen=True, eq=False)  # no slots: what value and error share is computed once
class GroupErrors:
    """Predicted numbers of every group and how large their errors were in the reference; losses are |e| and e².

    Attributes
    ----------
    learnt
        ``(g,)`` whether the reference of the group has enough truth.
    cells
        ``(g, c)`` rows by range of the prediction.
    by_range
        ``(c, 2)`` mean losses in the reference, over all groups.
    before
        ``(g, 2)`` means of those over what was predicted of the group in the reference.
    known
        ``(g,)`` labelled rows of the reference.
    mean, variance
        ``(g, 2)`` of the losses of one of them.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    learnt: NDArray[np.bool_]
    cells: FloatArray
    by_range: FloatArray
    before: FloatArray
    known: FloatArray
    mean: FloatArray
    variance: FloatArray

    @cached_property
    def rows(self) -> FloatArray:
        return np.asarray(self.cells.sum(axis=1), np.float64)

    @cached_property
    def growth(self) -> FloatArray:
        """``(g, 2)`` by how much larger losses should be than in the reference, for what is predicted now."""
        return ratio(_mean(self.cells, self.by_range), self.before)

    @cached_property
    def expected(self) -> FloatArray:
        """``(g, 2)`` mean losses; ``nan`` for groups that mean nothing."""
        return np.where(self.learnt[:, None], self.mean * self.growth, np.nan)

    @cached_property
    def error(self) -> FloatArray:
        """``(g, 2)`` of realised means about them: of so many rows, and of a reference of so many."""
        per_row = ratio(np.ones_like(self.rows), self.rows) + ratio(np.ones_like(self.rows), self.known)
        return self.growth * np.sqrt(self.variance * per_row[:, None])


def group_errors(
    errors: ErrorProfile, coarse: tuple[int, ...], residuals: GroupResiduals, then: GroupPredictions,
    now: GroupPredictions, *, minimum_rows: float,
) -> GroupErrors:  # fmt: skip
    """Of the reference errors of all rows by bin, coarse bins, errors and predictions by group; then the window's."""
    known, by_range = residuals.sums[:, 0], _by_range(errors, coarse)
    both = np.stack((known, known), axis=1)
    mean = ratio(residuals.sums[:, [3, 2]], both)
    variance = np.maximum(ratio(residuals.sums[:, [2, 8]], both) - mean**2, 0.0)
    learnt = known >= max(minimum_rows, 1.0)
    before = _mean(then.cells, by_range)
    return GroupErrors(now.axis, now.names, learnt, now.cells, by_range, before, known, mean, variance)


def _by_range(errors: ErrorProfile, coarse: tuple[int, ...]) -> FloatArray:
    """``(c, 2)`` mean of either loss; beyond the reference's range that of the outermost bins."""
    group = np.concatenate(([0], np.asarray(coarse), [max(coarse)]))
    sums = np.stack([np.bincount(group, column) for column in errors.labelled[:, :3].T], axis=1).astype(np.float64)
    overall = ratio(sums.sum(axis=0)[1:], np.full(2, sums[:, 0].sum()))
    means = np.where(sums[:, :1] > 0, ratio(sums[:, 1:], np.repeat(sums[:, :1], 2, axis=1)), overall)
    return np.concatenate((means[:1], means, means[-1:]))


def _mean(cells: FloatArray, by_range: FloatArray) -> FloatArray:
    rows = cells.sum(axis=1)
    return ratio(cells @ by_range, np.stack((rows, rows), axis=1))
