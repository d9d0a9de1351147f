"""What is kept of the rows of a window: frozen, mergeable sufficient statistics; the only input of statistics.

Every summary is a frozen set of arrays whose ``+`` is a commutative monoid: every array is a sum of row weights or of
weighted row values (the extremes of ``Moments`` apart). Row weights are 1 unless rows were sampled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ClassScores",
    "Confidence",
    "Confusion",
    "Distribution",
    "ErrorProfile",
    "FloatArray",
    "Frequencies",
    "GroupLosses",
    "GroupPredictions",
    "GroupResiduals",
    "GroupScores",
    "Groups",
    "Histogram",
    "Latency",
    "Losses",
    "Moments",
    "Residuals",
    "ScoreHistogram",
    "Segments",
    "Volume",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]

MISSING, FAULT = 0, 1
"""First two cells of every column: rows without a value, rows whose value had the wrong type."""
LATENCY_GAMMA = 1.02
"""Ratio of neighbouring latency bucket bounds: quantiles are within 1 %."""
LATENCY_LOWEST_SECONDS = 1e-6
LATENCY_BUCKETS = 1048
"""From one microsecond to about a thousand seconds; the first and last bucket also hold what lies beyond."""


@dataclass(frozen=True, slots=True, eq=False)
class _Additive:
    """Fields named in ``_sums`` add; all other fields are frozen with the reference and must be the same."""

    def __add__(self, other: Self) -> Self:
        sums = self.__class__._sums()
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in sums})

    @classmethod
    def _sums(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls) if f.metadata.get("sum", False))

    def equals(self, other: Any) -> bool:
        """Whether every field is equal, element by element."""
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        )


def _sum() -> Any:
    return field(metadata={"sum": True})


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class Histogram(_Additive):
    """Counts of one numeric column over frozen bins with guards.

    Attributes
    ----------
    edges
        ``(b + 1,)`` increasing, finite. Bin ``i`` is ``[edges[i], edges[i + 1])``; the last bin is closed.
    groups
        ``(b,)`` which of about ten equal-mass groups (of the reference) each bin belongs to: 0 … g - 1, rising.
    cells
        ``(b + 4,)``: missing (null or NaN), type fault, below ``edges[0]``, the ``b`` bins, above ``edges[-1]``.
        Infinities fall into the guards.
    """

    edges: FloatArray
    groups: IntArray
    cells: FloatArray = _sum()

    @property
    def missing(self) -> float:
        return float(self.cells[MISSING])

    @property
    def faults(self) -> float:
        return float(self.cells[FAULT])

    @property
    def outside(self) -> float:
        """Rows below the lowest or above the highest reference value."""
        return float(self.cells[2] + self.cells[-1])

    @cached_property
    def rows(self) -> float:
        return float(self.cells.sum())

    @cached_property
    def values(self) -> float:
        """Rows that have a value: neither missing nor of the wrong type."""
        return float(self.fine.sum())

    @property
    def fine(self) -> FloatArray:
        """``(b + 2,)`` counts: below, every bin, above."""
        return self.cells[2:]

    @cached_property
    def coarse(self) -> FloatArray:
        """``(g + 2,)`` counts: below, every equal-mass group, above. Divergences use this."""
        inner = np.bincount(self.groups, weights=self.cells[3:-1])
        return np.concatenate((self.cells[2:3], inner, self.cells[-1:]))


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class Frequencies(_Additive):
    """Counts of one categorical column over the categories of the reference.

    Attributes
    ----------
    categories
        The ``k`` categories of the reference, most frequent first.
    cells
        ``(k + 3,)``: missing, type fault, the ``k`` categories, unseen (any other value).
    """

    categories: tuple[str, ...]
    cells: FloatArray = _sum()

    @property
    def missing(self) -> float:
        return float(self.cells[MISSING])

    @property
    def faults(self) -> float:
        return float(self.cells[FAULT])

    @property
    def outside(self) -> float:
        """Rows whose category the reference does not have."""
        return float(self.cells[-1])

    @cached_property
    def rows(self) -> float:
        return float(self.cells.sum())

    @cached_property
    def values(self) -> float:
        """Rows that have a value: neither missing nor of the wrong type."""
        return float(self.fine.sum())

    @property
    def fine(self) -> FloatArray:
        """``(k + 1,)`` counts: every category, unseen."""
        return self.cells[2:]

    @property
    def coarse(self) -> FloatArray:
        """The same as :attr:`fine`: categories are not merged."""
        return self.cells[2:]


Distribution: TypeAlias = Histogram | Frequencies


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Count, mean and spread of a numeric column.

    ``sums`` is ``(3,)``: weight, sum of ``x - center``, sum of ``(x - center) ** 2`` over finite values.
    ``lowest`` and ``highest`` are ``nan`` without finite values.
    """

    center: float
    sums: FloatArray
    lowest: float
    highest: float

    def __add__(self, other: Moments) -> Moments:
        return replace(
            self,
            sums=self.sums + other.sums,
            lowest=float(np.fmin(self.lowest, other.lowest)),
            highest=float(np.fmax(self.highest, other.highest)),
        )

    @property
    def count(self) -> float:
        return float(self.sums[0])

    @property
    def mean(self) -> float:
        return self.center + float(self.sums[1] / self.sums[0]) if self.sums[0] > 0 else float("nan")

    @property
    def std(self) -> float:
        """Population standard deviation; ``nan`` without values."""
        if not self.sums[0] > 0:
            return float("nan")
        mean = self.sums[1] / self.sums[0]
        return float(np.sqrt(max(self.sums[2] / self.sums[0] - mean * mean, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Confusion(_Additive):
    """``cells[t, p]``: labelled rows with truth ``classes[t]`` and prediction ``classes[p]``, as in scikit-learn.

    ``positive`` is the index of the positive class, or -1 when the task has none.
    """

    classes: tuple[str, ...]
    positive: int
    cells: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class ScoreHistogram(_Additive):
    """Scores of the positive class of a binary classifier.

    Attributes
    ----------
    edges
        ``(b + 1,)``: 1,000 equal bins on [0, 1] when the reference's scores are probabilities,
        else reference quantiles; scores beyond the ends count in the end bins.
    probabilities
        Whether scores are probabilities, so that calibration and log loss mean something.
    rows
        ``(b, 2)`` all rows by predicted class (0 negative, 1 positive).
    labelled
        ``(b, 2, 2)`` labelled rows by predicted class and truth.
    """

    edges: FloatArray
    probabilities: bool
    rows: FloatArray = _sum()
    labelled: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores(_Additive):
    """Scores of every class of a multiclass classifier, each class against the rest.

    Attributes
    ----------
    rows
        ``(k, b, 2)`` all rows: class, equal bin of its score on [0, 1], whether it was predicted.
    labelled
        ``(k, b, 2, 2)`` labelled rows: the same, and whether the truth is that class.
    """

    classes: tuple[str, ...]
    rows: FloatArray = _sum()
    labelled: FloatArray = _sum()

    def against_rest(self) -> tuple[ScoreHistogram, ...]:
        """The scores of each class as those of a binary classifier whose positive class it is."""
        edges = np.linspace(0.0, 1.0, self.rows.shape[1] + 1)
        pairs = zip(self.rows, self.labelled, strict=True)
        return tuple(ScoreHistogram(edges, probabilities=True, rows=r, labelled=truth) for r, truth in pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Losses(_Additive):
    """Proper losses of labelled rows of a classifier.

    ``sums`` is ``(5,)``: weight, sum of log losses, of their squares, sum of Brier losses, of their squares.
    Log losses clip probabilities to ``[1e-15, 1 - 1e-15]``.
    """

    sums: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class Residuals(_Additive):
    """Errors ``e = prediction - truth`` of labelled rows of a regression.

    ``sums`` is ``(9,)``: weight, Σe, Σe², Σ|e|, weight of rows with truth ≠ 0, Σ|e / truth| over them,
    Σ(truth - center), Σ(truth - center)², Σe⁴.
    """

    center: float
    sums: FloatArray = _sum()


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class ErrorProfile(_Additive):
    """Errors of a regression by what was predicted.

    Attributes
    ----------
    rows
        ``(b + 2,)`` all rows by bin of the prediction: below, every bin, above.
    labelled
        ``(b + 2, 4)`` over labelled rows: weight, Σ|e|, Σe², Σe⁴ with ``e = prediction - truth``.
    """

    rows: FloatArray = _sum()
    labelled: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class Confidence(_Additive):
    """Confidence: the score of the predicted class.

    Attributes
    ----------
    sums
        ``(5,)``: weight, Σconfidence, Σconfidence², Σentropy (nats, over the known class scores), weight of rows
        under ``low``.
    bins
        ``(100, 4)`` by equal bins on [0, 1]: all rows, labelled rows, correct rows, Σconfidence of labelled rows.
    """

    low: float
    sums: FloatArray = _sum()
    bins: FloatArray = _sum()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class Groups(_Additive):
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
        ``(g, k, k)`` labelled rows by truth and prediction.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    positive: int
    rows: FloatArray = _sum()
    confusion: FloatArray = _sum()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupScores(_Additive):
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
    rows: FloatArray = _sum()
    labelled: FloatArray = _sum()

    def of_groups(self) -> tuple[ScoreHistogram, ...]:
        """The scores of each group."""
        pairs = zip(self.rows, self.labelled, strict=True)
        return tuple(ScoreHistogram(self.edges, self.probabilities, rows, truth) for rows, truth in pairs)


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupLosses(_Additive):
    """Proper losses of labelled rows of a classifier by group: see :class:`Groups` and :class:`Losses`.

    ``sums`` is ``(g, 7)``: those of :class:`Losses`, then with ``p`` the probability of the positive class and ``y``
    whether it happened Σ(p - y) and Σ(p - y)², which are 0 where there is no positive class.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    positive: int
    sums: FloatArray = _sum()


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupResiduals(_Additive):
    """Errors of a regression by group: ``sums`` is ``(g, 9)``, each row as in :class:`Residuals`."""

    axis: tuple[str, ...]
    names: tuple[str, ...]
    center: float
    sums: FloatArray = _sum()

    def of_groups(self) -> tuple[Residuals, ...]:
        """The errors of each group."""
        return tuple(Residuals(self.center, sums) for sums in self.sums)


@dataclass(frozen=True, eq=False)  # no slots: numbers that several statistics need are computed once
class GroupPredictions(_Additive):
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
    sums: FloatArray = _sum()
    cells: FloatArray = _sum()


@dataclass(frozen=True, eq=False)  # no slots: means that several statistics need are taken once
class Segments(_Additive):
    """Losses of labelled rows by the parts of one column, or of a pair of columns.

    Attributes
    ----------
    columns, sizes
        Names, and how many parts each has.
    names
        Of the ``g`` segments, first column slowest: ``"18-34 & Oslo"``.
    sums
        ``(g, 3)``: weight, Σloss, Σloss². The loss is 0 or 1 for a classifier, the absolute error for a number.
    """

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    names: tuple[str, ...]
    sums: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class Latency(_Additive):
    """Durations of predictions over logarithmic buckets (see :data:`LATENCY_GAMMA`).

    ``sums`` is ``(3,)``: weight, Σseconds, Σseconds². ``buckets`` is ``(LATENCY_BUCKETS,)``: bucket ``i`` holds
    ``LATENCY_LOWEST_SECONDS * LATENCY_GAMMA ** i`` up to the next.
    """

    sums: FloatArray = _sum()
    buckets: FloatArray = _sum()


@dataclass(frozen=True, slots=True, eq=False)
class Volume(_Additive):
    """How many rows there were.

    ``sums`` is ``(5,)``: rows, weight, Σweight², labelled rows, rows dropped because their id was already stored.
    """

    sums: FloatArray = _sum()

    @property
    def rows(self) -> float:
        return float(self.sums[0])

    @property
    def labelled(self) -> float:
        return float(self.sums[3])

    @property
    def labelled_share(self) -> float:
        return float(self.sums[3] / self.sums[0]) if self.sums[0] > 0 else float("nan")
