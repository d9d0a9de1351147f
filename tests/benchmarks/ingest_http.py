"""The same spans over OTLP/HTTP, as protobuf and as JSON, 512 per request."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.harness.ingesting import collector_target, saturate
from tests.benchmarks.harness.payloads import JSON, PROTOBUF, spans_template
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import running_collector

__all__ = ["measure"]

SIZE = 512
CASES = (("protobuf", PROTOBUF, 400_000, 64), ("json", JSON, 60_000, 16))


def measure(run: Run) -> Iterator[Result]:
    with running_collector(run.folder / "collector") as collector:
        target = collector_target(collector, "http")
        for name, media, full, in_flight in CASES:
            path = spans_template(SIZE, media=media).save(run.folder / f"{name}.npz")
            rows = run.rows(full)
            saturate(target, [path], rows // 3, in_flight)
            sent = [saturate(target, [path], rows, in_flight) for _ in range(run.rounds)]
            yield result(
                f"ingest_http.rows_per_cpu_second.{name}", [s.rows_per_cpu_second for s in sent], "{row}/s",
                "spans committed and acknowledged for each second of the collector's CPU time",
            )  # fmt: skip
            yield result(
                f"ingest_http.rows_per_second.{name}", [s.rate for s in sent], "{row}/s", "the same by the clock"
            )
