"""Getting OTLP bytes to an endpoint once: HTTP or gRPC, and what its answer means for a retry."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import grpc

__all__ = ["Answer", "Send", "grpc_sender", "http_sender"]

_RETRYABLE_HTTP = {429, 502, 503, 504}
_RETRYABLE_GRPC = {
    grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS,
}  # fmt: skip
_METRICS_PATH = "/v1/metrics"
_METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt.

    Attributes
    ----------
    error
        Empty when the endpoint took it.
    retry
        Whether OTLP allows the same bytes to be sent again.
    retry_after_seconds
        At least this long must pass first; 0 when the endpoint did not say.
    body
        Of a success: the encoded response.
    """

    error: str = ""
    retry: bool = False
    retry_after_seconds: float = 0.0
    body: bytes = b""


Send: TypeAlias = Callable[[bytes, float], Answer]
"""Send these bytes within this many seconds."""


def http_sender(endpoint: str, headers: Mapping[str, str]) -> Send:
    """POST to ``endpoint``; a bare host gets ``/v1/metrics``, any other path is taken as it is."""
    url = urlsplit(endpoint)
    if url.scheme not in {"http", "https"} or not url.hostname:
        msg = f"export.endpoint: {endpoint!r} is no URL: write http://HOST:PORT"
        raise ValueError(msg)
    path = (url.path if url.path not in {"", "/"} else _METRICS_PATH) + (f"?{url.query}" if url.query else "")
    sent_headers = {"content-type": "application/x-protobuf", **headers}

    def send(body: bytes, timeout_seconds: float) -> Answer:
        try:
            connection = _connect(url.scheme, str(url.hostname), url.port, timeout_seconds)
            try:
                connection.request("POST", path, body, sent_headers)
                response = connection.getresponse()
                return _http_answer(response.status, response.getheader("retry-after"), response.read())
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            return Answer(f"{type(error).__name__}: {error}", retry=True)

    return send


def grpc_sender(endpoint: str, headers: Mapping[str, str], *, method: str = _METHOD) -> Send:
    """Unary call to ``http://HOST:PORT`` (no TLS), ``https://HOST:PORT`` or ``HOST:PORT`` (no TLS)."""
    url = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
    if url.scheme not in {"", "http", "https"} or not url.hostname:
        msg = f"export.endpoint: {endpoint!r} is no address: write http://HOST:PORT"
        raise ValueError(msg)
    metadata = tuple((k.lower(), v) for k, v in headers.items())
    # A channel is opened with the first call: threads of gRPC must not exist before a fork.
    opened: list[grpc.Channel] = []
    lock = threading.Lock()

    def send(body: bytes, timeout_seconds: float) -> Answer:
        with lock:
            if not opened:
                opened.append(_channel(url.scheme, url.netloc))
        call = opened[0].unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
        try:
            return Answer(body=call(body, timeout=timeout_seconds, metadata=metadata))
        except grpc.RpcError as error:
            return Answer(f"{error.code().name}: {error.details()}", retry=error.code() in _RETRYABLE_GRPC)

    return send


def _connect(scheme: str, host: str, port: int | None, timeout_seconds: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout_seconds)


def _channel(scheme: str, target: str) -> grpc.Channel:
    if scheme == "https":
        return grpc.secure_channel(target, grpc.ssl_channel_credentials())
    return grpc.insecure_channel(target)


def _http_answer(status: int, retry_after: str | None, body: bytes) -> Answer:
    if 200 <= status < 300:
        return Answer(body=body)
    wait = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
    return Answer(f"HTTP {status}", retry=status in _RETRYABLE_HTTP, retry_after_seconds=wait)
