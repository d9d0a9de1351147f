"""Errors of a regression expected without truth, against hand-computed values and simulated streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
from miops_collector.summary import ErrorProfile, FloatArray, Residuals
from tests.collector.statistics import rows

FAMILY = {s.name: s for s in statistics_of("estimated_performance") if ExpectedErrors in s.takes}
BINS = 64


def value(name: str, errors: ExpectedErrors, companion: str = "function") -> float:
    return float(getattr(FAMILY[name], companion)(errors))


REALISED = {s.name: s for s in statistics_of("performance") if s.takes[0] is Residuals or Residuals in s.takes}
ESTIMATES = sorted(name for name in FAMILY if not name.endswith(("_gap", "_shift")))
GAPS = sorted(name for name in FAMILY if name.endswith("_gap"))


def realised(name: str, profile: ErrorProfile) -> float:
    """Of the labelled rows, by their truth."""
    return float(REALISED[name].function(Residuals(0.0, profile.labelled.sum(axis=0))))


def drawn(rng: np.random.Generator, n: int, mean: float = 0.0, noise: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Predictions about a mean, and their errors, which grow with the prediction."""
    predicted = rng.normal(mean, 1.0, n)
    return predicted, noise * rng.normal(size=n) * np.exp(0.5 * predicted)


def profile(predicted: FloatArray, errors: FloatArray) -> ErrorProfile:
    bins = np.clip(((predicted + 4) / 8 * BINS).astype(int) + 1, 0, BINS + 1)
    return rows.error_profile(bins, predicted - errors, predicted, BINS + 2)


def test_expected_values_by_hand() -> None:
    labelled = rows.losses_by_bin([[0, 0, 0, 0], [60, 60, 90, 200], [70, 210, 700, 9000], [0, 0, 0, 0]])
    came = rows.losses_by_bin([[0, 0, 0, 0], [20, 24, 40, 120], [10, 40, 180, 3000], [0, 0, 0, 0]])
    window = ExpectedErrors(
        ErrorProfile(np.array([0.0, 50, 150, 0]), came), loss_model(ErrorProfile(labelled[:, 0], labelled))
    )

    assert value("mae", window) == pytest.approx((50 * 1 + 150 * 3) / 200)
    assert value("rmse", window) == pytest.approx(np.sqrt((50 * 1.5 + 150 * 10) / 200))
    assert value("mae_gap", window) == pytest.approx(64 / 30 - (20 * 1 + 10 * 3) / 30)


def test_bins_with_few_rows_are_pooled_and_those_without_belong_to_a_neighbour() -> None:
    labelled = np.zeros((9, 14))
    labelled[:, 0] = [0, 10, 10, 35, 80, 0, 20, 31, 0]

    found = loss_model(ErrorProfile(labelled[:, 0], labelled))

    assert found.block.tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2]
    assert found.support.tolist() == [55, 80, 51]


def test_fewer_rows_than_a_pool_are_one_pool() -> None:
    labelled = rows.losses_by_bin([[0, 0, 0, 0], [7, 14, 28, 112], [0, 0, 0, 0], [0, 0, 0, 0]])

    found = loss_model(ErrorProfile(labelled[:, 0], labelled))

    assert (found.support.tolist(), found.mean[:, [3, 2]].tolist()) == ([7.0], [[2.0, 4.0]])


def test_estimates_follow_covariate_shift_and_miss_concept_drift_which_the_gap_shows() -> None:
    rng = np.random.default_rng(1)
    model = loss_model(profile(*drawn(rng, 20_000)))
    shifted, changed = drawn(rng, 5_000, mean=1.0), drawn(rng, 5_000, noise=1.3)

    one, other = ExpectedErrors(profile(*shifted), model), ExpectedErrors(profile(*changed), model)

    assert value("mae", one) == pytest.approx(float(np.abs(shifted[1]).mean()), rel=0.05)
    assert value("rmse", one) == pytest.approx(float(np.sqrt((shifted[1] ** 2).mean())), rel=0.1)
    assert value("mae", one) > 1.4 * value("mae", other)
    assert abs(value("mae_gap", one)) < 4 * value("mae_gap", one, "standard_error")
    assert value("mae_gap", other) > 8 * value("mae_gap", other, "standard_error")


def test_relative_explained_and_signed_errors_by_hand() -> None:
    low, high = rows.residuals([4, 5, 6], [5, 4, 9]).sums, rows.residuals([8, 10, 16], [6, 10, 12]).sums
    labelled = 20 * np.stack((0 * low, low, high, 0 * low))
    came = np.stack((0 * low, 20 * low, 10 * low, 0 * low))
    window = ExpectedErrors(
        ErrorProfile(np.array([0.0, 50, 150, 0]), came), loss_model(ErrorProfile(labelled[:, 0], labelled))
    )

    truth_variance = (50 * 77 / 3 + 150 * 420 / 3) / 200 - ((50 * 5 + 150 * 34 / 3) / 200) ** 2
    assert value("bias", window) == pytest.approx((50 * 1 - 150 * 2) / 200)
    assert value("mape", window) == pytest.approx((50 * 0.95 / 3 + 150 * 0.5 / 3) / 200)
    assert value("r2", window) == pytest.approx(1 - (50 * 11 / 3 + 150 * 20 / 3) / 200 / truth_variance)
    assert value("bias_gap", window) == pytest.approx(1 - (60 * 1 - 30 * 2) / 90)


def test_truths_of_0_count_as_often_as_in_the_reference() -> None:
    low, high = rows.residuals([0, 4], [9, 6]).sums, rows.residuals([10, 5], [9, 4]).sums
    labelled = 30 * np.stack((0 * low, low, high, 0 * low))
    window = ExpectedErrors(
        ErrorProfile(np.array([0.0, 100, 50, 0]), 0 * labelled), loss_model(ErrorProfile(labelled[:, 0], labelled))
    )

    assert value("mape", window) == pytest.approx((50 * 0.5 + 50 * 0.15) / (50 + 50))


@pytest.mark.parametrize("name", ESTIMATES)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_the_reference_itself_is_expected_as_it_was(name: str, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 150))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    predicted, errors = drawn(rng, count)
    reference = profile(predicted + 3, errors)

    found = value(name, ExpectedErrors(reference, loss_model(reference)))

    assert found == pytest.approx(realised(name, reference), rel=1e-9, abs=1e-9)


def test_every_statistic_of_regressions_is_estimated_and_every_estimate_is_tested_when_truth_comes() -> None:
    assert set(ESTIMATES) == REALISED.keys() - {"labelled", "decay_rate"}
    assert [f"{name}_gap" for name in ESTIMATES] == GAPS


def test_a_gap_is_what_turned_out_less_what_was_expected_of_the_same_rows() -> None:
    rng = np.random.default_rng(7)
    then, now = profile(*drawn(rng, 2_000)), profile(*drawn(rng, 700, mean=0.5, noise=1.5))
    model = loss_model(then)
    some = ErrorProfile(now.rows + 10.0, now.labelled)  # truth of others has not come

    for name in ESTIMATES:
        expected = value(name, ExpectedErrors(now, model))
        assert value(f"{name}_gap", ExpectedErrors(some, model)) == pytest.approx(realised(name, now) - expected)


def test_a_single_error_that_the_reference_had_none_of_is_no_evidence_of_drift() -> None:
    rng = np.random.default_rng(9)
    model = loss_model(profile(*drawn(rng, 5_000)))
    predicted, errors = drawn(rng, 300)
    errors[0] = 400.0

    window = ExpectedErrors(profile(predicted, errors), model)

    for name in ("bias_gap", "mae_gap", "rmse_gap"):
        assert abs(value(name, window)) < 2 * value(name, window, "standard_error"), name
    assert value("bias_gap", window) > 1


def test_signed_and_explained_errors_follow_covariate_shift() -> None:
    rng = np.random.default_rng(5)

    def crooked(n: int, mean: float) -> ErrorProfile:
        """Too low for small and too high for large predictions, by which truths are never near 0."""
        predicted, errors = drawn(rng, n, mean, 0.3)
        return profile(predicted, errors + 0.2 * predicted - 10.0) if n else profile(predicted, errors)

    then, now = crooked(30_000, 0.0), crooked(8_000, 1.0)
    window = ExpectedErrors(ErrorProfile(now.rows, 0 * now.labelled), loss_model(then))

    for name in ("bias", "mape", "r2"):
        apart = abs(realised(name, now) - realised(name, then))
        assert apart > 10 * value(name, window, "standard_error")
        assert abs(value(name, window) - realised(name, now)) < 0.15 * apart


def test_a_shifted_target_cannot_be_seen_before_truth_and_is_seen_at_once_after() -> None:
    rng = np.random.default_rng(6)
    model = loss_model(profile(*drawn(rng, 20_000)))
    predicted, errors = drawn(rng, 2_000)

    window = ExpectedErrors(profile(predicted, errors - 0.3), model)  # truths are 0.3 higher

    assert abs(value("bias", window)) < 0.05
    assert value("bias_gap", window) == pytest.approx(-0.3, abs=0.1)
    assert value("bias_gap", window) < -7 * value("bias_gap", window, "standard_error")


def test_gaps_and_values_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(150):
        (before, erred), (after, errs) = drawn(rng, 3_000), drawn(rng, 1_000)
        errors = ExpectedErrors(profile(after, errs - 60), loss_model(profile(before, erred - 60)))  # far from 0
        gaps = [value(name, errors) / value(name, errors, "standard_error") for name in GAPS]
        off = [
            (realised(name, errors.errors) - value(name, errors)) / value(name, errors, "standard_error")
            for name in ESTIMATES
        ]
        found.append([*gaps, *off])

    spread = np.std(found, axis=0)
    assert spread.min() > 0.75
    assert spread.max() < 1.25
    assert np.abs(np.mean(found, axis=0)).max() < 0.35
