"""Decisions, scores, losses and errors by group of sensitive columns: what fairness is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miops_collector.summary._additive import Additive, FloatArray, summed
from miops_collector.summary.residuals import Residuals
from miops_collector.summary.scores import ScoreHistogram

__all__ = [
    "LIST_BUCKETS",
    "GroupClassScores",
    "GroupClasses",
    "GroupExposures",
    "GroupLosses",
    "GroupMerits",
    "GroupPredictions",
    "GroupResiduals",
    "GroupScores",
    "Groups",
]


LIST_BUCKETS = 32
"""Parts that lists fall into by chance; how they differ says how uncertain a mean over all lists is."""


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class Groups(Additive):
    """Decisions by group of one sensitive feature, or of the intersection of several.

    Attributes
    ----------
    axis
        Names of the sensitive columns.
    names
        ``g`` group names: ``"F"``, or ``"F & 40-65"`` for an intersection.
    rows
        ``(g, k)`` all rows by predicted class.
    confusion
        ``(g, k, k)`` labelled rows by truth and prediction; ``(g, k + 1, k + 1)`` if the truth of some is none of the
        ``k`` classes: it is last, and never predicted, so that all of its rows are wrong.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    positive: int
    rows: FloatArray = summed()
    confusion: FloatArray = summed()

    def with_unknown(self, unknown: FloatArray) -> Groups:
        """``unknown`` ``(g, k)`` rows by prediction whose truth is none of the classes; as it is if there are none."""
        if not unknown.any():
            return self
        rows = np.concatenate((self.confusion, unknown[:, None, :]), axis=1)
        every = np.concatenate((rows, np.zeros((*rows.shape[:2], 1))), axis=2)
        return replace(self, confusion=every)


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupClasses(Additive):
    """The labelled rows of :class:`Groups` of a model none of whose classes is the positive one.

    What is said of one class is said here of every class against the rest, and averaged over them.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    confusion: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupScores(Additive):
    """Scores of the positive class of a binary classifier by group: see :class:`Groups` and :class:`ScoreHistogram`.

    Attributes
    ----------
    edges
        ``(b + 1,)`` those of the model's scores, but coarser.
    rows
        ``(g, b, 2)`` all rows by group, bin and predicted class (0 negative, 1 positive).
    labelled
        ``(g, b, 2, 2)`` labelled rows: the same, and truth.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    edges: FloatArray
    probabilities: bool
    rows: FloatArray = summed()
    labelled: FloatArray = summed()

    def of_groups(self) -> tuple[ScoreHistogram, ...]:
        """The scores of each group."""
        pairs = zip(self.rows, self.labelled, strict=True)
        return tuple(ScoreHistogram(self.edges, self.probabilities, rows, truth) for rows, truth in pairs)


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupClassScores(Additive):
    """Scores of every class of a multiclass classifier by group: see :class:`Groups` and :class:`ClassScores`.

    Attributes
    ----------
    edges
        ``(b + 1,)`` on [0, 1], narrower towards its ends: with many classes most scores lie there.
    rows
        ``(g, k, b, 2)`` all rows: group, class, bin of its score, whether it was predicted.
    labelled
        ``(g, k, b, 2, 2)`` labelled rows: the same, and whether the truth is that class.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    edges: FloatArray
    rows: FloatArray = summed()
    labelled: FloatArray = summed()

    def of_groups(self) -> tuple[tuple[ScoreHistogram, ...], ...]:
        """The scores of each group, of each class as those of a binary classifier whose positive class it is."""
        return tuple(
            tuple(
                ScoreHistogram(self.edges, probabilities=True, rows=rows, labelled=truth)
                for rows, truth in zip(*of_group, strict=True)
            )
            for of_group in zip(self.rows, self.labelled, strict=True)
        )


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupLosses(Additive):
    """Proper losses of labelled rows of a classifier by group: see :class:`Groups` and :class:`Losses`.

    ``sums`` is ``(g, 7)``: those of :class:`Losses`, then with ``p`` the probability of the positive class and ``y``
    whether it happened Σ(p - y) and Σ(p - y)², which are 0 where there is no positive class.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    positive: int
    sums: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupResiduals(Additive):
    """Errors of a regression by group: ``sums`` is ``(g, 14)``, each row as in :class:`Residuals`."""

    axis: tuple[str, ...]
    names: tuple[str, ...]
    center: float
    sums: FloatArray = summed()

    def of_groups(self) -> tuple[Residuals, ...]:
        """The errors of each group."""
        return tuple(Residuals(self.center, sums) for sums in self.sums)


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupPredictions(Additive):
    """Predicted numbers of all rows by group.

    Attributes
    ----------
    sums
        ``(g, 3)`` as in :class:`Moments`, about ``center``.
    cells
        ``(g, c)`` rows by coarse bin of the prediction, as in :attr:`Histogram.coarse`.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    center: float
    sums: FloatArray = summed()
    cells: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupExposures(Additive):
    """How visible the rows of each group were in the lists they were ranked in.

    Attributes
    ----------
    rows
        ``(g,)`` rows that say their place in a list and how long it is.
    sums
        ``(g, LIST_BUCKETS, 3)`` by bucket of lists, over such rows: 1 / size; the share of its list's exposure,
        (1 / log₂(1 + place)) / Σ over the list; and 1 / min(10, size) of those among the first ten. Each sums to 1 over
        the rows of a list (the last of all of its first ten), so every list counts once, however long it is.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    rows: FloatArray = summed()
    sums: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupMerits(Additive):
    """How visible the rows of each group were in their lists, and how relevant they turned out to be.

    Attributes
    ----------
    rows
        ``(g,)`` labelled rows that say their place in a list, and whose truth is a number of 0 or more, or a class.
    sums
        ``(g, LIST_BUCKETS, 2)`` by bucket of lists, over such rows: the share of its list's exposure, and its truth (of
        a class: whether it is the positive one) / size.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    rows: FloatArray = summed()
    sums: FloatArray = summed()
