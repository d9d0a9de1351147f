"""A steady 10,000 spans a second, sent when they are due: how long until they are committed, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.harness.ingesting import collector_target, saturate, steady
from tests.benchmarks.harness.payloads import spans_template
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import CollectorProcess, running_collector

__all__ = ["measure"]

RATE, SECONDS = 10_000, 12


def measure(run: Run) -> Iterator[Result]:
    with running_collector(run.folder / "collector") as collector:
        target = collector_target(collector)
        for size in (512, 128):
            path = spans_template(size).save(run.folder / f"spans-{size}.npz")
            rows = int(RATE * run.seconds(SECONDS))
            saturate(target, [path], run.rows(100_000), 8)
            sent, ticking = [], []
            for _ in range(run.rounds):
                before = _ticking(collector)
                sent.append(steady(target, [path], rows, RATE))
                ticking.append((_ticking(collector) - before) / sent[-1].seconds)
            per = f"{size} per request"
            yield result(
                f"ack_latency.p50_seconds.{size}", [s.p50 for s in sent], "s",
                f"from when a request is due to its acknowledgement after the commit, median; {per}",
            )  # fmt: skip
            yield result(
                f"ack_latency.p99_seconds.{size}", [s.p99 for s in sent], "s", f"the same, 99th percentile; {per}"
            )
            yield result(
                f"ack_latency.cpu_share.{size}", [s.cpu / s.seconds for s in sent], "1",
                f"CPU time of the collector, evaluations included, as a share of one core; {per}",
            )  # fmt: skip
            yield result(
                f"ack_latency.tick_share.{size}", ticking, "1",
                f"time spent in evaluations, by the clock, as a share of all; it is part of that CPU time; {per}",
            )  # fmt: skip


def _ticking(collector: CollectorProcess) -> float:
    """Seconds it has spent in evaluations so far."""
    metrics = {m["name"]: m for m in collector.get("/api/v1/collector")["metrics"]}
    return float(sum(p["value"] for p in metrics["miops.collector.ticks.seconds"]["points"]))
