"""OTLP/gRPC: one unary call on bytes; retry advice from the standard error details."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from miops.endpoint import Endpoint
from miops.transport import Outcome, partial_success

__all__ = ["GrpcTransport"]

_METHOD: Final = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_RETRYABLE: Final = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""https://opentelemetry.io/docs/specs/otlp/#failures; RESOURCE_EXHAUSTED only if the server says when."""
_OPTIONS: Final = (
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.enable_retries", 0),
)


class GrpcTransport:
    """A channel to one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        compression = grpc.Compression.Gzip if endpoint.gzip else grpc.Compression.NoCompression
        if endpoint.secure:
            self._channel = grpc.secure_channel(endpoint.target, _credentials(endpoint), _OPTIONS, compression)
        else:
            self._channel = grpc.insecure_channel(endpoint.target, _OPTIONS, compression)
        self._headers = endpoint.headers
        self._export = self._channel.unary_unary(_METHOD, request_serializer=None, response_deserializer=None)

    def send(self, body: bytes, timeout_seconds: float) -> Outcome:
        try:
            return partial_success(self._export(body, timeout=timeout_seconds, metadata=self._headers))
        except grpc.RpcError as error:
            return _refused(error)
        except ValueError as error:  # the channel was closed under us
            return Outcome(error="closed", message=str(error))

    def close(self) -> None:
        self._channel.close()


def _refused(error: Any) -> Outcome:
    code = error.code()
    delay = _retry_delay(error.trailing_metadata() or ())
    retryable = code in _RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and delay is not None)
    return Outcome(
        error=code.name.lower(),
        retryable=retryable,
        retry_after_seconds=delay,
        message=error.details() or "",
    )


def _retry_delay(metadata: Any) -> float | None:
    """Seconds of the ``RetryInfo`` in ``grpc-status-details-bin``, if the server sent one that can be read."""
    details = next((value for key, value in metadata if key == "grpc-status-details-bin"), None)
    if details is None:
        return None
    try:
        for detail in Status.FromString(details).details:
            info = RetryInfo()
            if detail.Unpack(info):
                return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    except Exception:  # noqa: BLE001  # malformed advice is no advice
        return None
    return None


def _credentials(endpoint: Endpoint) -> grpc.ChannelCredentials:
    def read(path: str | None) -> bytes | None:
        return Path(path).read_bytes() if path else None

    return grpc.ssl_channel_credentials(
        read(endpoint.certificate), read(endpoint.client_key), read(endpoint.client_certificate)
    )
