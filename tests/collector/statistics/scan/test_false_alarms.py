"""The promise of the scan, by simulation: false alarms stay at the level that the budget sets."""

import numpy as np
import pytest
from scipy.stats import binom

from miops_collector.statistics.scan import ScanSettings
from tests.collector.statistics.scan.simulate import null_ticks

MODELS = 150
LEVEL = 0.05
EXACT = {
    "tolerance": 0.0,
    "minimum_effect": 0.0,
    "shape_tolerance": 0.0,
    "shape_minimum": 0.0,
    "rate_tolerance": 0.0,
}


def settings(**changes):
    """One alarm in twenty ticks, so that 150 ticks show whether the level holds; each with a reference of its own."""
    return ScanSettings(share=1.0, budget_per_month=LEVEL * 720, **changes)


@pytest.mark.parametrize(("rows", "reference_rows"), [(200, 10_000), (1000, 10_000), (1000, 1000)])
def test_twenty_quiet_columns_alarm_no_more_often_than_the_level(rows, reference_rows):
    rng = np.random.default_rng(rows)

    exact, default = null_ticks(MODELS, 20, rows, reference_rows, [settings(**EXACT), settings()], rng)

    low, high = binom.interval(0.999, MODELS, LEVEL)
    assert max(low, 1) <= exact.sum() <= high, "the level holds, and the scan is not merely silent"
    assert default.mean() < LEVEL
    assert default.sum() <= exact.sum()
