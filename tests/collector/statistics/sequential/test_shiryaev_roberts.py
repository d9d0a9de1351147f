from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from miops_collector.statistics.sequential.shiryaev_roberts import (
    STAKES,
    STEPS,
    Evidence,
    bet_log_ratios,
    error_bound,
    error_log_ratios,
    follow,
    mean_bound,
)


def batches_until(threshold: float, rng: np.random.Generator, rate: float, bound: float, rows: int, most: int) -> int:
    evidence = Evidence.none(len(STEPS))
    for i, errors in enumerate(rng.binomial(rows, rate, most)):
        evidence = follow(evidence, error_log_ratios(float(errors), float(rows), bound))
        if evidence.log_value >= log(threshold):
            return i + 1
    return most


def test_the_evidence_sums_all_moments_from_which_on_things_may_be_worse() -> None:
    """Ratios 2, 3, 1/2: ((0 + 1) 2 + 1) 3 = 9, (9 + 1) / 2 = 5, that is 2·3·½ + 3·½ + ½."""
    evidence = Evidence.none(1)
    for ratio in (2.0, 3.0, 0.5):
        evidence = follow(evidence, np.array([log(ratio)]))

    assert exp(evidence.log_value) == pytest.approx(5.0)


def test_the_evidence_is_the_mean_over_alternatives() -> None:
    evidence = follow(Evidence.none(2), np.log([2.0, 4.0]))

    assert exp(evidence.log_value) == pytest.approx(3.0)
    assert Evidence.none(2).log_value == -inf


@pytest.mark.parametrize(("errors", "rows"), [(0, 50), (7, 100), (500, 5000), (49, 50)])
def test_the_bound_is_that_of_clopper_and_pearson(errors: int, rows: int) -> None:
    published = binomtest(errors, rows, alternative="less").proportion_ci(0.9, method="exact").high

    assert error_bound(errors, rows, doubt=0.1) == pytest.approx(published)


def test_a_tolerance_counts_where_it_is_more_than_the_doubt() -> None:
    assert error_bound(50_000, 500_000, doubt=0.1, tolerance=0.01) == pytest.approx(0.11)
    assert error_bound(50, 50, doubt=0.1, tolerance=0.01) == 1.0
    assert np.isnan(error_bound(0, 0, doubt=0.1))
    assert np.isnan(mean_bound(1.0, 1.0, 1.0, doubt=0.1))
    assert mean_bound(10.0, 2.0, 100.0, doubt=0.1) == pytest.approx(10.0 + 1.2902 * 0.2, rel=1e-4)


@settings(deadline=None, max_examples=50)
@given(bound=st.floats(0.005, 0.9), rows=st.integers(1, 60))
def test_at_the_bound_every_ratio_has_mean_one(bound: float, rows: int) -> None:
    errors = np.arange(rows + 1)
    ratios = np.array([np.exp(error_log_ratios(float(x), float(rows), bound)) for x in errors])

    np.testing.assert_allclose(binom.pmf(errors, rows, bound) @ ratios, 1.0, rtol=1e-6)


@settings(deadline=None, max_examples=50)
@given(losses=st.lists(st.floats(0.0, 50.0), min_size=2, max_size=30))
def test_what_bets_on_single_losses_win_is_never_told_larger_than_it_is(losses: list[float]) -> None:
    mean = max(float(np.mean(losses)), 1e-3)
    x, stakes = np.array(losses), np.array(STAKES)
    wealth = np.prod(1.0 + stakes * (x[:, None] / mean - 1.0), axis=0)
    told = bet_log_ratios(float(x.sum()), float((x**2).sum()), float(len(x)), mean)

    assert (wealth > 0.0).all()
    assert (told <= np.log(wealth) + 1e-6 * (1.0 + abs(told))).all()


@settings(deadline=None, max_examples=30)
@given(errors=st.integers(0, 40), dispersion=st.floats(1.0, 10.0))
def test_dispersion_takes_from_the_evidence_for_and_against(errors: int, dispersion: float) -> None:
    plain, dispersed = (error_log_ratios(float(errors), 40.0, 0.1, dispersion=d) for d in (1.0, dispersion))

    np.testing.assert_allclose(dispersed * dispersion, plain)


def test_false_alarms_come_no_sooner_than_the_threshold_says() -> None:
    """At the bound itself, the worst that is no alarm: at least 200 batches on average."""
    rng = np.random.default_rng(1)
    times = [batches_until(200.0, rng, 0.1, 0.1, 17, 4000) for _ in range(60)]

    assert np.mean(times) > 200.0


def test_a_decay_by_five_points_is_found_within_the_labels_the_recipe_gives() -> None:
    """17 labels a pane, error 10 → 15 %, 5,000 reference rows: published median 833 labels, here with its bound."""
    rng = np.random.default_rng(2)
    delays = [17 * batches_until(43_200.0, rng, 0.15, error_bound(500, 5000, doubt=0.1), 17, 600) for _ in range(40)]

    assert 550 < np.median(delays) < 1100


def test_doubled_losses_of_any_tail_are_found_and_equal_ones_are_not() -> None:
    rng = np.random.default_rng(3)

    def alarm(factor: float) -> int:
        evidence = Evidence.none(len(STAKES))
        for i in range(400):
            x = factor * rng.pareto(2.5, 50) * 1.5  # mean 1
            evidence = follow(evidence, bet_log_ratios(float(x.sum()), float((x**2).sum()), 50.0, 1.05))
            if evidence.log_value >= log(5000.0):
                return i + 1
        return 401

    assert [alarm(1.0) for _ in range(10)].count(401) >= 9
    assert max(alarm(2.0) for _ in range(10)) < 60
