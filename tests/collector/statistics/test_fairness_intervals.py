"""Intervals against published values, and that they and the adjusted p-values keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from miops_collector.statistics import statistics_of
from miops_collector.statistics.fairness import _intervals as intervals
from miops_collector.statistics.fairness import p_values
from miops_collector.statistics.fairness._lattice import adjusted
from tests.collector.statistics import rows

SELECTION = next(s for s in statistics_of("fairness") if s.name == "selection_rate")
RATIO = next(s for s in statistics_of("fairness") if s.name == "demographic_parity_ratio")


def wilson(x: float, n: float) -> intervals.Interval:
    return intervals.wilson(np.array(x), np.array(n), intervals.quantile())


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_as_newcombe_printed_it(x: float, n: float, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17(8), 1998, 857-872, table I, method 3."""
    _, found_low, found_high = wilson(x, n)

    assert (float(found_low), float(found_high)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("x", "n", "y", "m", "low", "high"),
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0)],
)
def test_the_difference_is_as_newcombe_printed_it(
    x: float, n: float, y: float, m: float, low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17(8), 1998, 873-890, table II, method 10."""
    found = intervals.difference(wilson(x, n), wilson(y, m))

    assert (float(found[0]), float(found[1])) == pytest.approx((low, high), abs=5e-5)


@given(x=st.integers(0, 40), y=st.integers(0, 40))
@settings(deadline=None, max_examples=60)
def test_a_ratio_turns_around_with_its_interval(x: int, y: int) -> None:
    one, other = wilson(x, 40), wilson(y, 40)

    low, high = intervals.proportion(one, other)
    back_low, back_high = intervals.proportion(other, one)

    if x and y:
        assert low <= x / y <= high
        assert (float(low), float(high)) == pytest.approx((1 / float(back_high), 1 / float(back_low)))


def test_the_interval_of_a_ratio_holds_nineteen_times_in_twenty() -> None:
    rng, covered, trials = np.random.default_rng(3), 0, 2_000
    for hits in rng.binomial([200, 300], [0.24, 0.3], (trials, 2)):
        low, high = intervals.proportion(wilson(hits[0], 200), wilson(hits[1], 300))
        covered += low <= 0.8 <= high

    assert 0.94 < covered / trials < 0.965


def test_the_gap_of_many_like_groups_seldom_looks_significant() -> None:
    """Without paying for the choice of the pair it would in most windows of twelve groups."""
    rng, significant, trials = np.random.default_rng(4), 0, 300
    group = np.repeat(np.arange(12), 100)
    for _ in range(trials):
        decision = (rng.random(1200) < 0.3).astype(int)
        _, high = RATIO.interval(rows.groups(group, decision, decision, 12), minimum_rows=30)  # type: ignore[misc]
        significant += high < 1.0

    assert significant / trials < 0.06


def test_adjusted_p_values_are_scipys() -> None:
    p = np.random.default_rng(5).random(50) ** 3

    np.testing.assert_allclose(adjusted(p), false_discovery_control(p))


def test_false_discoveries_are_held_over_the_whole_lattice() -> None:
    rng, found, trials = np.random.default_rng(6), 0, 300
    sex, age = rng.integers(0, 2, 2_000), rng.integers(0, 4, 2_000)
    for _ in range(trials):
        decision = (rng.random(2_000) < 0.3).astype(int)
        axes = [rows.groups(g, decision, decision, k) for g, k in ((sex, 2), (age, 4), (sex * 4 + age, 8))]
        found += min(np.nanmin(p) for p in p_values(SELECTION, axes, 30)) <= 0.05

    assert found / trials < 0.075


def test_the_group_that_is_treated_otherwise_is_named() -> None:
    rng = np.random.default_rng(7)
    group = rng.integers(0, 5, 3_000)
    decision = (rng.random(3_000) < np.where(group == 3, 0.15, 0.3)).astype(int)

    (found,) = p_values(SELECTION, [rows.groups(group, decision, decision, 5)], 30)

    assert int(found.argmin()) == 3
    assert found[3] < 1e-6


def test_small_groups_are_not_looked_at() -> None:
    group, decision = np.repeat([0, 1, 2], [200, 200, 5]), np.tile([0, 1, 1, 0, 1], 81)

    (found,) = p_values(SELECTION, [rows.groups(group, decision, decision, 3)], 30)

    assert np.isnan(found).tolist() == [False, False, True]
