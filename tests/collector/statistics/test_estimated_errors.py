"""Errors of a regression expected without truth, against hand-computed values and simulated streams."""

from __future__ import annotations

import numpy as np
import pytest

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
from miops_collector.summary import ErrorProfile, FloatArray

FAMILY = {s.name: s for s in statistics_of("estimated_performance") if ExpectedErrors in s.takes}
BINS = 64


def value(name: str, errors: ExpectedErrors, companion: str = "function") -> float:
    return float(getattr(FAMILY[name], companion)(errors))


def drawn(rng: np.random.Generator, n: int, mean: float = 0.0, noise: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Predictions about a mean, and their errors, which grow with the prediction."""
    predicted = rng.normal(mean, 1.0, n)
    return predicted, noise * rng.normal(size=n) * np.exp(0.5 * predicted)


def profile(predicted: FloatArray, errors: FloatArray) -> ErrorProfile:
    bins = np.clip(((predicted + 4) / 8 * BINS).astype(int) + 1, 0, BINS + 1)
    labelled = np.stack([np.bincount(bins, np.abs(errors) ** p, BINS + 2) for p in (0, 1, 2, 4)], axis=1)
    return ErrorProfile(labelled[:, 0].copy(), labelled)


def test_expected_values_by_hand() -> None:
    labelled = np.array([[0.0, 0, 0, 0], [60, 60, 90, 200], [70, 210, 700, 9000], [0, 0, 0, 0]])
    came = np.array([[0, 0, 0, 0], [20.0, 24, 40, 120], [10, 40, 180, 3000], [0, 0, 0, 0]])
    window = ExpectedErrors(
        ErrorProfile(np.array([0.0, 50, 150, 0]), came), loss_model(ErrorProfile(labelled[:, 0], labelled))
    )

    assert value("mae", window) == pytest.approx((50 * 1 + 150 * 3) / 200)
    assert value("rmse", window) == pytest.approx(np.sqrt((50 * 1.5 + 150 * 10) / 200))
    assert value("mae_gap", window) == pytest.approx(64 / 30 - (20 * 1 + 10 * 3) / 30)


def test_bins_with_few_rows_are_pooled_and_those_without_belong_to_a_neighbour() -> None:
    labelled = np.zeros((9, 4))
    labelled[:, 0] = [0, 10, 10, 35, 80, 0, 20, 31, 0]

    found = loss_model(ErrorProfile(labelled[:, 0], labelled))

    assert found.block.tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2]
    assert found.support.tolist() == [55, 80, 51]


def test_fewer_rows_than_a_pool_are_one_pool() -> None:
    labelled = np.zeros((4, 4))
    labelled[1] = [7, 14, 28, 112]

    found = loss_model(ErrorProfile(labelled[:, 0], labelled))

    assert (found.support.tolist(), found.mean.tolist()) == ([7.0], [[2.0, 4.0]])


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


def test_gaps_and_values_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(150):
        model = loss_model(profile(*drawn(rng, 3_000)))
        window = drawn(rng, 1_000)
        errors = ExpectedErrors(profile(*window), model)
        squares = float(np.sqrt((window[1] ** 2).mean()))
        found.append(
            [
                value("mae_gap", errors) / value("mae_gap", errors, "standard_error"),
                (float(np.abs(window[1]).mean()) - value("mae", errors)) / value("mae", errors, "standard_error"),
                (squares - value("rmse", errors)) / value("rmse", errors, "standard_error"),
            ]
        )

    spread = np.std(found, axis=0)
    assert spread.min() > 0.75
    assert spread.max() < 1.25
    assert np.abs(np.mean(found, axis=0)).max() < 0.35
