"""A window is the sum of its panes, whichever way the rows came into them and however old they have grown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import Column, Numbers, Rows, Texts
from miops_collector.config import Config
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.settings import settings_of
from miops_collector.window import Window, parse_length
from tests.collector.binning.sample_rows import clean_rows, layout_of, messy_rows, pick

PANE = 100
LEVELS = ((PANE, 1000), (500, 5000), (2000, 0))
LAYOUT = layout_of("binary")
EVERYTHING = Window(-(10**6), 10**6)


def panes_of(*parts: Rows, levels: tuple[tuple[int, int], ...] = LEVELS) -> PaneSet:
    panes = PaneSet(LAYOUT, PANE, levels)
    for rows in parts:
        panes.add(summarise(LAYOUT, rows, PANE))
        panes.add(summarise_truth(LAYOUT, rows, PANE))
    return panes


def spread(n: int, seed: int, until: int) -> Rows:
    rows = messy_rows("binary", n, seed)
    return replace(rows, time=np.random.default_rng(seed).integers(-1000, until, n), sign=np.ones(n))


def assert_equal(expected: Summaries, actual: Summaries) -> None:
    np.testing.assert_allclose(actual.vector, expected.vector, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(actual.extremes, expected.extremes)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 40).map(lambda i: i * PANE), max_size=5))
def test_windows_of_any_partition_add_up(seed: int, cuts: list[int]) -> None:
    panes = panes_of(spread(60, seed, 4000))
    bounds = [EVERYTHING.start, *sorted(set(cuts)), EVERYTHING.end]

    windows = [panes.window(Window(a, b)) for a, b in pairwise(bounds)]

    assert_equal(panes.window(EVERYTHING), sum(windows[1:], windows[0]))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), saved=st.booleans())
def test_parts_in_any_order_make_the_same_panes(seed: int, saved: bool) -> None:
    rows, rng = spread(60, seed, 4000), np.random.default_rng(seed)
    part = rng.integers(0, 3, 60)
    panes = PaneSet(LAYOUT, PANE, LEVELS)

    for i in rng.permutation(3):
        panes.add(summarise(LAYOUT, pick(rows, np.flatnonzero(part == i)), PANE))
        panes.add(summarise_truth(LAYOUT, pick(rows, np.flatnonzero(part == i)), PANE))
        if saved:
            panes.take_dirty()

    whole = panes_of(rows)
    assert whole.starts.tolist() == panes.starts.tolist()
    for start in whole.starts.tolist():
        assert_equal(whole.window(Window(start, start + PANE)), panes.window(Window(start, start + PANE)))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), watermarks=st.lists(st.integers(0, 12_000), min_size=1, max_size=4))
def test_growing_old_changes_no_sum(seed: int, watermarks: list[int]) -> None:
    rows = spread(80, seed, 9000)
    panes = panes_of(rows)
    before = panes.window(EVERYTHING)

    for watermark in watermarks:
        panes.coarsen(watermark)
        panes.take_dirty()

    assert_equal(before, panes.window(EVERYTHING))
    assert all(panes.length_at(start) in (100, 500, 2000) for start in panes.starts.tolist())


def test_old_panes_are_merged_on_their_bounds() -> None:
    panes = panes_of(replace(clean_rows("binary", 130, 0), time=np.arange(130) * 100))

    panes.coarsen(13_000)

    starts = panes.starts.tolist()
    assert starts == [*range(0, 8000, 2000), *range(8000, 12_000, 500), *range(12_000, 13_000, 100)]
    assert panes.window(Window(0, 2000)).volume.rows == 20
    assert panes.window(Window(8000, 8500)).volume.rows == 5
    assert panes.window(Window(12_000, 12_100)).volume.rows == 1


def test_whole_panes_count_where_they_start() -> None:
    panes = panes_of(replace(clean_rows("binary", 20, 0), time=np.arange(20) * 100))
    panes.coarsen(13_000)

    assert panes.window(Window(0, 100)).volume.rows == 20
    assert panes.window(Window(100, 2000)).volume.rows == 0


def test_late_rows_go_into_the_long_pane() -> None:
    panes = panes_of(replace(clean_rows("binary", 5, 0), time=np.arange(5) * 100))
    panes.coarsen(13_000)

    panes.add(summarise(LAYOUT, replace(clean_rows("binary", 1, 1), time=np.array([1950])), PANE))

    assert panes.starts.tolist() == [0]
    assert panes.window(Window(0, 2000)).volume.rows == 6


def test_rows_older_than_any_pane_go_into_a_long_one() -> None:
    panes = PaneSet(LAYOUT, PANE, LEVELS)
    panes.coarsen(13_000)

    panes.add(summarise(LAYOUT, replace(clean_rows("binary", 2, 1), time=np.array([150, 12_950])), PANE))

    assert panes.starts.tolist() == [0, 12_900]


def test_span_reaches_from_the_first_pane_to_the_end_of_the_last() -> None:
    panes = PaneSet(LAYOUT, PANE, LEVELS)
    assert panes.span() is None

    panes.add(summarise(LAYOUT, replace(clean_rows("binary", 2, 1), time=np.array([150, 990])), PANE))

    assert panes.span() == Window(100, 1000)
    assert len(panes) == 2


def test_a_window_without_panes_is_zero() -> None:
    found = panes_of(spread(20, 1, 100)).window(Window(5000, 6000))

    assert_equal(Summaries.none(LAYOUT), found)


def test_only_what_changed_is_saved() -> None:
    panes = panes_of(replace(clean_rows("binary", 3, 0), time=np.array([0, 100, 200])))
    first, _ = panes.take_dirty()

    panes.add(summarise(LAYOUT, replace(clean_rows("binary", 1, 1), time=np.array([150])), PANE))
    second, removed = panes.take_dirty()

    assert sorted(first) == [(PANE, 0), (PANE, 100), (PANE, 200)]
    assert list(second) == [(PANE, 100)]
    assert removed == []
    assert panes.take_dirty() == ({}, [])


def test_merged_panes_are_removed_only_if_they_were_saved() -> None:
    panes = panes_of(replace(clean_rows("binary", 2, 0), time=np.array([0, 100])))
    panes.take_dirty()
    panes.add(summarise(LAYOUT, replace(clean_rows("binary", 1, 1), time=np.array([250])), PANE))

    panes.coarsen(13_000)
    changed, removed = panes.take_dirty()

    assert list(changed) == [(2000, 0)]
    assert removed == [(PANE, 0), (PANE, 100)]


def test_what_could_not_be_saved_is_offered_again() -> None:
    panes = panes_of(replace(clean_rows("binary", 2, 0), time=np.array([0, 100])))
    panes.take_dirty()
    panes.coarsen(13_000)
    taken = panes.take_dirty()

    panes.give_back(*taken)

    assert panes.take_dirty() == taken


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), watermark=st.integers(0, 12_000))
def test_saved_panes_load_again(seed: int, watermark: int) -> None:
    rows, later = spread(60, seed, 9000), spread(20, seed + 1, 9000)
    panes = panes_of(rows)
    panes.coarsen(watermark)
    saved, _ = panes.take_dirty()

    loaded = PaneSet(LAYOUT, PANE, LEVELS)
    loaded.load(saved)
    assert loaded.take_dirty() == ({}, [])
    for each in (panes, loaded):
        each.add(summarise(LAYOUT, later, PANE))
        each.coarsen(12_000)

    assert panes.starts.tolist() == loaded.starts.tolist()
    assert_equal(panes.window(EVERYTHING), loaded.window(EVERYTHING))


def test_a_replayed_series_of_saves_is_the_same_store() -> None:
    """Applying every ``changed`` and ``removed`` in turn leaves exactly the panes there are."""
    panes, store = PaneSet(LAYOUT, PANE, LEVELS), {}
    for step in range(12):
        panes.add(summarise(LAYOUT, spread(15, step, 1000 * (step + 1)), PANE))
        panes.coarsen(1000 * step)
        changed, removed = panes.take_dirty()
        store.update(changed)
        for key in removed:
            del store[key]

    loaded = PaneSet(LAYOUT, PANE, LEVELS)
    loaded.load(store)
    assert loaded.starts.tolist() == panes.starts.tolist()
    assert_equal(panes.window(EVERYTHING), loaded.window(EVERYTHING))


def test_a_window_asked_for_again_has_grown() -> None:
    panes, window = PaneSet(LAYOUT, PANE, LEVELS), Window(0, 1000)
    first = panes.window(window)
    panes.add(summarise(LAYOUT, spread(40, 1, 3000), PANE))
    grown = panes.window(window)
    panes.take_dirty()
    panes.add(summarise_truth(LAYOUT, spread(40, 1, 3000), PANE))

    assert_equal(Summaries.none(LAYOUT), first)
    assert grown.volume.labelled == 0
    assert_equal(panes_of(spread(40, 1, 3000)).window(window), panes.window(window))


def test_truth_taken_back_returns_to_zero() -> None:
    rows = spread(60, 3, 2000)
    panes = PaneSet(LAYOUT, PANE, LEVELS)
    panes.add(summarise(LAYOUT, rows, PANE))
    before = panes.window(EVERYTHING)
    panes.add(summarise_truth(LAYOUT, rows, PANE))
    panes.take_dirty()

    panes.add(summarise_truth(LAYOUT, replace(rows, sign=-np.ones(60)), PANE))

    assert_equal(before, panes.window(EVERYTHING))


def test_panes_that_wait_to_be_saved_are_packed_when_they_take_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.panes.pane_set.MOST_OPEN_BYTES", 100_000)
    rows = spread(3000, 3, 200_000)
    panes = PaneSet(LAYOUT, PANE, ((PANE, 0),))
    panes.add(summarise(LAYOUT, rows, PANE))
    packed = panes.nbytes
    changed, _ = panes.take_dirty()

    assert packed < 1.5 * sum(map(len, changed.values()))
    assert len(changed) == len(panes)
    assert panes.window(EVERYTHING).volume.rows == (rows.time < EVERYTHING.end).sum()


def wide_rows(n: int, *, days: int, numbers: int, texts: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    columns: dict[str, Column] = {}
    for i in range(numbers):
        columns[f"feature.n{i}"] = Numbers(rng.normal(size=n) if i % 2 else rng.integers(0, 90, n).astype(np.float64))
    for i in range(texts):
        columns[f"feature.t{i}"] = Texts(rng.integers(0, 10, n).astype(np.int32), tuple("abcdefghij"))
    rows = clean_rows("binary", n, seed)
    times = np.linspace(0, days * parse_length("1d"), n, endpoint=False).astype(np.int64)
    return replace(rows, time=times, columns=columns)


def saved_bytes(rows: Rows, layout: Layout, days: int) -> int:
    """As the collector keeps them by default."""
    kept = settings_of(Config())
    panes = PaneSet(layout, kept.pane, kept.levels)
    panes.coarsen(days * parse_length("1d"))
    panes.add(summarise(layout, rows, kept.pane))
    panes.add(summarise_truth(layout, rows, kept.pane))
    changed, _ = panes.take_dirty()
    return sum(map(len, changed.values()))


@pytest.mark.parametrize(("rows_a_day", "limit"), [(1, 150_000), (20, 700_000)])
def test_three_years_of_a_slow_model_with_fifty_columns_take_well_under_a_megabyte(rows_a_day: int, limit: int) -> None:
    rows = wide_rows(rows_a_day * 3 * 365, days=3 * 365, numbers=25, texts=25)

    assert saved_bytes(rows, build_layout(rows), 3 * 365) < limit
