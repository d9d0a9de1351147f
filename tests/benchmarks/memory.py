"""Resident memory of the collector: filled with an hour of event time, and while it is sent more than it can take."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.harness.ingesting import collector_target, saturate, steady
from tests.benchmarks.harness.payloads import spans_template
from tests.benchmarks.harness.process import memory_watched, resident_bytes
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import running_collector

__all__ = ["measure"]

ROWS, SIZE = 3_600_000, 512
HOUR_NANOS = 3_600_000_000_000
OVERLOAD_RATE, OVERLOAD_SECONDS = 400_000, 10.0


def measure(run: Run) -> Iterator[Result]:
    path = spans_template(SIZE).save(run.folder / "spans.npz")
    rows = run.rows(ROWS)
    with running_collector(run.folder / "collector") as collector:
        target = collector_target(collector)
        yield result("memory.bytes.started", resident_bytes(target.pid), "By", "started, nothing received yet")
        with memory_watched(target.pid) as filled:
            saturate(target, [path], rows, 96, step_nanos=HOUR_NANOS // rows)
        told = f"{rows:,} spans over an hour of event time, as fast as they are taken"
        yield result("memory.peak_bytes.steady", filled.peak, "By", f"peak, {told}")
        yield result("memory.bytes.after", filled.last, "By", "after them")
        seconds = run.seconds(OVERLOAD_SECONDS)
        with memory_watched(target.pid) as flooded:
            sent = steady(target, [path], int(OVERLOAD_RATE * seconds), OVERLOAD_RATE)
        refused = sent.refused / (sent.rows + sent.refused)
        yield result(
            "memory.peak_bytes.overload", flooded.peak, "By",
            f"peak, {OVERLOAD_RATE:,} spans a second offered whatever is answered, more than it can take",
            note=f"{refused:.0%} were told to come again later",
        )  # fmt: skip
