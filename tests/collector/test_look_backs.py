from __future__ import annotations

import numpy as np

from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.look_backs import LookBacks
from miops_collector.window import Window

LAYOUT = Layout("regression", (ColumnLayout("x", "feature.x", "feature", "numeric"),))
COUNTS = (1, 2, 4)


def read(window: Window) -> Summaries:
    """As many rows as the window's start says."""
    summaries = Summaries.none(LAYOUT)
    vector, extremes = summaries.vector, summaries.extremes
    vector[LAYOUT.blocks["volume"].start] = window.start
    extremes[:] = window.start, window.end
    return Summaries(LAYOUT, vector, extremes)


def test_a_look_back_is_the_sum_of_its_windows() -> None:
    found = dict(LookBacks(read, 10).of(100, COUNTS))

    assert {n: s.volume.rows for n, s in found.items()} == {1: 90.0, 2: 170.0, 4: 300.0}
    np.testing.assert_array_equal(found[4].extremes, [[60, 100]])


def test_each_window_is_read_once_and_kept_no_longer_than_it_is_looked_at() -> None:
    seen: list[Window] = []
    sums = LookBacks(lambda w: seen.append(w) or read(w), 10)  # type: ignore[func-returns-value]

    for end in range(100, 1100, 10):
        list(sums.of(end, COUNTS))

    assert len(seen) == len(set(seen)) == 103
    assert len(sums._known) == 4


def test_windows_may_lie_apart() -> None:
    sums = LookBacks(read, 10)
    list(sums.of(100, COUNTS))

    assert {n: s.volume.rows for n, s in sums.of(500, (1, 2))} == {1: 490.0, 2: 970.0}


def test_nothing_to_look_back_at_is_nothing() -> None:
    assert list(LookBacks(read, 10).of(100, ())) == []
