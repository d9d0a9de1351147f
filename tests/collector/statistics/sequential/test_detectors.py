"""The classic detectors against the released River, published run lengths, and the laws of streams."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from miops_collector.statistics.sequential.adwin import adwin
from miops_collector.statistics.sequential.betting import betting
from miops_collector.statistics.sequential.cusum import cusum
from miops_collector.statistics.sequential.ddm import ddm
from miops_collector.statistics.sequential.eddm import eddm
from miops_collector.statistics.sequential.hddm_a import hddm_a
from miops_collector.statistics.sequential.hddm_w import hddm_w
from miops_collector.statistics.sequential.kswin import _p_value, kswin
from miops_collector.statistics.sequential.page_hinkley import page_hinkley
from tests.data import river_detections
from tests.data.river_detections import KSWIN_SEED, KSWIN_STREAMS, STREAMS, errors, numbers

OURS: dict[str, Callable[..., Any]] = {
    "ADWIN": adwin,
    "DDM": ddm,
    "EDDM": eddm,
    "HDDMA": hddm_a,
    "HDDMA two-sided": partial(hddm_a, two_sided=True),
    "HDDMW": hddm_w,
    "HDDMW two-sided": partial(hddm_w, two_sided=True),
    "PageHinkley": page_hinkley,
    "PageHinkley down": partial(page_hinkley, mode="down"),
    "PageHinkley up": partial(page_hinkley, mode="up"),
}
EVERY = OURS | {
    "CUSUM": partial(cusum, mean=0.1, std=0.3),
    "KSWIN": kswin,
    "betting": partial(betting, mean=0.1, most=1.0),
}
GOLDEN = json.loads(Path(river_detections.__file__).with_suffix(".json").read_text())


@pytest.mark.parametrize("name", sorted(OURS))
def test_changes_and_warnings_are_where_river_sees_them(name: str) -> None:
    compared = 0
    for stream, values in STREAMS.items():
        if name in GOLDEN[stream]:
            found, expected = OURS[name](values), GOLDEN[stream][name]
            assert found.changes.tolist() == expected["changes"], stream
            assert [found.warnings.size, found.warnings.sum()] == expected["warnings"], stream
            compared += len(expected["changes"])

    assert compared >= 8


@pytest.mark.parametrize("name", sorted(EVERY))
def test_batches_of_a_stream_give_what_the_stream_gives(name: str) -> None:
    stream, detector = errors(3), EVERY[name]
    whole = detector(stream)

    state, changes, warnings = None, [], []
    for start, end in ((0, 0), (0, 1), (1, 3100), (3100, 3101), (3101, 12_000)):
        part = detector(stream[start:end], state)
        state = part.state
        changes += (start + part.changes).tolist()
        warnings += (start + part.warnings).tolist()

    assert changes == whole.changes.tolist()
    assert warnings == whole.warnings.tolist()
    np.testing.assert_array_equal(state, whole.state)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_neither_stream_nor_state_is_changed(name: str) -> None:
    stream = errors(4)
    first = EVERY[name](stream[:5000])
    before, state = stream.copy(), first.state.copy()

    again = [EVERY[name](stream[5000:], first.state).changes.tolist() for _ in range(2)]

    assert again[0] == again[1]
    np.testing.assert_array_equal(stream, before)
    np.testing.assert_array_equal(first.state, state)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_model_that_is_always_right_is_left_alone(name: str) -> None:
    usual = {"CUSUM": partial(cusum, mean=0.0, std=0.3), "betting": partial(betting, mean=1e-4, most=1.0)}
    detector = usual.get(name, EVERY[name])

    assert detector(np.zeros(3000)).changes.size == 0


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 465.0), (0.5, 38.0), (1.0, 10.4), (2.0, 4.01)])
def test_run_lengths_of_cusum_are_the_published_ones(shift: float, expected: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, table 9.3: k = 1/2, h = 5."""
    rows = np.random.default_rng(5).normal(shift, 1.0, 800_000)

    changes = cusum(rows, mean=0.0, std=1.0).changes

    assert float(np.diff(changes).mean()) == pytest.approx(expected, rel=0.06 if shift == 0 else 0.02)


def test_cusum_is_in_units_of_the_spread() -> None:
    column = numbers(2)

    assert cusum(column, mean=0.0, std=1.0).changes.tolist() == cusum(
        column * 100 + 7, mean=7.0, std=100.0
    ).changes.tolist()  # fmt: skip


def test_adwin_refuses_more_buckets_than_it_has_room_for() -> None:
    with pytest.raises(ValueError, match="max_buckets is 17, it may be 1 to 16"):
        adwin([1.0], max_buckets=17)


def test_adwin_keeps_rows_and_sums_in_buckets() -> None:
    values = np.random.default_rng(6).random(1000)

    state = adwin(values).state

    assert state[0] == 1000
    assert state[1] == pytest.approx(values.sum())
    assert state[2] == pytest.approx(((values - values.mean()) ** 2).sum())


def test_kswin_sees_what_river_sees_with_the_same_draws() -> None:
    rng = random.Random(KSWIN_SEED)
    picks = np.array([rng.sample(range(70), 30) for _ in range(12_000)])
    assert sum(len(GOLDEN[stream]["KSWIN"]["changes"]) for stream in KSWIN_STREAMS) > 20

    for stream in KSWIN_STREAMS:
        assert kswin(STREAMS[stream], picks=picks).changes.tolist() == GOLDEN[stream]["KSWIN"]["changes"]


@pytest.mark.parametrize("steps", [5, 11, 13, 14, 20, 30])
def test_p_value_of_kswin_is_scipys(steps: int) -> None:
    rows = np.arange(30)

    assert _p_value(steps, 30) == pytest.approx(ks_2samp(rows, rows + steps - 0.5, method="exact").pvalue)


def test_kswin_needs_older_rows_to_draw_from() -> None:
    with pytest.raises(ValueError, match="stat_size is 60, it may be 1 to 50"):
        kswin([1.0], stat_size=60)


def test_kswin_that_is_never_sure_enough_says_nothing() -> None:
    assert kswin(numbers(1), window_size=10, stat_size=3, alpha=0.005).changes.size == 0
