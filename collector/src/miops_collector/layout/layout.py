"""Where each summary lies in the vector of a pane."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops.semconv import COLUMN_LIST_POSITION, COLUMN_LIST_SIZE, RANKING
from miops_collector.layout.column import ColumnLayout
from miops_collector.layout.group_axis import GroupAxis
from miops_collector.summary import LATENCY_BUCKETS, LIST_BUCKETS, ErrorSum, FloatArray

__all__ = ["CLASS_SCORE_BINS", "CONFIDENCE_BINS", "GROUP_CLASS_ENDS", "MOST_GROUP_CLASSES", "Block", "Layout"]

CONFIDENCE_BINS = 100
CLASS_SCORE_BINS = 200
GROUP_SCORE_BINS = 50
"""Of the scores of one group: its rows are fewer, and its statistics need no finer ones."""
GROUP_CLASS_ENDS = (
    0, 1, 2, 3, 5, 8, 12, 16, 22, 28, 36, 44, 54, 64, 76, 88, 100,
    112, 124, 136, 146, 156, 164, 172, 178, 184, 188, 192, 195, 197, 198, 199, 200,
)  # fmt: skip
"""Of the scores of one class in one group: at which of the bins above their 32 begin and end."""
MOST_GROUP_CLASSES = 100
"""Classes times groups of one axis: with more of them the scores of classes are not kept by group. They take 192 cells
each, so at most 154 kB an axis and pane."""
NO_EXTREMES = (float("inf"), float("-inf"))
_Shapes: TypeAlias = list[tuple[str, tuple[int, ...]]]
"""Name and shape of each block, in the order they lie."""


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

    @cached_property
    def atoms(self) -> dict[str, FloatArray]:
        """``(b,)`` of every numeric column the one value of each bin, ``nan`` where it has more or none."""
        return {c.name: _by_bin(c) for c in self.columns if c.kind == "numeric"}

    def empty(self) -> FloatArray:
        return np.zeros(self.size)

    def empty_extremes(self) -> FloatArray:
        """``(len(numeric), 2)`` smallest and largest finite value; merges by minimum and maximum."""
        return np.tile(np.array(NO_EXTREMES), (len(self.numeric), 1))

    def _shapes(self) -> _Shapes:
        """Blocks of one pane.

        When truth arrives those under ``labelled.`` change, columns 1 to 3 of ``confidence.bins`` and the labelled
        rows of ``volume``; the others change only with rows.
        """
        of_task = self._shapes_of_classes() if self.classes else self._shapes_of_numbers()
        sums = 2 if self.classes else 3
        return [
            ("volume", (5,)),
            ("latency.sums", (3,)),
            ("latency.buckets", (LATENCY_BUCKETS,)),
            *((f"column.{c.name}", (c.size,)) for c in self.columns),
            *((f"moments.{name}", (3,)) for name in self.numeric),
            *of_task,
            *((f"exposures.groups.{i}", (len(a.names), 1 + 3 * LIST_BUCKETS)) for i, a in self._ranked_axes()),
            *((f"labelled.merits.groups.{i}", (len(a.names), 1 + 2 * LIST_BUCKETS)) for i, a in self._ranked_axes()),
            *((f"labelled.segments.{i}", (len(a.names), sums)) for i, a in enumerate(self.segments)),
            ("failures", (2,)),
        ]

    def _ranked_axes(self) -> Iterable[tuple[int, GroupAxis]]:
        """All of a ranking, or of a model whose reference says where in a list its rows stood; else none."""
        sources = {c.source for c in self.columns}
        in_lists = self.task == RANKING or {COLUMN_LIST_POSITION, COLUMN_LIST_SIZE} <= sources
        return enumerate(self.axes) if in_lists else ()

    def _shapes_of_classes(self) -> _Shapes:
        k, b = len(self.classes), max(len(self.score_edges) - 1, 0)
        shapes: _Shapes = [
            ("confidence.sums", (5,)),
            ("confidence.bins", (CONFIDENCE_BINS, 4)),
            ("labelled.confusion", (k, k)),
            ("labelled.unknown", (k,)),
            ("labelled.losses", (5,)),
            *((f"groups.{i}", (len(a.names), k)) for i, a in enumerate(self.axes)),
            *((f"labelled.groups.{i}", (len(a.names), k, k)) for i, a in enumerate(self.axes)),
            *((f"labelled.unknown.groups.{i}", (len(a.names), k)) for i, a in enumerate(self.axes)),
            *((f"labelled.losses.groups.{i}", (len(a.names), 7)) for i, a in enumerate(self.axes)),
        ]
        if b:
            shapes += [("scores", (b, 2)), ("labelled.scores", (b, 2, 2))]
            shapes += [shape for i in range(len(self.axes)) for shape in self._group_scores(i)]
        if self.class_scores:
            shapes += [("class_scores", (k, CLASS_SCORE_BINS, 2))]
            shapes += [("labelled.class_scores", (k, CLASS_SCORE_BINS, 2, 2))]
            shapes += [shape for i in range(len(self.axes)) for shape in self._group_class_scores(i)]
        return shapes

    def _shapes_of_numbers(self) -> _Shapes:
        predicted, c, sums = self.predicted_number, max(self.prediction_groups) + 3, len(ErrorSum)
        return [
            ("labelled.residuals", (sums,)),
            *([] if predicted is None else [("labelled.errors", (len(predicted.edges) + 1, sums))]),
            *((f"labelled.residuals.groups.{i}", (len(a.names), sums)) for i, a in enumerate(self.axes)),
            *((f"predictions.groups.{i}", (len(a.names), 3 + c)) for i, a in enumerate(self.axes)),
        ]

    @property
    def predicted_number(self) -> ColumnLayout | None:
        """The column of a regression's predictions, once their spread is known."""
        return next((c for c in self.columns if c.role == "prediction" and c.edges), None)

    @property
    def prediction_groups(self) -> tuple[int, ...]:
        """Of each bin of a predicted number its coarse bin: see ``ColumnLayout.groups``."""
        return next((c.groups for c in self.columns if c.role == "prediction" and c.groups), (-1,))

    def _group_scores(self, axis: int) -> _Shapes:
        if self.positive < 0:
            return []
        rows = (len(self.axes[axis].names), min(len(self.score_edges) - 1, GROUP_SCORE_BINS), 2)
        return [(f"scores.groups.{axis}", rows), (f"labelled.scores.groups.{axis}", (*rows, 2))]

    def _group_class_scores(self, axis: int) -> _Shapes:
        groups, k = len(self.axes[axis].names), len(self.classes)
        if self.positive >= 0 or groups * k > MOST_GROUP_CLASSES:
            return []
        rows = (groups, k, len(GROUP_CLASS_ENDS) - 1, 2)
        return [(f"class_scores.groups.{axis}", rows), (f"labelled.class_scores.groups.{axis}", (*rows, 2))]


def _by_bin(column: ColumnLayout) -> FloatArray:
    bins = max(len(column.edges) - 1, 0)
    found, atoms = np.full(bins, np.nan), np.asarray(column.atoms, np.float64)
    if len(atoms):
        found[np.clip(np.searchsorted(column.edges, atoms, side="right") - 1, 0, bins - 1)] = atoms
    return found


def _freeze(value: Any) -> Any:
    return tuple(_freeze(v) for v in value) if isinstance(value, list) else value
