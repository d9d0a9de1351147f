"""Plain OTLP spans of 26 attributes over gRPC, from several connections into the store, repeats looked for.

The collector may take 2 GiB: with the default of one, ids of more than 40,000 rows a second are looked up in the store.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.benchmarks.harness.ingesting import ROOMY, Target, collector_target, saturate
from tests.benchmarks.harness.load import Sent
from tests.benchmarks.harness.payloads import spans_template
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rotel import Rotel, running_rotel
from tests.benchmarks.harness.template import Template
from tests.e2e.collector_process import running_collector

__all__ = ["measure"]

IN_FLIGHT = {512: 96, 4096: 16}
ROWS = 600_000
PARSER = "ExportTraceServiceRequest.FromString alone"


def measure(run: Run) -> Iterator[Result]:
    with running_collector(run.folder / "collector", **ROOMY) as process, running_rotel(run) as rotel:
        ours = collector_target(process)
        for size, in_flight in IN_FLIGHT.items():
            yield from _measure(run, ours, rotel, size, in_flight)


def _measure(run: Run, ours: Target, rotel: Rotel, size: int, in_flight: int) -> Iterator[Result]:
    template = spans_template(size)
    path = template.save(run.folder / f"spans-{size}.npz")
    rows = run.rows(ROWS)
    saturate(ours, [path], rows // 3, in_flight)
    own: list[Sent] = []
    peers: dict[str, list[float]] = {PARSER: []}
    walls: dict[str, list[float]] = {}
    for _ in range(run.rounds):
        own.append(saturate(ours, [path], rows, in_flight))
        if rotel.pid:
            theirs = saturate(Target(rotel.grpc, rotel.pid), [path], rows, in_flight)
            peers.setdefault(rotel.name, []).append(theirs.rows_per_cpu_second)
            walls.setdefault(f"{rotel.name}, one core", []).append(theirs.rate)
        peers[PARSER].append(_parsed(template))
    client = sum(s.own_cpu for s in own) / sum(s.rows for s in own) * 1e6
    yield result(
        f"ingest_spans.rows_per_cpu_second.{size}", [s.rows_per_cpu_second for s in own], "{row}/s",
        f"spans committed and acknowledged for each second of the collector's CPU time, {size} per request",
        peers=peers, note=rotel.absent,
    )  # fmt: skip
    yield result(
        f"ingest_spans.rows_per_second.{size}", [s.rate for s in own], "{row}/s",
        f"the same by the clock, client on the same cores ({client:.1f} µs of its CPU a row)", peers=walls,
    )  # fmt: skip


def _parsed(template: Template) -> float:
    """Spans a second that protobuf's parser in C reads, and does nothing with."""
    payload, count = template.payload.tobytes(), max(50_000 // template.rows, 1)
    began = time.process_time()
    for _ in range(count):
        ExportTraceServiceRequest.FromString(payload)
    return count * template.rows / (time.process_time() - began)
