"""What came back, on any wire, read as an OTLP client reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

__all__ = ["KINDS", "MEDIA", "Answer", "Kind", "Partial", "WireName"]

M = TypeVar("M", bound=Message)
Kind: TypeAlias = Literal["traces", "logs", "metrics"]
WireName: TypeAlias = Literal["grpc", "protobuf", "json"]
KINDS: Final[tuple[Kind, ...]] = ("traces", "logs", "metrics")
MEDIA: Final[Mapping[str, str]] = {"protobuf": "application/x-protobuf", "json": "application/json"}

_RESPONSES: Final[Mapping[Kind, tuple[type[Message], str]]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}
_RETRYABLE: Final = {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
_RETRYABLE_HTTP: Final = {"429", "502", "503", "504"}
_DETAILS: Final = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Partial:
    """What ``partial_success`` says."""

    rejected: int
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status by its gRPC name or HTTP number, the body, and the headers or trailing metadata by lower-case names.

    ``status`` is ``"no answer"`` when the connection ended without one; ``body`` then says how.
    """

    wire: WireName
    kind: Kind
    status: str
    body: bytes = b""
    headers: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = self.headers.get("grpc-message", b"") or self.body
        return f"{self.status} {said[:160]!r}"

    @property
    def ok(self) -> bool:
        return self.status in {"OK", "200"}

    @property
    def retryable(self) -> bool:
        """Whether clients send the same request again; without any answer they do."""
        if self.status == "RESOURCE_EXHAUSTED":
            return self.retry_info() is not None
        return self.status in _RETRYABLE | _RETRYABLE_HTTP | {"no answer"}

    def response(self) -> Message:
        """The export response."""
        assert self.ok, f"expected success, got {self}"
        return self._read(_RESPONSES[self.kind][0]())

    def partial(self) -> Partial | None:
        """``partial_success`` where it is set."""
        response: Any = self.response()
        if not response.HasField("partial_success"):
            return None
        said = response.partial_success
        return Partial(getattr(said, _RESPONSES[self.kind][1]), said.error_message)

    def problem(self) -> Status:
        """The ``google.rpc.Status`` of an error: the body over HTTP, a trailer over gRPC."""
        assert not self.ok, f"expected an error, got {self}"
        if self.wire == "grpc":
            assert _DETAILS in self.headers, f"no {_DETAILS} among {sorted(self.headers)}"
            return Status.FromString(self.headers[_DETAILS])
        status = Status()
        self._read(status)
        return status

    def retry_info(self) -> RetryInfo | None:
        """The ``RetryInfo`` among the details of the error."""
        return None if self.wire == "grpc" and _DETAILS not in self.headers else self._detail(RetryInfo())

    def bad_request(self) -> BadRequest | None:
        """The ``BadRequest`` among the details of the error."""
        return self._detail(BadRequest())

    def _detail(self, into: M) -> M | None:
        return next((into for detail in self.problem().details if detail.Unpack(into)), None)

    def _read(self, into: Message) -> Message:
        try:
            if self.wire != "json":
                into.ParseFromString(self.body)
            else:
                assert isinstance(json.loads(self.body), dict), f"the body is no JSON object: {self}"
                Parse(self.body, into)
        except (DecodeError, ParseError, ValueError) as error:
            msg = f"the body is no {into.DESCRIPTOR.name} in {self.wire}: {self} ({error})"
            raise AssertionError(msg) from error
        return into
