"""The latency signal."""

from __future__ import annotations

import pytest

from miops_collector.signals.latency import latency
from tests.collector.signals.models import CONTEXT, REGRESSION, binary, named, summaries


def test_durations_of_any_model() -> None:
    observations = tuple(latency(CONTEXT, None, binary()))

    assert {o.metric for o in observations} == {f"miops.latency.{x}" for x in ("mean", "p50", "p95", "p99", "variance")}
    assert named(observations, "latency.mean").value == pytest.approx(0.005)
    assert named(observations, "latency.p99").value == pytest.approx(1e-6 * 1.02**430.5)


def test_rows_without_durations_have_no_latency() -> None:
    found = named(tuple(latency(CONTEXT, None, summaries(REGRESSION, {"volume": [90, 90, 90, 0, 0]}))), "latency.p50")

    assert found.status == "insufficient_data"
