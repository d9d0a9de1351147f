from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from math import isnan
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.layout import ColumnLayout, GroupAxis, Layout, Summaries
from miops_collector.summary import Frequencies, Histogram

X = ColumnLayout("x", "feature.x", "feature", "numeric", edges=(0.0, 1.0, 2.0), groups=(0, 1), center=1.5)
PLAIN = ColumnLayout("plain", "feature.plain", "feature", "numeric")
C = ColumnLayout("c", "context.c", "context", "categorical", categories=("a", "other (2 more)"), pooled=("p", "q"))
SEX = GroupAxis(("sex",), (("f", "m"),), ("f", "m"))
AGE = GroupAxis(("sex", "age"), (("f", "m"), (30.0, 60.0)), ("f & 30-60", "m & 30-60"))

BINARY = Layout(
    "binary_classification", (X, PLAIN, C), ("no", "yes"), 1, (0.0, 0.5, 1.0), probabilities=True, axes=(SEX, AGE)
)
MANY = Layout("multiclass_classification", (C,), ("a", "b", "c"), class_scores=True)
NUMBER = Layout("regression", (X,), truth_center=10.0)
LAYOUTS = {"binary": BINARY, "multiclass": MANY, "regression": NUMBER}
ANY = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def filled(layout: Layout, seed: int = 0) -> Summaries:
    rng = np.random.default_rng(seed)
    low = rng.normal(size=(len(layout.numeric), 1))
    return Summaries(layout, rng.integers(0, 9, layout.size).astype(float), np.hstack((low, low + 1)))


@ANY
def test_blocks_lie_one_after_the_other_and_fill_the_vector(layout: Layout) -> None:
    blocks = list(layout.blocks.values())

    assert blocks[0].start == 0
    assert [b.stop for b in blocks[:-1]] == [b.start for b in blocks[1:]]
    assert blocks[-1].stop == layout.size == len(layout.empty())


@ANY
def test_a_layout_reads_back_with_its_identity(layout: Layout) -> None:
    back = Layout.from_json(layout.to_json())

    assert back == layout
    assert back.id == layout.id
    assert json.loads(layout.to_json())["task"] == layout.task


@pytest.mark.parametrize(
    "change",
    [
        {"task": "ranking"}, {"columns": (X,)}, {"columns": (replace(X, edges=(0.0, 1.0, 2.5)), PLAIN, C)},
        {"classes": ("no", "maybe")}, {"positive": 0}, {"axes": (SEX,)}, {"origin": "auto"}, {"low_confidence": 0.7},
        {"score_edges": (0.0, 0.4, 1.0)}, {"truth_center": 1.0},
    ],
)  # fmt: skip
def test_panes_of_another_layout_have_another_identity(change: dict[str, object]) -> None:
    assert replace(BINARY, **change).id != BINARY.id  # type: ignore[arg-type]


def test_a_column_has_a_cell_for_everything_that_can_be_told_apart() -> None:
    assert [X.size, PLAIN.size, C.size] == [6, 4, 5]  # missing, fault, below, 2 bins, above; … ; a, pool, unseen
    assert BINARY.numeric == ("x", "plain")


@ANY
def test_the_summaries_of_a_layout_are_those_that_apply(layout: Layout) -> None:
    s = Summaries.none(layout)
    classifier = bool(layout.classes)

    assert (s.confusion is not None) == (s.losses is not None) == (s.confidence is not None) == classifier
    assert (s.residuals is not None) == (not classifier)
    assert (s.scores is not None) == (layout is BINARY)
    assert (s.class_scores is not None) == (layout is MANY)
    assert [g.names for g in s.groups] == [a.names for a in layout.axes]
    assert s.volume.rows == s.latency.sums.sum() == 0


def test_every_cell_of_a_vector_is_seen_by_exactly_one_summary() -> None:
    s = Summaries(BINARY, np.arange(BINARY.size, dtype=float), BINARY.empty_extremes())
    x, plain, c = (s.distribution(column) for column in BINARY.columns)
    assert isinstance(x, Histogram)
    assert isinstance(plain, Histogram)
    assert isinstance(c, Frequencies)
    assert s.confusion is not None
    assert s.losses is not None
    assert s.confidence is not None
    assert s.scores is not None
    parts = [s.volume.sums, s.latency.sums, s.latency.buckets, x.cells, plain.cells, c.cells]
    parts += [s.moments(column).sums for column in BINARY.columns[:2]]
    parts += [s.confidence.sums, s.confidence.bins, s.confusion.cells[:, :-1], s.losses.sums]
    parts += [s.scores.rows, s.scores.labelled]
    parts += [part for g in s.groups for part in (g.rows, g.confusion[:, :, :-1])]
    parts += [part for g in s.group_scores for part in (g.rows, g.labelled)]
    parts += [g.sums for g in s.group_losses]
    parts += [s.attempts.sums[2:]]

    seen = np.concatenate([p.ravel() for p in parts])
    assert sorted(seen.tolist()) == list(range(BINARY.size))


def test_scores_of_classes_are_kept_by_group_up_to_a_bound() -> None:
    many = GroupAxis(("city",), (tuple(f"c{i}" for i in range(33)),), tuple(f"c{i}" for i in range(33)))
    more = GroupAxis(("town",), (tuple(f"t{i}" for i in range(34)),), tuple(f"t{i}" for i in range(34)))
    layout = replace(MANY, axes=(more, SEX, many))
    s = filled(layout)

    none, sex, most = s.group_class_scores
    assert none is None  # 34 groups of three classes are more than 100
    assert sex is not None
    assert most is not None
    assert (sex.axis, sex.classes, sex.rows.shape, sex.labelled.shape) == (
        ("sex",), ("a", "b", "c"), (2, 3, 32, 2), (2, 3, 32, 2, 2)
    )  # fmt: skip
    assert sex.edges[[0, 16, -1]].tolist() == [0.0, 0.5, 1.0]
    assert (np.diff(sex.edges) > 0).all()
    assert most.rows.shape == (33, 3, 32, 2)
    assert s.group_scores == ()
    of_b = sex.of_groups()[1][1]
    np.testing.assert_array_equal(of_b.labelled, sex.labelled[1, 1])


def test_groups_know_their_axis() -> None:
    sex, both = filled(BINARY).groups

    assert (sex.axis, sex.names, both.axis) == (("sex",), ("f", "m"), ("sex", "age"))
    assert sex.confusion.shape == (2, 3, 3)  # every cell of the vector is filled, those of unknown truth too
    assert (sex.classes, sex.positive) == (("no", "yes"), 1)


def test_moments_without_values_have_no_extremes() -> None:
    moments = Summaries.none(BINARY).moments(X)

    assert isnan(moments.lowest)
    assert isnan(moments.highest)
    assert moments.center == 1.5


@ANY
def test_nothing_adds_nothing(layout: Layout) -> None:
    s = filled(layout)

    for total in (s + Summaries.none(layout), Summaries.none(layout) + s):
        np.testing.assert_array_equal(total.vector, s.vector)
        np.testing.assert_array_equal(total.extremes, s.extremes)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.randoms())
@settings(deadline=None, max_examples=30)
def test_summaries_add_in_any_order(seeds: list[int], random: object) -> None:
    parts = [filled(BINARY, seed) for seed in seeds]
    whole = reduce(add, parts)
    random.shuffle(parts)  # type: ignore[attr-defined]
    again = reduce(add, parts)

    np.testing.assert_array_equal(whole.vector, again.vector)
    np.testing.assert_array_equal(whole.extremes, again.extremes)
    assert whole.volume.rows == sum(p.volume.rows for p in parts)
    assert whole.moments(X).lowest == min(p.moments(X).lowest for p in parts)
