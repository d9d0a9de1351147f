"""Which cell of a pane means what: the columns, edges, classes and groups frozen with a reference.

A pane of one model version is one flat vector of sums; a :class:`Layout` says where each summary lies in it.
So adding panes is adding vectors, and a window is the sum of its panes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from math import nan, prod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops_collector.summary import (
    LATENCY_BUCKETS,
    ClassScores,
    Confidence,
    Confusion,
    Distribution,
    ErrorProfile,
    FloatArray,
    Frequencies,
    GroupLosses,
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

__all__ = ["Block", "ColumnLayout", "GroupAxis", "Layout", "Role", "Summaries"]

Role: TypeAlias = Literal["feature", "context", "prediction", "score"]
CONFIDENCE_BINS = 100
CLASS_SCORE_BINS = 200
GROUP_SCORE_BINS = 50
"""Of the scores of one group: its rows are fewer, and its statistics need no finer ones."""
NO_EXTREMES = (float("inf"), float("-inf"))


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """One monitored column.

    Attributes
    ----------
    name
        As users see it: a feature or context name, ``prediction`` or ``score``.
    source
        Column of the store it is read from: ``feature.age``.
    edges, groups
        Numeric columns: see :class:`~miops_collector.summary.Histogram`. Empty when there is no reference value yet:
        then only missing values, faults and moments are known.
    categories
        Categorical columns: see :class:`~miops_collector.summary.Frequencies`.
    center
        Numeric columns: subtracted before moments are summed, for precision.
    definition_edges
        Numeric columns: edges of another tool's definition, each of them one of ``edges`` too; see
        ``statistics/definitions``.
    pooled, open_pool
        Categorical columns with more categories than are told apart: the last category is a pool of the rarer ones,
        ``pooled`` names them, and if ``open_pool`` they are too many to name: then the pool holds every other value
        and nothing is unseen.
    """

    name: str
    source: str
    role: Role
    kind: Literal["numeric", "categorical"]
    edges: tuple[float, ...] = ()
    groups: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    center: float = 0.0
    pooled: tuple[str, ...] = ()
    open_pool: bool = False
    definition_edges: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Number of cells in a pane."""
        bins = max(len(self.edges) - 1, 0)
        return bins + 4 if self.kind == "numeric" else len(self.categories) + 3


@dataclass(frozen=True, slots=True)
class GroupAxis:
    """Groups of one sensitive column, or of the intersection of several (``columns`` names them).

    ``parts`` are the groups of each single column: category lists, or edges for numeric columns (group ``i`` is
    ``[edges[i], edges[i + 1])`` with open ends). Rows outside every part (missing, unseen) belong to no group.
    Group number of a row = mixed radix of its part numbers, first column slowest; ``names`` in that order.
    """

    columns: tuple[str, ...]
    parts: tuple[tuple[str, ...] | tuple[float, ...], ...]
    names: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many groups each column has."""
        return tuple(len(part) if isinstance(part[0], str) else len(part) - 1 for part in self.parts)


@dataclass(frozen=True, slots=True)
class Block:
    """Cells ``[start, start + prod(shape))`` of a pane's vector, seen in this shape."""

    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        return self.start + prod(self.shape)

    def of(self, vector: FloatArray) -> FloatArray:
        return vector[self.start : self.stop].reshape(self.shape)


@dataclass(frozen=True)
class Layout:
    """The frozen plan of one model version's panes.

    ``classes`` are the known class names of a classifier, sorted as scikit-learn sorts them; for a regression it is
    empty. ``positive`` is the index of the positive class or -1. ``score_edges`` is empty when there are no scores.
    ``segments`` are the parts of columns, and of pairs of columns, that losses are kept by.
    ``origin`` says where the reference came from: ``file``, ``event``, ``auto`` or ``none``.
    """

    task: str
    columns: tuple[ColumnLayout, ...]
    classes: tuple[str, ...] = ()
    positive: int = -1
    score_edges: tuple[float, ...] = ()
    probabilities: bool = False
    class_scores: bool = False
    axes: tuple[GroupAxis, ...] = ()
    truth_center: float = 0.0
    low_confidence: float = 0.6
    origin: str = "none"
    segments: tuple[GroupAxis, ...] = ()

    @cached_property
    def id(self) -> str:
        """Hash of everything above and of the blocks that this release makes of it: others' panes do not add."""
        blocks = [(name, block.start, block.shape) for name, block in self.blocks.items()]
        return hashlib.blake2b(f"{self.to_json()}{blocks}".encode(), digest_size=8).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Layout:
        data: dict[str, Any] = json.loads(text)
        frozen = {k: _freeze(v) for k, v in data.items()}
        frozen["columns"] = tuple(ColumnLayout(**{k: _freeze(v) for k, v in c.items()}) for c in data["columns"])
        for name in ("axes", "segments"):
            frozen[name] = tuple(GroupAxis(**{k: _freeze(v) for k, v in a.items()}) for a in data.get(name, ()))
        return cls(**frozen)

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Every block by name, in the order they lie."""
        blocks: dict[str, Block] = {}
        start = 0
        for name, shape in self._shapes():
            blocks[name] = Block(start, shape)
            start = blocks[name].stop
        return blocks

    @cached_property
    def size(self) -> int:
        """Length of a pane's vector."""
        return max(block.stop for block in self.blocks.values())

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Names of the numeric columns, in order: the rows of a pane's extremes."""
        return tuple(c.name for c in self.columns if c.kind == "numeric")

    @cached_property
    def places(self) -> dict[str, int]:
        """Row of every numeric column in a pane's extremes."""
        return {name: place for place, name in enumerate(self.numeric)}

    @cached_property
    def bins(self) -> dict[str, tuple[FloatArray, NDArray[np.int64]]]:
        """Edges and groups of every numeric column, as arrays."""
        numeric = (c for c in self.columns if c.kind == "numeric")
        return {c.name: (np.asarray(c.edges, np.float64), np.asarray(c.groups, np.int64)) for c in numeric}

    def empty(self) -> FloatArray:
        return np.zeros(self.size)

    def empty_extremes(self) -> FloatArray:
        """``(len(numeric), 2)`` smallest and largest finite value; merges by minimum and maximum."""
        return np.tile(np.array(NO_EXTREMES), (len(self.numeric), 1))

    def _shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Blocks of one pane.

        When truth arrives those under ``labelled.`` change, columns 1 to 3 of ``confidence.bins`` and the labelled
        rows of ``volume``; the others change only with rows.
        """
        k, b = len(self.classes), max(len(self.score_edges) - 1, 0)
        shapes: list[tuple[str, tuple[int, ...]]] = [("volume", (5,)), ("latency.sums", (3,))]
        shapes += [("latency.buckets", (LATENCY_BUCKETS,))]
        shapes += [(f"column.{c.name}", (c.size,)) for c in self.columns]
        shapes += [(f"moments.{name}", (3,)) for name in self.numeric]
        if self.classes:
            shapes += [("confidence.sums", (5,)), ("confidence.bins", (CONFIDENCE_BINS, 4))]
            shapes += [("labelled.confusion", (k, k)), ("labelled.losses", (5,))]
            shapes += [(f"groups.{i}", (len(a.names), k)) for i, a in enumerate(self.axes)]
            shapes += [(f"labelled.groups.{i}", (len(a.names), k, k)) for i, a in enumerate(self.axes)]
            shapes += [(f"labelled.losses.groups.{i}", (len(a.names), 7)) for i, a in enumerate(self.axes)]
        if self.classes and b:
            shapes += [("scores", (b, 2)), ("labelled.scores", (b, 2, 2))]
            shapes += [shape for i in range(len(self.axes)) for shape in self._group_scores(i)]
        if self.class_scores:
            shapes += [("class_scores", (k, CLASS_SCORE_BINS, 2))]
            shapes += [("labelled.class_scores", (k, CLASS_SCORE_BINS, 2, 2))]
        if not self.classes:
            shapes += [("labelled.residuals", (9,))]
            if self.predicted_number is not None:
                shapes += [("labelled.errors", (len(self.predicted_number.edges) + 1, 4))]
            shapes += [(f"labelled.residuals.groups.{i}", (len(a.names), 9)) for i, a in enumerate(self.axes)]
            c = max(self.prediction_groups) + 3
            shapes += [(f"predictions.groups.{i}", (len(a.names), 3 + c)) for i, a in enumerate(self.axes)]
        sums = 2 if self.classes else 3
        shapes += [(f"labelled.segments.{i}", (len(a.names), sums)) for i, a in enumerate(self.segments)]
        return shapes

    @property
    def predicted_number(self) -> ColumnLayout | None:
        """The column of a regression's predictions, once their spread is known."""
        return next((c for c in self.columns if c.role == "prediction" and c.edges), None)

    @property
    def prediction_groups(self) -> tuple[int, ...]:
        """Of each bin of a predicted number its coarse bin: see ``ColumnLayout.groups``."""
        return next((c.groups for c in self.columns if c.role == "prediction" and c.groups), (-1,))

    def _group_scores(self, axis: int) -> list[tuple[str, tuple[int, ...]]]:
        if self.positive < 0:
            return []
        rows = (len(self.axes[axis].names), min(len(self.score_edges) - 1, GROUP_SCORE_BINS), 2)
        return [(f"scores.groups.{axis}", rows), (f"labelled.scores.groups.{axis}", (*rows, 2))]


def _freeze(value: Any) -> Any:
    return tuple(_freeze(v) for v in value) if isinstance(value, list) else value


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
    def latency(self) -> Latency:
        blocks = self.layout.blocks
        return Latency(blocks["latency.sums"].of(self.vector), blocks["latency.buckets"].of(self.vector))

    def distribution(self, column: ColumnLayout) -> Distribution:
        cells = self.layout.blocks[f"column.{column.name}"].of(self.vector)
        if column.kind == "categorical":
            return Frequencies(column.categories, cells)
        return Histogram(*self.layout.bins[column.name], cells)

    def moments(self, column: ColumnLayout) -> Moments:
        """Of a numeric column."""
        low, high = self.extremes[self.layout.places[column.name]]
        sums = self.layout.blocks[f"moments.{column.name}"].of(self.vector)
        return Moments(column.center, sums, float(low) if low <= high else nan, float(high) if low <= high else nan)

    @property
    def confusion(self) -> Confusion | None:
        cells = self._of("labelled.confusion")
        return None if cells is None else Confusion(self.layout.classes, self.layout.positive, cells)

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
            for i, a in enumerate(layout.axes if layout.classes else ())
        )  # fmt: skip

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
