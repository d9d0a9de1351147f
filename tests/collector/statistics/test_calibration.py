"""Calibration against hand-computed values and an implementation on the rows themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from miops_collector.statistics.calibration.expected_calibration_error import expected_calibration_error
from tests.collector.statistics import rows


def exact(score: np.ndarray, right: np.ndarray) -> float:
    """Ten groups of equal mass of the sorted rows."""
    order = np.argsort(score, kind="stable")
    tenths = np.array_split(order, 10)
    return float(sum(len(t) * abs(right[t].mean() - score[t].mean()) for t in tenths) / len(score))


def test_by_hand() -> None:
    score = np.array([0.2] * 10 + [0.8] * 10)
    truth = np.array([1] * 3 + [0] * 7 + [1] * 6 + [0] * 4)
    scores = rows.score_histogram(score + 0.0005, truth, truth)

    assert expected_calibration_error(scores) == pytest.approx((0.1 + 0.2) / 2, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_binary_agrees_with_the_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score = rng.beta(0.7, 0.9, 20_000)
    truth = (rng.random(20_000) < score**1.3).astype(int)

    binned = expected_calibration_error(rows.score_histogram(score, truth, truth))

    assert binned == pytest.approx(exact(score, truth), abs=1e-3)


def test_multiclass_judges_the_confidence() -> None:
    rng = np.random.default_rng(1)
    scores = rng.dirichlet((1, 1, 1), 20_000)
    truth = np.array([rng.choice(3, p=p) for p in scores])
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth

    binned = expected_calibration_error(rows.confidence(scores, truth))

    assert binned == pytest.approx(exact(top, right), abs=5e-3)
    assert binned < 0.02


def test_certain_and_always_wrong_is_one() -> None:
    scores = np.array([[1.0, 0.0]] * 50)

    assert expected_calibration_error(rows.confidence(scores, np.ones(50, int))) == 1


def test_scores_that_are_not_probabilities_are_not_calibrated() -> None:
    scores = rows.score_histogram(np.linspace(0, 0.999, 50), np.ones(50, int), np.ones(50, int))

    assert math.isnan(expected_calibration_error(replace(scores, probabilities=False)))
