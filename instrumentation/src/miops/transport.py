"""One attempt to deliver a request, by gRPC or HTTP: bytes out, an :class:`Outcome` back, nothing raised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from miops.endpoint import Endpoint

__all__ = ["Outcome", "Transport", "open_transport", "partial_success"]

_ROWS_REFUSED: Final = re.compile(r"\b(\d+) rows? refused\b")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes
    ----------
    error
        Short reason, ``None`` if the receiver took the request.
    retryable
        Whether OTLP allows the same request to be sent again.
    retry_after_seconds
        How long the receiver asks us to wait, if it says.
    rejected
        Log records that the receiver refused for good (``partial_success``); -1 means all.
    message
        What the receiver said, for the log.
    """

    error: str | None = None
    retryable: bool = False
    retry_after_seconds: float | None = None
    rejected: int = 0
    message: str = ""

    def rejected_rows(self, rows: int) -> int:
        """How many of the request's rows were refused.

        A request holds one log record with many rows, and OTLP counts records: a rejected record is all its rows,
        unless the receiver knows our events and says in its message how many it refused, as ours does:
        ``2 rows refused: no model name; 1 rows refused: …``.
        """
        if self.rejected <= 0:
            return 0
        said = sum(map(int, _ROWS_REFUSED.findall(self.message)))
        return min(said or rows, rows)


class Transport(Protocol):
    """A connection to one endpoint."""

    def send(self, body: bytes, timeout_seconds: float, /) -> Outcome:
        """Make one attempt."""
        ...

    def close(self) -> None:
        """Break off whatever is going on, from any thread."""
        ...


def open_transport(endpoint: Endpoint) -> Transport:
    """The transport of the endpoint's protocol; its library is imported here, not with the package."""
    if endpoint.protocol == "grpc":
        from miops.transport_grpc import GrpcTransport

        return GrpcTransport(endpoint)
    from miops.transport_http import HttpTransport

    return HttpTransport(endpoint)


def partial_success(response: bytes) -> Outcome:
    """The outcome of an accepted request from the bytes of its response."""
    try:
        partial = ExportLogsServiceResponse.FromString(response).partial_success
    except Exception:  # noqa: BLE001  # protobuf's DecodeError has no stable home; the request itself was accepted
        return Outcome()
    return Outcome(rejected=partial.rejected_log_records, message=partial.error_message)
