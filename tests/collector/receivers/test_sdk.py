"""The real OpenTelemetry Python SDK, unchanged, against the real receivers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from miops_collector.errors import StoreError
from miops_collector.ingest import IngestSettings
from tests.collector.otlp.payloads import arrow_body
from tests.collector.receivers.running import MemorySink, Running, running, value

SPAN_EXPORTERS: dict[str, Callable[[Running], Any]] = {
    "grpc": lambda it: GrpcSpanExporter(endpoint=it.grpc, insecure=True),
    "http": lambda it: HttpSpanExporter(endpoint=f"{it.http}/v1/traces"),
    "http gzip": lambda it: HttpSpanExporter(endpoint=f"{it.http}/v1/traces", compression=Compression.Gzip),
}
LOG_EXPORTERS: dict[str, Callable[[Running], Any]] = {
    "grpc": lambda it: GrpcLogExporter(endpoint=it.grpc, insecure=True),
    "http": lambda it: HttpLogExporter(endpoint=f"{it.http}/v1/logs"),
}


def send_spans(exporter: Any, n: int) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=20))
    tracer = provider.get_tracer("test")
    for i in range(n):
        with tracer.start_as_current_span("predict") as span:
            values = {"miops.prediction.id": f"p{i}", "miops.prediction.value": i, "miops.feature.job": "nurse"}
            span.set_attributes({"miops.model.name": "m", **values})
    provider.shutdown()


@pytest.mark.parametrize("transport", SPAN_EXPORTERS)
def test_spans_of_the_sdk_arrive(transport: str) -> None:
    with running() as it:
        send_spans(SPAN_EXPORTERS[transport](it), 50)

        found = [row for one in it.sink.records for row in one.table.to_pylist()]
        assert [(r["id_text"], r["value_number"], r["feature.job"]) for r in found] == [
            (f"p{i}", float(i), "nurse") for i in range(50)
        ]
        assert value(it.telemetry, "rows.received") == value(it.telemetry, "rows.stored") == 50


@pytest.mark.parametrize("transport", LOG_EXPORTERS)
def test_events_of_the_sdk_arrive(transport: str) -> None:
    with running() as it:
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(BatchLogRecordProcessor(LOG_EXPORTERS[transport](it)))
        logger = provider.get_logger("test")
        model = {"miops.model.name": "m"}
        body = arrow_body({"value": [1.0, 2.0], "feature.x": ["a", "b"]}).bytes_value
        for name, attributes, content in (
            ("miops.prediction", model | {"miops.prediction.value": 3.0}, None),
            ("miops.prediction.batch", model, body),
            ("miops.prediction.batch", model, {"value": [4.0], "feature.x": ["c"]}),
            ("miops.ground_truth", {"miops.prediction.id": "p", "miops.ground_truth.value": True}, None),
        ):
            record = LogRecord(timestamp=time.time_ns(), event_name=name, attributes=attributes, body=content)
            logger.emit(record)
        provider.shutdown()

        kinds = {one.kind: one.table for one in it.sink.records}
        assert set(kinds) == {"predictions", "ground_truth"}
        assert it.sink.rows == 5
        predictions = [one.table for one in it.sink.records if one.kind == "predictions"]
        assert sorted(v for t in predictions for v in t["value_number"].to_pylist()) == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("transport", SPAN_EXPORTERS)
def test_exporters_of_the_sdk_lose_nothing_while_the_store_is_away(transport: str) -> None:
    with running(settings=IngestSettings(retry_after_seconds=0.05)) as it:
        it.sink.errors += [StoreError("locked", retry_after_seconds=0.05) for _ in range(2)]

        send_spans(SPAN_EXPORTERS[transport](it), 40)

        assert it.sink.rows == 40
        assert value(it.telemetry, "requests", request_outcome="failed") == 2


def test_a_request_that_is_sent_again_adds_nothing() -> None:
    with running(MemorySink()) as it:
        for _ in range(2):
            send_spans(SPAN_EXPORTERS["grpc"](it), 10)

        counted = {
            name: value(it.telemetry, f"rows.{name}") for name in ("received", "stored", "deduplicated", "refused")
        }
        assert counted == {"received": 20, "stored": 10, "deduplicated": 10, "refused": 0}
