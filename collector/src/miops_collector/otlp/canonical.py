"""What the compiled walker does not read goes through protobuf, which either rewrites it plainly or refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.errors import InputError

__all__ = ["REQUESTS", "SERVICES", "TelemetryKind", "canonical"]

TelemetryKind: TypeAlias = Literal["traces", "logs", "metrics"]

SERVICES: Final[Mapping[TelemetryKind, str]] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
"""gRPC services; each has one method, ``Export``."""
REQUESTS: Final[Mapping[TelemetryKind, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


def canonical(kind: TelemetryKind, payload: bytes) -> bytes:
    """The same request without unknown fields and groups, every field in its usual form.

    Raises
    ------
    InputError
        If protobuf cannot read the payload either.
    """
    message = REQUESTS[kind]()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        msg = f"the body is no {type(message).__name__}: {error}"
        raise InputError(msg) from error
    message.DiscardUnknownFields()
    return message.SerializeToString()
