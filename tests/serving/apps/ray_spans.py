"""Where Ray Serve's own spans go, as its documentation has it."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def otlp() -> list[SpanProcessor]:
    return [BatchSpanProcessor(OTLPSpanExporter())]
