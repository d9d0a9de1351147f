"""Raw clients: bytes in, and everything that comes back; nothing is retried, repaired or hidden."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from tests.otlp_conformance.answer import MEDIA, Answer, Kind, WireName
from tests.otlp_conformance.as_json import as_json

__all__ = ["SERVICES", "Target", "Wire", "WireName"]

TIMEOUT_SECONDS = 60.0
SERVICES: Final[Mapping[Kind, str]] = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
_COMPRESSIONS: Final = {"identity": None, "gzip": grpc.Compression.Gzip}
_UNLIMITED: Final = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver: where it listens, its limit, and its process if its memory may be looked at."""

    grpc: str
    http: str
    limit: int = 64 * 1024 * 1024
    pid: int | None = None


@dataclass(frozen=True)
class Wire:
    """One way to a target: gRPC, or HTTP with protobuf or JSON."""

    target: Target
    name: WireName

    @cached_property
    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.target.grpc, options=_UNLIMITED)

    def close(self) -> None:
        """Close the gRPC connection; over HTTP each request has its own."""
        self._channel.close()

    def encoded(self, message: Message) -> bytes:
        """The message as this wire carries it."""
        return as_json(message) if self.name == "json" else message.SerializeToString()

    def send(self, kind: Kind, message: Message, *, compression: str = "identity") -> Answer:
        """Export a request."""
        return self.send_bytes(kind, self.encoded(message), compression=compression)

    def send_bytes(self, kind: Kind, body: bytes, *, compression: str = "identity") -> Answer:
        """Export what may be no request at all."""
        if self.name == "grpc":
            return self.call(SERVICES[kind], body, kind=kind, compression=compression)
        headers = {} if compression == "identity" else {"Content-Encoding": compression}
        return self.ask(f"/v1/{kind}", _compressed(compression, body), headers, kind=kind)

    def call(self, method: str, body: bytes, *, kind: Kind = "traces", compression: str = "identity") -> Answer:
        """Call any method over gRPC."""
        channel: Any = self._channel  # the stubs ask for serialisers, which bytes do not need
        rpc = channel.unary_unary(method)
        try:
            reply, call = rpc.with_call(body, timeout=TIMEOUT_SECONDS, compression=_COMPRESSIONS[compression])
        except grpc.RpcError as failed:
            error: Any = failed
            said = {"grpc-message": (error.details() or "").encode()}
            trailers = said | {key.lower(): value for key, value in error.trailing_metadata() or ()}
            return Answer("grpc", kind, error.code().name, b"", trailers)
        return Answer("grpc", kind, "OK", reply, {key.lower(): value for key, value in call.trailing_metadata() or ()})

    def ask(
        self, path: str = "/v1/traces", body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str | None] = {}, *,
        method: str = "POST", kind: Kind = "traces",
    ) -> Answer:  # fmt: skip
        """Any HTTP request; an iterable body goes chunked, a header of ``None`` is left out."""
        given = {"Content-Type": MEDIA[self.name], **headers}
        connection = HTTPConnection(self.target.http, timeout=TIMEOUT_SECONDS)
        try:
            return self.over(connection, path, body, given, method=method, kind=kind)
        finally:
            connection.close()

    def over(
        self, connection: HTTPConnection, path: str, body: bytes | Iterable[bytes],
        headers: Mapping[str, str | None], *, method: str = "POST", kind: Kind = "traces",
    ) -> Answer:  # fmt: skip
        """As :meth:`ask`, on a connection that is already there."""
        given = {key: value for key, value in headers.items() if value is not None}
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read everything
                connection.request(method, path, body, given, encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            data = response.read()
        except (OSError, HTTPException) as error:
            return Answer(self.name, kind, "no answer", f"{type(error).__name__}: {error}".encode())
        found = {key.lower(): value for key, value in response.getheaders()}
        if found.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        return Answer(self.name, kind, str(response.status), data, found)


def _zstd(body: bytes) -> bytes:
    import zstandard

    return zstandard.compress(body)


def _compressed(compression: str, body: bytes) -> bytes:
    ways: Mapping[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": _gzip, "zstd": _zstd}
    return ways[compression](body)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 1)
