"""What OTLP says back: export responses and ``google.rpc.Status``, in protobuf or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.code_pb2 import INVALID_ARGUMENT
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from miops_collector.otlp.canonical import TelemetryKind

__all__ = ["Encoding", "export_response", "retry_info", "status"]

Encoding: TypeAlias = Literal["protobuf", "json"]

_RESPONSES: Final[Mapping[TelemetryKind, tuple[type[Message], str]]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}
_LONGEST_MESSAGE = 2_000


def export_response(kind: TelemetryKind, rejected: int, message: str, encoding: Encoding) -> bytes:
    """The response to an export; ``partial_success`` is unset when nothing was rejected."""
    build, field = _RESPONSES[kind]
    partial = {field: rejected, "error_message": message[:_LONGEST_MESSAGE]}
    return _encoded(build(partial_success=partial) if rejected else build(), encoding)


def status(code: int, message: str, encoding: Encoding, *, retry_after_seconds: float | None = None) -> bytes:
    """The body of an error; ``code`` is a gRPC status code. Bad input is described by a ``BadRequest``."""
    answer = Status(code=code, message=message[:_LONGEST_MESSAGE])
    if code == INVALID_ARGUMENT:
        answer.details.add().Pack(BadRequest(field_violations=[{"description": answer.message}]))
    if retry_after_seconds is not None:
        answer.details.add().Pack(_retry_info(retry_after_seconds))
    return _encoded(answer, encoding)


def retry_info(seconds: float) -> bytes:
    """``google.rpc.RetryInfo``."""
    return _encoded(_retry_info(seconds), "protobuf")


def _retry_info(seconds: float) -> RetryInfo:
    delay = Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return RetryInfo(retry_delay=delay)


def _encoded(message: Message, encoding: Encoding) -> bytes:
    if encoding == "protobuf":
        return message.SerializeToString()
    return MessageToJson(message, indent=None).encode()
