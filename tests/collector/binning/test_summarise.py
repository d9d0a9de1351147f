"""Binning equals a recount row by row, whatever the rows are and however they are spread over panes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.binning import PaneDelta, summarise, summarise_duplicates, summarise_truth
from miops_collector.binning.segments import losses_of
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.layout import Layout, Summaries
from miops_collector.reference import provisional_layout
from miops_collector.statistics.performance.accuracy import accuracy
from tests.collector.binning.recount import Panes, recount, recount_truth
from tests.collector.binning.sample_rows import CLASSES, KINDS, PANE, clean_rows, layout_of, messy_rows, pick

kinds = pytest.mark.parametrize("kind", KINDS)


def as_panes(layout: Layout, *deltas: PaneDelta) -> Panes:
    panes: Panes = {}
    for delta in deltas:
        for i, start in enumerate(delta.starts.tolist()):
            vector, extremes = panes.setdefault(start, (layout.empty(), layout.empty_extremes()))
            touched = slice(delta.offsets[i], delta.offsets[i + 1])
            assert len(np.unique(delta.cells[touched])) == len(delta.cells[touched])
            vector[delta.cells[touched]] += delta.values[touched]
            extremes[:, 0] = np.minimum(extremes[:, 0], delta.extremes[i, :, 0])
            extremes[:, 1] = np.maximum(extremes[:, 1], delta.extremes[i, :, 1])
    return panes


def assert_same(layout: Layout, expected: Panes, actual: Panes) -> None:
    assert sorted(expected) == sorted(actual)
    for start, (vector, extremes) in expected.items():
        np.testing.assert_array_equal(extremes, actual[start][1])
        for name, block in layout.blocks.items():
            found = block.of(actual[start][0])
            np.testing.assert_allclose(found, block.of(vector), rtol=1e-9, atol=1e-7, err_msg=name)


@kinds
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 50), panes=st.sampled_from([1, 5, 200]))
def test_rows_are_counted_as_by_hand(kind: str, seed: int, n: int, panes: int) -> None:
    layout, rows = layout_of(kind), messy_rows(kind, n, seed, panes=panes)

    delta = summarise(layout, rows, PANE)

    assert_same(layout, recount(layout, rows, PANE), as_panes(layout, delta))
    assert (np.diff(delta.starts) > 0).all()


@kinds
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 50), panes=st.sampled_from([1, 5, 200]))
def test_truth_is_counted_as_by_hand(kind: str, seed: int, n: int, panes: int) -> None:
    layout, rows = layout_of(kind), messy_rows(kind, n, seed, panes=panes)

    delta = summarise_truth(layout, rows, PANE)

    assert_same(layout, recount_truth(layout, rows, PANE), as_panes(layout, delta))


@kinds
def test_many_rows_in_one_pane_are_counted_as_by_hand(kind: str) -> None:
    """Above a few hundred rows a pane is read out whole instead of by the cells that were touched."""
    layout = layout_of(kind)
    rows = replace(messy_rows(kind, 1500, 3), time=np.zeros(1500, np.int64))

    assert_same(layout, recount(layout, rows, PANE), as_panes(layout, summarise(layout, rows, PANE)))
    assert_same(layout, recount_truth(layout, rows, PANE), as_panes(layout, summarise_truth(layout, rows, PANE)))


@kinds
def test_a_layout_without_reference_counts_what_it_can(kind: str) -> None:
    columns = {"feature.amount": "number", "feature.city": "text", "context.sex": "boolean"}
    layout = provisional_layout(columns, classes=CLASSES[kind])
    rows = messy_rows(kind, 120, 11)

    assert_same(layout, recount(layout, rows, PANE), as_panes(layout, summarise(layout, rows, PANE)))
    assert_same(layout, recount_truth(layout, rows, PANE), as_panes(layout, summarise_truth(layout, rows, PANE)))


@pytest.mark.parametrize("summary", [summarise, summarise_truth])
@kinds
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), parts=st.integers(1, 6))
def test_rows_in_parts_and_any_order_give_the_same_panes(
    kind: str, summary: Callable[[Layout, Rows, int], PaneDelta], seed: int, parts: int
) -> None:
    layout, rows = layout_of(kind), messy_rows(kind, 60, seed)
    rng = np.random.default_rng(seed)
    order, part = rng.permutation(60), rng.integers(0, parts, 60)

    split = [summary(layout, pick(rows, order[part == p]), PANE) for p in range(parts)]

    assert_same(layout, as_panes(layout, summary(layout, rows, PANE)), as_panes(layout, *split))


@kinds
def test_truth_taken_back_leaves_nothing(kind: str) -> None:
    layout, rows = layout_of(kind), clean_rows(kind, 200, 5)
    taken_back = replace(rows, sign=-np.ones(200))

    panes = as_panes(layout, summarise_truth(layout, rows, PANE), summarise_truth(layout, taken_back, PANE))

    for vector, extremes in panes.values():
        np.testing.assert_allclose(vector, 0.0, atol=1e-9)
        np.testing.assert_array_equal(extremes, layout.empty_extremes())


@kinds
def test_truth_changes_no_block_of_rows(kind: str) -> None:
    layout = layout_of(kind)

    delta = summarise_truth(layout, clean_rows(kind, 200, 5), PANE)

    allowed = np.zeros(layout.size, np.bool_)
    for name, block in layout.blocks.items():
        allowed[block.start : block.stop] = name.startswith(("labelled.", "confidence.bins"))
    allowed[layout.blocks["volume"].start + 3] = True
    assert allowed[delta.cells].all()


def test_repeats_are_counted_where_their_event_time_lies() -> None:
    layout = layout_of("binary")

    panes = as_panes(layout, summarise_duplicates(layout, np.array([250, 10, 20, 260, 270]), PANE))

    assert {start: vector[4] for start, (vector, _) in panes.items()} == {0: 2.0, 200: 3.0}
    assert {start: vector.sum() for start, (vector, _) in panes.items()} == {0: 2.0, 200: 3.0}


def test_no_rows_touch_no_pane() -> None:
    layout, nobody = layout_of("binary"), pick(clean_rows("binary", 1, 0), np.zeros(0, np.int64))

    assert len(summarise(layout, nobody, PANE)) == 0
    assert len(summarise_truth(layout, nobody, PANE)) == 0
    assert len(summarise_duplicates(layout, np.zeros(0, np.int64), PANE)) == 0


def test_rows_without_truth_add_no_truth() -> None:
    rows = replace(clean_rows("binary", 5, 0), truth=None)

    assert len(summarise_truth(layout_of("binary"), rows, PANE)) == 0


@pytest.mark.parametrize(
    "value",
    [
        Numbers(np.array([1.0, 0.0])),
        Texts(np.array([0, 1], np.int32), ("1", "0")),
        Texts(np.array([0, 1], np.int32), ("1.0", "0.0")),
        Texts(np.array([1, 0], np.int32), ("false", "true")),
        Texts(np.array([1, 0], np.int32), ("False", "True")),
    ],
)
def test_a_class_is_the_same_however_it_is_written(value: Numbers | Texts) -> None:
    layout = layout_of("binary")
    rows = replace(pick(clean_rows("binary", 2, 0), np.arange(2)), value=value, truth=Numbers(np.array([1.0, 1.0])))

    panes = as_panes(layout, summarise_truth(layout, replace(rows, time=np.zeros(2, np.int64)), PANE))

    confusion = layout.blocks["labelled.confusion"].of(panes[0][0])
    np.testing.assert_array_equal([[0, 0], [1, 1]], confusion)


def test_a_truth_that_is_no_class_of_the_model_is_a_wrong_prediction_and_counted() -> None:
    layout = layout_of("binary")
    rows = replace(
        pick(clean_rows("binary", 4, 0), np.arange(4)), value=Texts(np.array([1, 1, 0, 1], np.int32), ("0", "1")),
        truth=Texts(np.array([1, 2, 2, -1], np.int32), ("0", "1", "third")), time=np.zeros(4, np.int64),
        weight=np.ones(4),
    )  # fmt: skip

    panes = as_panes(layout, summarise_truth(layout, rows, PANE))
    vector = panes[0][0]
    confusion = Summaries(layout, vector, layout.empty_extremes()).confusion

    assert confusion is not None
    assert confusion.classes == ("0", "1", "(unknown)")
    np.testing.assert_array_equal([[0, 0, 0], [0, 1, 0], [1, 1, 0]], confusion.cells)
    assert (accuracy(confusion), confusion.unknown) == (1 / 3, 2.0)
    assert [float(losses_of(layout, rows)[i]) for i in range(3)] == [0.0, 1.0, 1.0]
    back = as_panes(layout, summarise_truth(layout, replace(rows, sign=-np.ones(4)), PANE))
    assert not (vector + back[0][0]).any()


def test_huge_values_are_counted_but_do_not_spoil_sums() -> None:
    layout = layout_of("regression")
    rows = replace(
        clean_rows("regression", 4, 0),
        time=np.zeros(4, np.int64),
        value=Numbers(np.array([1e308, -1e308, 1.0, 3.0])),
        truth=Numbers(np.array([-1e308, 1e-308, 0.0, 2.0])),
        columns={"feature.amount": Numbers(np.array([1e308, -1e308, 5e-324, 1.0]))},
    )
    taken_back = replace(rows, sign=-np.ones(4))
    deltas = (summarise(layout, rows, PANE), summarise_truth(layout, rows, PANE))

    vector, extremes = as_panes(layout, *deltas)[0]
    without, _ = as_panes(layout, *deltas, summarise_truth(layout, taken_back, PANE))[0]

    assert layout.blocks["column.amount"].of(vector).sum() == 4.0
    assert np.isfinite(vector).all()
    assert extremes[layout.numeric.index("amount")].tolist() == [-1e308, 1e308]
    assert layout.blocks["labelled.residuals"].of(vector)[:2].tolist() == [2.0, 2.0]
    assert not layout.blocks["labelled.residuals"].of(without).any()


def test_memory_follows_rows_and_not_panes() -> None:
    layout, n = layout_of("binary"), 4000
    rows = replace(clean_rows("binary", n, 0), time=np.random.default_rng(0).permutation(n) * PANE)

    delta = summarise(layout, rows, PANE)

    assert n == len(delta)
    assert len(delta.cells) < 60 * n < layout.size * n / 20
