"""Latency against NumPy on the durations themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from miops_collector.statistics.latency import mean, variance
from miops_collector.statistics.latency.p50 import p50
from miops_collector.statistics.latency.p95 import p95
from miops_collector.statistics.latency.p99 import p99
from tests.collector.statistics import rows


@pytest.mark.parametrize("typical", [2e-6, 1e-3, 0.05, 3.0, 90.0])
def test_percentiles_are_within_one_percent(typical: float) -> None:
    seconds = np.random.default_rng(0).lognormal(np.log(typical), 0.6, 5_000).clip(1.1e-6, 900)
    latency = rows.latency(seconds)

    for statistic, share in ((p50, 50), (p95, 95), (p99, 99)):
        exact = np.percentile(seconds, share, method="inverted_cdf")
        assert statistic(latency) == pytest.approx(exact, rel=0.01)


def test_percentile_by_hand() -> None:
    latency = rows.latency([0.001] * 95 + [1.0] * 5)

    assert p95(latency) == pytest.approx(0.001, rel=0.01)
    assert p99(latency) == pytest.approx(1.0, rel=0.01)


def test_durations_beyond_the_ends_count_in_the_end_buckets() -> None:
    assert p50(rows.latency([1e-9, 1e-9, 1.0])) == pytest.approx(1e-6, rel=0.01)
    assert p50(rows.latency([5e4, 5e4, 1.0])) > 1_000


def test_mean_and_variance_agree_with_numpy() -> None:
    seconds = np.random.default_rng(1).gamma(2, 0.01, 1_000)
    latency = rows.latency(seconds)

    assert mean.mean(latency) == pytest.approx(seconds.mean())
    assert mean.standard_error(latency) == pytest.approx(stats.sem(seconds))
    assert variance.variance(latency) == pytest.approx(seconds.var())


def test_variance_of_equal_durations_is_not_negative() -> None:
    assert variance.variance(rows.latency([0.1] * 7)) == pytest.approx(0, abs=1e-15)
    assert variance.variance(rows.latency([0.1] * 7)) >= 0
