"""The bytes of a pane give back the pane, to the last bit, and are few."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.layout import ColumnLayout, Layout
from miops_collector.panes.codec import PaneCodec
from miops_collector.panes.pane import Pane

NUMBERS = tuple(ColumnLayout(f"n{i}", f"feature.n{i}", "feature", "numeric", center=0.1 * i) for i in range(11))
WORDS = ColumnLayout("t", "feature.t", "feature", "categorical", categories=("a",) * 700)
LAYOUT = Layout("regression", (*NUMBERS, WORDS))
CODEC = PaneCodec(LAYOUT)

finite = st.floats(allow_nan=False, allow_infinity=False)
counts = st.one_of(st.integers(1, 3), st.integers(1, 2**34), st.integers(-(2**33), -1)).map(float)
sums = st.one_of(counts, finite, st.floats(width=32, allow_nan=False, allow_infinity=False)).filter(bool)
extreme = st.one_of(st.none(), finite.map(lambda x: (x, x)), st.tuples(finite, finite).map(sorted))
sparse = st.dictionaries(st.integers(0, LAYOUT.size - 1), sums, max_size=60)


def pane_of(cells: dict[int, float], extremes: np.ndarray | None = None) -> Pane:
    pane = Pane(LAYOUT.size, len(LAYOUT.numeric))
    places, values = np.array(list(cells), np.int32), np.array(list(cells.values()), np.float64)
    pane.add(places, values, LAYOUT.empty_extremes() if extremes is None else extremes)
    return pane


def content(pane: Pane) -> tuple[np.ndarray, np.ndarray]:
    vector, extremes = np.zeros(LAYOUT.size), LAYOUT.empty_extremes()
    pane.add_to(vector, extremes)
    return vector, extremes


def assert_round_trip(pane: Pane) -> None:
    vector, extremes = content(pane)

    data = CODEC.encode(pane)
    summed, widest = CODEC.zero()
    CODEC.add_to(data, summed, widest)

    np.testing.assert_array_equal(vector, content(CODEC.decode(data))[0])
    np.testing.assert_array_equal(extremes, content(CODEC.decode(data))[1])
    np.testing.assert_array_equal(vector, summed[: LAYOUT.size])
    np.testing.assert_array_equal(extremes, widest)


@settings(deadline=None, max_examples=150)
@given(cells=sparse)
def test_a_thin_pane_comes_back(cells: dict[int, float]) -> None:
    assert_round_trip(pane_of(cells))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), share=st.floats(0, 1), top=st.sampled_from([1, 200, 60_000, 10**9, 10**15]))
def test_a_full_pane_comes_back(seed: int, share: float, top: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(1, top + 1, LAYOUT.size).astype(np.float64)
    values[rng.random(LAYOUT.size) < 0.1] *= -0.37
    there = np.flatnonzero(rng.random(LAYOUT.size) < share)

    assert_round_trip(pane_of(dict(zip(there.tolist(), values[there].tolist(), strict=True))))


@settings(deadline=None, max_examples=100)
@given(pairs=st.tuples(*[extreme] * 11))
def test_extremes_come_back(pairs: list[tuple[float, float] | None]) -> None:
    extremes = np.array([(inf, -inf) if pair is None else pair for pair in pairs], np.float64)

    assert_round_trip(pane_of({0: 1.0}, extremes))


@settings(deadline=None, max_examples=100)
@given(values=st.tuples(*[st.one_of(st.none(), st.floats(-1e100, 1e100))] * 11), weight=st.sampled_from([1.0, 2.0]))
def test_the_moments_of_a_single_row_come_back(values: list[float | None], weight: float) -> None:
    extremes, cells = LAYOUT.empty_extremes(), {}
    for i, (column, x) in enumerate(zip(NUMBERS, values, strict=True)):
        if x is not None:
            extremes[i] = x
            start, d = LAYOUT.blocks[f"moments.{column.name}"].start, x - column.center
            cells |= {start: weight, start + 1: weight * d, start + 2: weight * d * d}

    assert_round_trip(pane_of({cell: v for cell, v in cells.items() if v}, extremes))


def test_infinite_sums_come_back() -> None:
    assert_round_trip(pane_of({3: inf, 4: -inf, 500: 1e300}))


def test_an_empty_pane_takes_a_few_bytes() -> None:
    data = CODEC.encode(pane_of({}))

    assert len(data) <= 8
    assert not content(CODEC.decode(data))[0].any()


def test_a_single_row_takes_one_number_a_column() -> None:
    extremes, cells = LAYOUT.empty_extremes(), {}
    for i, column in enumerate(NUMBERS):
        x = 1.0 / (i + 3)
        extremes[i] = x
        start, d = LAYOUT.blocks[f"moments.{column.name}"].start, x - column.center
        cells |= {start: 1.0, start + 1: d, start + 2: d * d}

    assert len(CODEC.encode(pane_of(cells, extremes))) <= 11 * (8 + 1) + 24


@pytest.mark.parametrize(("top", "width"), [(200, 1), (60_000, 2), (10**9, 4)])
def test_full_panes_take_the_narrowest_type(top: int, width: int) -> None:
    values = np.random.default_rng(0).integers(top // 2, top, LAYOUT.size).astype(np.float64)

    data = CODEC.encode(pane_of(dict(enumerate(values.tolist()))))

    assert len(data) < 1.2 * LAYOUT.size * width + 300


def test_small_panes_are_deflated_and_large_ones_are_not() -> None:
    few = CODEC.encode(pane_of(dict.fromkeys(range(0, 400, 3), 1.0)))
    many = CODEC.encode(pane_of(dict(enumerate(np.linspace(1e9, 2e9, LAYOUT.size).tolist()))))

    assert (few[0], many[0]) == (2, 1)
    assert len(many) > 8192


def test_bytes_of_another_version_are_refused() -> None:
    data = bytes([9]) + CODEC.encode(pane_of({1: 1.0}))[1:]

    with pytest.raises(ValueError, match="version 9"):
        CODEC.decode(data)
