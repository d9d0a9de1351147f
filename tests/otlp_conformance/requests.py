"""Export requests to send, built with the official messages."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.otlp_conformance.answer import Kind

__all__ = ["EMPTY", "any_value", "attributes", "envelope", "log_record", "metric", "prediction", "request", "span"]

EMPTY: Final[Mapping[Kind, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_number = itertools.count(1)
_RUN = os.urandom(8)
"""Ids of different runs differ, so that no receiver takes them for repeats."""


def any_value(value: object) -> AnyValue:
    if value is None:
        return AnyValue()
    if isinstance(value, bool):  # before int, which it is too
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    assert isinstance(value, list)
    return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))


def attributes(values: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def span(values: Mapping[str, object] | None = None, **fields: Any) -> Span:
    number, now = next(_number), time.time_ns()
    given: dict[str, Any] = {
        "name": "conformance",
        "trace_id": _RUN + number.to_bytes(8, "big"),
        "span_id": number.to_bytes(8, "big"),
        "kind": Span.SPAN_KIND_INTERNAL,
        "start_time_unix_nano": now - 1_000_000,
        "end_time_unix_nano": now,
    }
    return Span(**given | fields, attributes=attributes(values or {}))


def prediction(model: str = "conformance", **values: object) -> Span:
    """A span that a collector of predictions stores, and any other receiver takes as a span."""
    return span({"miops.model.name": model, "miops.prediction.value": 1.0, **values})


def log_record(values: Mapping[str, object] | None = None, **fields: Any) -> LogRecord:
    now = time.time_ns()
    given: dict[str, Any] = {
        "time_unix_nano": now,
        "observed_time_unix_nano": now,
        "severity_number": 9,
        "body": any_value("text"),
    }
    return LogRecord(**given | fields, attributes=attributes(values or {}))


def metric(values: Mapping[str, object] | None = None) -> Metric:
    point = NumberDataPoint(time_unix_nano=time.time_ns(), as_double=1.0, attributes=attributes(values or {}))
    found = Metric(name="conformance.gauge", unit="1")
    found.gauge.data_points.append(point)
    return found


_ITEMS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}
_ITEM: Final[Mapping[Kind, Callable[[Mapping[str, object] | None], Message]]] = {
    "traces": span,
    "logs": log_record,
    "metrics": metric,
}


def request(kind: Kind, *items: Message, values: Mapping[str, object] | None = None) -> Any:
    """A request with these items, or with one item that has these attributes."""
    made = envelope(kind)
    found = getattr(getattr(made, _ITEMS[kind][0])[0], _ITEMS[kind][1])[0]
    getattr(found, _ITEMS[kind][2]).extend(items or [_ITEM[kind](values)])
    return made


def envelope(kind: Kind) -> Any:
    """A request with a resource and a scope and nothing in it."""
    made: Any = EMPTY[kind]()
    resource = getattr(made, _ITEMS[kind][0]).add()
    resource.resource.attributes.extend(attributes({"service.name": "otlp-conformance"}))
    scope = getattr(resource, _ITEMS[kind][1]).add()
    scope.scope.name = "tests.otlp_conformance"
    return made
