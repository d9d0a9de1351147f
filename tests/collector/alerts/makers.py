"""Observations and findings in few words."""

from __future__ import annotations

from typing import Any

from miops_collector.alerts import Finding, Lifecycle
from miops_collector.report import ModelKey, Observation
from miops_collector.window import NANOS, Window

MODEL = ModelKey("income", "3")
HOUR = 3600 * NANOS
DAY = 24 * HOUR


def window(i: int, length: int = HOUR) -> Window:
    return Window(i * length, (i + 1) * length)


def observation(metric: str, value: float, i: int = 0, **changes: Any) -> Observation:
    given: dict[str, Any] = {
        "metric": metric, "model": MODEL, "window": window(i), "value": value, "n": 1000.0, "status": "ok",
        "computed_at": 0, "complete": True,
    }  # fmt: skip
    return Observation(**(given | changes))


def finding(i: int, verdict: Any = "breach", **changes: Any) -> Finding:
    given: dict[str, Any] = {
        "rule": "drift", "metric": "miops.drift.p_value", "model": MODEL, "window": window(i), "verdict": verdict,
        "value": 1e-9, "threshold": 1e-5, "severity": "critical", "lifecycle": Lifecycle(), "column": "age",
        "evidence": {"seen_in": float(i)},
    }  # fmt: skip
    return Finding(**(given | changes))
