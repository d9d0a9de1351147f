"""Rows that the model failed on add their number and their inputs to panes, and nothing to what predictions are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.binning import PaneDelta, summarise, summarise_failures
from miops_collector.columns import Numbers, Rows
from miops_collector.layout import Layout, Summaries
from miops_collector.reference import provisional_layout
from tests.collector.binning.sample_rows import KINDS, PANE, layout_of, messy_rows

INPUTS = ("feature", "context")


def one_pane(layout: Layout, *deltas: PaneDelta) -> Summaries:
    vector, extremes = layout.empty(), layout.empty_extremes()
    for delta in deltas:
        np.add.at(vector, delta.cells, delta.values)
        for i in range(len(delta)):
            extremes[:, 0] = np.minimum(extremes[:, 0], delta.extremes[i, :, 0])
            extremes[:, 1] = np.maximum(extremes[:, 1], delta.extremes[i, :, 1])
    return Summaries(layout, vector, extremes)


def failed(rows: Rows, seen: bool | np.ndarray = True) -> Rows:
    """The same rows, as if the model had failed on them."""
    n = len(rows)
    return replace(
        rows, value=Numbers(np.full(n, np.nan)), score=np.full(n, np.nan), class_scores=None, truth=None, sign=None,
        failed=np.ones(n, np.bool_), seen=np.broadcast_to(seen, n),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), m=st.integers(1, 40), panes=st.sampled_from([1, 5]))
def test_failures_change_nothing_that_is_said_of_predictions(kind: str, seed: int, n: int, m: int, panes: int) -> None:
    layout = layout_of(kind)
    rows, others = messy_rows(kind, n, seed, panes=panes), failed(messy_rows(kind, m, seed + 1, panes=panes))
    alone = one_pane(layout, summarise(layout, rows, PANE))

    together = one_pane(layout, summarise(layout, rows, PANE), summarise_failures(layout, others, PANE))

    inputs = {c.name for c in layout.columns if c.role in INPUTS}
    changed = {"failures", *(f"{part}.{name}" for part in ("column", "moments") for name in inputs)}
    for name, block in layout.blocks.items():
        if name not in changed:
            np.testing.assert_array_equal(block.of(together.vector), block.of(alone.vector), err_msg=name)
    outputs = [place for name, place in layout.places.items() if name not in inputs]
    np.testing.assert_array_equal(together.extremes[outputs], alone.extremes[outputs])


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40))
def test_inputs_of_failures_count_as_those_of_other_rows(kind: str, seed: int, n: int) -> None:
    layout, rows = layout_of(kind), messy_rows(kind, n, seed, panes=5)

    found, expected = (
        one_pane(layout, delta)
        for delta in (summarise_failures(layout, failed(rows), PANE), summarise(layout, rows, PANE))
    )

    for column in (c for c in layout.columns if c.role in INPUTS):
        np.testing.assert_array_equal(found.distribution(column).cells, expected.distribution(column).cells)
        if column.kind == "numeric":
            np.testing.assert_allclose(found.moments(column).sums, expected.moments(column).sums, rtol=1e-9)
            assert found.moments(column).lowest == pytest.approx(expected.moments(column).lowest, nan_ok=True)


def test_rows_without_recorded_inputs_are_counted_but_are_not_missing_any() -> None:
    layout = layout_of("binary")
    rows = replace(messy_rows("binary", 8, 1, panes=1), weight=np.full(8, 2.0))
    seen = np.arange(8) < 3

    found = one_pane(layout, summarise_failures(layout, failed(rows, seen), PANE))

    assert found.attempts.sums.tolist() == [0.0, 0.0, 8.0, 16.0]
    assert {found.distribution(c).rows for c in layout.columns if c.role in INPUTS} == {6.0}
    assert {found.distribution(c).rows for c in layout.columns if c.role not in INPUTS} == {0.0}


def test_models_without_a_reference_count_failures_too() -> None:
    layout = provisional_layout({"feature.amount": "number"})
    rows = messy_rows("regression", 5, 3, panes=1)

    found = one_pane(layout, summarise_failures(layout, failed(rows), PANE))

    assert found.attempts.rows == 5.0
    assert found.volume.rows == 0.0


def test_rows_are_parted() -> None:
    rows = messy_rows("multiclass", 6, 5, panes=1)
    mixed = replace(rows, failed=np.array([False, True] * 3), seen=np.ones(6, np.bool_))

    good, bad = mixed.parted()

    assert bad is not None
    assert (len(good), len(bad)) == (3, 3)
    np.testing.assert_array_equal(good.score, rows.score[::2])
    np.testing.assert_array_equal(bad.time, rows.time[1::2])
    assert rows.parted() == (rows, None)
