"""Small models as signals see them: a layout, and summaries filled block by block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from miops_collector.layout import ColumnLayout, GroupAxis, Layout, Summaries
from miops_collector.report import ModelKey, Observation
from miops_collector.signals import Context
from miops_collector.window import NANOS, Window

DAY = 86_400 * NANOS
AGE = ColumnLayout(
    "age", "feature.age", "feature", "numeric", edges=(0.0, 30.0, 40.0, 50.0, 100.0), groups=(0, 0, 1, 1)
)
SEX = ColumnLayout("SEX", "feature.SEX", "feature", "categorical", categories=("1", "2"))
UNKNOWN = ColumnLayout("new", "feature.new", "feature", "numeric")
DECISION = ColumnLayout("prediction", "value", "prediction", "categorical", categories=("no", "yes"))
SCORE = ColumnLayout("score", "score", "score", "numeric", edges=(0.0, 0.5, 1.0), groups=(0, 1))
BY_SEX = GroupAxis(("SEX",), (("1", "2"),), ("1", "2"))
BY_BOTH = GroupAxis(("SEX", "RAC1P"), (("1", "2"), ("1", "9")), ("1 & 1", "1 & 9", "2 & 1", "2 & 9"))

BINARY = Layout(
    task="binary_classification",
    columns=(AGE, SEX, UNKNOWN, DECISION, SCORE),
    classes=("no", "yes"),
    positive=1,
    score_edges=(0.0, 0.25, 0.5, 0.75, 1.0),
    probabilities=True,
    axes=(BY_SEX, BY_BOTH),
)
MULTICLASS = Layout(
    task="multiclass_classification",
    columns=(AGE,),
    classes=("a", "b", "c"),
    score_edges=(0.0, 0.5, 1.0),
    probabilities=True,
    class_scores=True,
    axes=(BY_SEX,),
)
REGRESSION = Layout(task="regression", columns=(AGE,))

WINDOW = Window(100 * DAY, 101 * DAY)
CONTEXT = Context(
    model=ModelKey("m", "1"),
    window=WINDOW,
    computed_at=200 * DAY,
    complete=True,
    minimum_rows=30,
    minimum_group_rows=20,
    reference_time=int(90.5 * DAY),
)


def summaries(
    layout: Layout, blocks: Mapping[str, ArrayLike], extremes: Mapping[str, tuple[float, float]] | None = None
) -> Summaries:
    """Zero but for the blocks given."""
    vector, ends = layout.empty(), layout.empty_extremes()
    for name, cells in blocks.items():
        layout.blocks[name].of(vector)[...] = cells
    for name, pair in (extremes or {}).items():
        ends[layout.numeric.index(name)] = pair
    return Summaries(layout, vector, ends)


def binary(scale: float = 1.0, *, labelled: float = 1.0) -> Summaries:
    """100 rows times ``scale``, all of them labelled times ``labelled``."""
    truth = np.array([[50.0, 10.0], [5.0, 35.0]]) * scale * labelled
    by_score = np.zeros((4, 2, 2))
    by_score[0, 0], by_score[1, 0], by_score[2, 1], by_score[3, 1] = [40, 2], [10, 3], [8, 5], [2, 30]
    by_sex = np.array([[30.0, 30], [25, 15]]) * scale
    truth_by_sex = np.array([[[28.0, 6], [2, 24]], [[22, 4], [3, 11]]]) * scale * labelled
    intersection = np.array([[26.0, 28], [4, 2], [22, 14], [3, 1]]) * scale
    confidence = np.zeros((100, 4))
    confidence[85] = np.array([100, 100 * labelled, 85 * labelled, 85.5 * labelled]) * scale
    return summaries(
        BINARY,
        {
            "volume": np.array([100, 100, 100, 100 * labelled, 25]) * scale,
            "latency.sums": np.array([100, 0.5, 0.0026]) * scale,
            "latency.buckets": np.bincount([430], [100 * scale], minlength=1048),
            "column.age": np.array([4, 1, 0, 20, 25, 25, 24, 1]) * scale,
            "column.SEX": np.array([0, 0, 60, 40, 0]) * scale,
            "column.prediction": np.array([0, 0, 55, 45, 0]) * scale,
            "column.score": np.array([0, 0, 0, 55, 45, 0]) * scale,
            "moments.age": np.array([95, 100.0, 9000.0]) * scale,
            "moments.score": np.array([100, 47.0, 30.0]) * scale,
            "confidence.sums": np.array([100, 85.5, 74.0, 40.0, 12.0]) * scale,
            "confidence.bins": confidence,
            "labelled.confusion": truth,
            "labelled.losses": np.array([100, 36.0, 30.0, 11.0, 4.0]) * scale * labelled,
            "scores": (by_score * scale).sum(axis=2),
            "labelled.scores": by_score * scale * labelled,
            "groups.0": by_sex,
            "labelled.groups.0": truth_by_sex,
            "groups.1": intersection,
        },
        {"age": (17.0, 101.0), "score": (0.01, 0.97)},
    )


def named(observations: tuple[Observation, ...], metric: str, **where: str) -> Observation:
    """The one observation of that name and place."""
    found = [
        o for o in observations if o.metric == f"miops.{metric}" and all(getattr(o, k) == v for k, v in where.items())
    ]
    assert len(found) == 1, [o.identity for o in found]
    return found[0]
