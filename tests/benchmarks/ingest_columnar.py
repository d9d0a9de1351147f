"""``miops.prediction.batch`` events as our recorder encodes them: Arrow bodies of 1,000 rows with 20 features, gRPC."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.harness.ingesting import collector_target, saturate
from tests.benchmarks.harness.payloads import event_template
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import running_collector

__all__ = ["measure"]

ROWS, IN_FLIGHT = 1_500_000, 64


def measure(run: Run) -> Iterator[Result]:
    path = event_template(1000).save(run.folder / "event.npz")
    rows = run.rows(ROWS)
    with running_collector(run.folder / "collector") as collector:
        target = collector_target(collector)
        saturate(target, [path], rows // 3, IN_FLIGHT)
        sent = [saturate(target, [path], rows, IN_FLIGHT) for _ in range(run.rounds)]
    yield result(
        "ingest_columnar.rows_per_cpu_second", [s.rows_per_cpu_second for s in sent], "{row}/s",
        "rows committed and acknowledged for each second of the collector's CPU time",
    )  # fmt: skip
    yield result("ingest_columnar.rows_per_second", [s.rate for s in sent], "{row}/s", "the same by the clock")
