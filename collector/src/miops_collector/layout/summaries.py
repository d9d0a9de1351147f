"""The summaries that a vector holds, seen through its layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np

from miops_collector.layout.column import ColumnLayout
from miops_collector.layout.layout import CLASS_SCORE_BINS, GROUP_CLASS_ENDS, Layout
from miops_collector.summary import (
    LIST_BUCKETS,
    Attempts,
    ClassScores,
    Confidence,
    Confusion,
    Distribution,
    ErrorProfile,
    FloatArray,
    Frequencies,
    GroupClasses,
    GroupClassScores,
    GroupExposures,
    GroupLosses,
    GroupMerits,
    GroupPredictions,
    GroupResiduals,
    Groups,
    GroupScores,
    Histogram,
    Latency,
    Losses,
    Moments,
    Residuals,
    ScoreHistogram,
    Segments,
    Volume,
)

__all__ = ["Summaries"]


@dataclass(frozen=True)
class Summaries:
    """A vector seen through its layout: what statistics are computed from. Summaries that do not apply are ``None``.

    Those by group and segment are made once and keep what is computed of them: the vector may not change after that.
    """

    layout: Layout
    vector: FloatArray
    extremes: FloatArray

    @classmethod
    def none(cls, layout: Layout) -> Summaries:
        return cls(layout, layout.empty(), layout.empty_extremes())

    def __add__(self, other: Summaries) -> Summaries:
        low = np.minimum(self.extremes[:, 0], other.extremes[:, 0])
        high = np.maximum(self.extremes[:, 1], other.extremes[:, 1])
        return Summaries(self.layout, self.vector + other.vector, np.stack((low, high), axis=1))

    def _of(self, name: str) -> FloatArray | None:
        block = self.layout.blocks.get(name)
        return None if block is None else block.of(self.vector)

    @property
    def volume(self) -> Volume:
        return Volume(self.layout.blocks["volume"].of(self.vector))

    @property
    def attempts(self) -> Attempts:
        blocks = self.layout.blocks
        answered, failed = blocks["volume"].of(self.vector), blocks["failures"].of(self.vector)
        return Attempts(np.concatenate((answered[:2], failed)))

    @property
    def latency(self) -> Latency:
        blocks = self.layout.blocks
        return Latency(blocks["latency.sums"].of(self.vector), blocks["latency.buckets"].of(self.vector))

    def distribution(self, column: ColumnLayout) -> Distribution:
        cells = self.layout.blocks[f"column.{column.name}"].of(self.vector)
        if column.kind == "categorical":
            return Frequencies(column.categories, cells, column.open_pool)
        return Histogram(*self.layout.bins[column.name], cells, self.layout.atoms[column.name])

    def moments(self, column: ColumnLayout) -> Moments:
        """Of a numeric column."""
        low, high = self.extremes[self.layout.places[column.name]]
        sums = self.layout.blocks[f"moments.{column.name}"].of(self.vector)
        return Moments(column.center, sums, float(low) if low <= high else nan, float(high) if low <= high else nan)

    @property
    def confusion(self) -> Confusion | None:
        cells, unknown = self._of("labelled.confusion"), self._of("labelled.unknown")
        if cells is None or unknown is None:
            return None
        return Confusion.with_unknown(self.layout.classes, self.layout.positive, cells, unknown)

    @property
    def scores(self) -> ScoreHistogram | None:
        rows, labelled = self._of("scores"), self._of("labelled.scores")
        if rows is None or labelled is None:
            return None
        return ScoreHistogram(np.asarray(self.layout.score_edges), self.layout.probabilities, rows, labelled)

    @property
    def class_scores(self) -> ClassScores | None:
        rows, labelled = self._of("class_scores"), self._of("labelled.class_scores")
        return None if rows is None or labelled is None else ClassScores(self.layout.classes, rows, labelled)

    @property
    def losses(self) -> Losses | None:
        cells = self._of("labelled.losses")
        return None if cells is None else Losses(cells)

    @property
    def residuals(self) -> Residuals | None:
        cells = self._of("labelled.residuals")
        return None if cells is None else Residuals(self.layout.truth_center, cells)

    @property
    def errors(self) -> ErrorProfile | None:
        labelled, column = self._of("labelled.errors"), self.layout.predicted_number
        return None if labelled is None or column is None else ErrorProfile(self.distribution(column).fine, labelled)

    @property
    def confidence(self) -> Confidence | None:
        sums, bins = self._of("confidence.sums"), self._of("confidence.bins")
        return None if sums is None or bins is None else Confidence(self.layout.low_confidence, sums, bins)

    @cached_property
    def groups(self) -> tuple[Groups, ...]:
        layout = self.layout
        return tuple(
            Groups(a.columns, a.names, layout.classes, layout.positive,
                   layout.blocks[f"groups.{i}"].of(self.vector), layout.blocks[f"labelled.groups.{i}"].of(self.vector))
            .with_unknown(layout.blocks[f"labelled.unknown.groups.{i}"].of(self.vector))
            for i, a in enumerate(layout.axes if layout.classes else ())
        )  # fmt: skip

    @cached_property
    def group_classes(self) -> tuple[GroupClasses, ...]:
        """By axis; empty if one of the classes is the positive one."""
        every = self.groups if self.layout.positive < 0 else ()
        return tuple(GroupClasses(g.axis, g.names, g.classes, g.confusion) for g in every)

    @cached_property
    def group_scores(self) -> tuple[GroupScores, ...]:
        """By axis; empty unless there are scores of a positive class."""
        found = []
        for i, axis in enumerate(self.layout.axes):
            rows, labelled = self._of(f"scores.groups.{i}"), self._of(f"labelled.scores.groups.{i}")
            if rows is not None and labelled is not None:
                fine = len(self.layout.score_edges) - 1
                firsts = -(-np.arange(rows.shape[1] + 1) * fine // rows.shape[1])
                edges = np.asarray(self.layout.score_edges)[firsts]
                found.append(GroupScores(axis.columns, axis.names, edges, self.layout.probabilities, rows, labelled))
        return tuple(found)

    @cached_property
    def group_class_scores(self) -> tuple[GroupClassScores | None, ...]:
        """By axis, ``None`` where they are not kept: without scores of every class, and where groups are many."""
        edges = np.array(GROUP_CLASS_ENDS) / CLASS_SCORE_BINS
        found: list[GroupClassScores | None] = []
        for i, axis in enumerate(self.layout.axes):
            rows, labelled = self._of(f"class_scores.groups.{i}"), self._of(f"labelled.class_scores.groups.{i}")
            if rows is None or labelled is None:
                found.append(None)
            else:
                classes = self.layout.classes
                found.append(GroupClassScores(axis.columns, axis.names, classes, edges, rows, labelled))
        return tuple(found)

    @cached_property
    def segments(self) -> tuple[Segments, ...]:
        """Losses by segment, by axis. Of a classifier right and wrong rows are kept, which say the same."""
        axes, blocks = self.layout.segments, self.layout.blocks
        if not axes:
            return ()
        first, last = blocks["labelled.segments.0"], blocks[f"labelled.segments.{len(axes) - 1}"]
        cells = self.vector[first.start : last.stop].reshape(-1, first.shape[1])  # they lie one after the other
        sums = np.stack((cells.sum(axis=1), cells[:, 1], cells[:, 1]), axis=1) if self.layout.classes else cells
        ends = np.cumsum([len(axis.names) for axis in axes]).tolist()
        return tuple(
            Segments(axis.columns, axis.sizes, axis.names, sums[end - len(axis.names) : end])
            for axis, end in zip(axes, ends, strict=True)
        )

    @cached_property
    def group_losses(self) -> tuple[GroupLosses, ...]:
        """By axis; empty unless the model is a classifier."""
        blocks = ((a, self._of(f"labelled.losses.groups.{i}")) for i, a in enumerate(self.layout.axes))
        return tuple(GroupLosses(a.columns, a.names, self.layout.positive, b) for a, b in blocks if b is not None)

    @cached_property
    def group_residuals(self) -> tuple[GroupResiduals, ...]:
        """By axis; empty unless the model predicts numbers."""
        blocks = ((a, self._of(f"labelled.residuals.groups.{i}")) for i, a in enumerate(self.layout.axes))
        center = self.layout.truth_center
        return tuple(GroupResiduals(a.columns, a.names, center, b) for a, b in blocks if b is not None)

    @cached_property
    def group_predictions(self) -> tuple[GroupPredictions, ...]:
        """By axis; empty unless the model predicts numbers."""
        center = next((c.center for c in self.layout.columns if c.role == "prediction"), 0.0)
        blocks = ((a, self._of(f"predictions.groups.{i}")) for i, a in enumerate(self.layout.axes))
        return tuple(
            GroupPredictions(a.columns, a.names, center, b[:, :3], b[:, 3:]) for a, b in blocks if b is not None
        )

    @cached_property
    def group_exposures(self) -> tuple[GroupExposures, ...]:
        """By axis; empty unless rows say where in a list they stood."""
        blocks = ((a, self._of(f"exposures.groups.{i}")) for i, a in enumerate(self.layout.axes))
        return tuple(
            GroupExposures(a.columns, a.names, b[:, 0], b[:, 1:].reshape(len(a.names), LIST_BUCKETS, 3))
            for a, b in blocks if b is not None
        )  # fmt: skip

    @cached_property
    def group_merits(self) -> tuple[GroupMerits, ...]:
        """The same of labelled rows, with their truth."""
        blocks = ((a, self._of(f"labelled.merits.groups.{i}")) for i, a in enumerate(self.layout.axes))
        return tuple(
            GroupMerits(a.columns, a.names, b[:, 0], b[:, 1:].reshape(len(a.names), LIST_BUCKETS, 2))
            for a, b in blocks if b is not None
        )  # fmt: skip
