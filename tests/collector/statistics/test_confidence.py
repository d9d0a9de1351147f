"""Confidence against NumPy and SciPy on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from miops_collector.statistics.confidence import entropy, low_confidence_share, mean
from tests.collector.statistics import rows


def test_by_hand() -> None:
    scores = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8], [1.0, 0.0]])
    confidence = rows.confidence(scores, np.zeros(4, int))

    assert mean.mean(confidence) == pytest.approx(0.8)
    assert low_confidence_share.low_confidence_share(confidence) == 0.25
    assert low_confidence_share.standard_error(confidence) == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    assert entropy.entropy(confidence) == pytest.approx((np.log(2) + 0.325083 + 0.500402) / 4, abs=1e-6)


def test_agrees_with_numpy_and_scipy() -> None:
    scores = np.random.default_rng(0).dirichlet((1, 2, 3), 500)
    confidence = rows.confidence(scores, np.zeros(500, int))
    top = scores.max(axis=1)

    assert mean.mean(confidence) == pytest.approx(top.mean())
    assert mean.standard_error(confidence) == pytest.approx(stats.sem(top))
    assert entropy.entropy(confidence) == pytest.approx(stats.entropy(scores, axis=1).mean())
    assert low_confidence_share.low_confidence_share(confidence) == pytest.approx(np.mean(top < 0.6))
