"""The calibration signal."""

from __future__ import annotations

import numpy as np
import pytest

from miops_collector.signals.calibration import calibration
from tests.collector.signals.models import CONTEXT, MULTICLASS, REGRESSION, binary, named, summaries


def test_binary_is_judged_by_the_score_of_the_positive_class() -> None:
    found = named(tuple(calibration(CONTEXT, binary(3), binary())), "calibration.expected_calibration_error")

    gaps = [abs(2 - 42 * 0.125), abs(3 - 13 * 0.375), abs(5 - 13 * 0.625), abs(30 - 32 * 0.875)]
    assert found.value == pytest.approx(sum(gaps) / 100)
    assert (found.n, found.n_reference) == (100, 300)


def test_multiclass_is_judged_by_its_confidence() -> None:
    bins = np.zeros((100, 4))
    bins[80] = [100, 100, 60, 80.5]
    now = summaries(MULTICLASS, {"confidence.bins": bins, "labelled.scores": 9.0})

    found = named(tuple(calibration(CONTEXT, None, now)), "calibration.expected_calibration_error")

    assert found.value == pytest.approx(0.205)


def test_a_regression_has_none() -> None:
    assert list(calibration(CONTEXT, None, summaries(REGRESSION, {}))) == []
