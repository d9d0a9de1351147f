"""Telemetry that is not about predictions goes on, unchanged, to another OTLP endpoint."""

from __future__ import annotations

import time
from pathlib import Path

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from miops_collector.config import Config, ForwardConfig, OtlpConfig
from miops_collector.server import Collector, in_background


def config(folder: Path, *, forward: ForwardConfig | None = None) -> Config:
    any_port = OtlpConfig(grpc="localhost:0", http="localhost:0")
    return Config(data_dir=folder, otlp=any_port, web="localhost:0", forward=forward)


def others(collector: Collector) -> float:
    """Items that are no predictions."""
    metric = next(m for m in collector.telemetry.snapshot() if m.name == "miops.collector.items.other")
    return sum(point.value for point in metric.points)


def test_other_spans_arrive_at_the_configured_endpoint(tmp_path: Path) -> None:
    with in_background(config(tmp_path / "second")) as second:
        forward = ForwardConfig(endpoint=f"http://{second.addresses.grpc}")
        with in_background(config(tmp_path / "first", forward=forward)) as first:
            provider = TracerProvider()
            exporter = OTLPSpanExporter(endpoint=first.addresses.grpc, insecure=True)
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            provider.get_tracer("test").start_span("GET /orders").end()
            provider.shutdown()
            deadline = time.monotonic() + 20
            while others(second) < 1 and time.monotonic() < deadline:
                time.sleep(0.05)

            assert others(first) == 1
            assert others(second) == 1
