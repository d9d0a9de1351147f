"""Filling a receiver as fast as it answers, or at a steady rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.harness.load import Load, Sent, send
from tests.e2e.collector_process import CollectorProcess

__all__ = ["ROOMY", "Target", "collector_target", "saturate", "steady"]


ROOMY: Mapping[str, Any] = {"memory_limit_mib": 2048}
"""Settings of a collector that is to take more than 40,000 rows a second for long."""
MOST_REFUSED = 0.05
"""Of the rows: a receiver near its memory limit gives back memory first."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that takes OTLP, and the process whose CPU time it costs."""

    address: str
    pid: int
    transport: str = "grpc"


def collector_target(collector: CollectorProcess, transport: str = "grpc") -> Target:
    """Our collector by gRPC or HTTP."""
    assert collector.process is not None
    return Target(collector.grpc if transport == "grpc" else collector.http, collector.process.pid, transport)


def saturate(target: Target, templates: Sequence[Path], rows: int, in_flight: int, **more: Any) -> Sent:
    """As fast as answers come. Rates are of rows that were acknowledged; hardly any may be told to come again later."""
    sent = _send(target, templates, rows, in_flight=in_flight, **more)
    assert sent.refused <= MOST_REFUSED * sent.rows, f"{sent.refused} of {rows} rows were told to come again later"
    return sent


def steady(target: Target, templates: Sequence[Path], rows: int, rate: float) -> Sent:
    """At this many rows a second, whatever comes back."""
    return _send(target, templates, rows, rate=rate, step_nanos=int(1e9 / rate))


def _send(target: Target, templates: Sequence[Path], rows: int, **more: Any) -> Sent:
    return send(Load(target.address, [str(t) for t in templates], rows, target.pid, target.transport, **more))
