"""OTLP/HTTP with protobuf bodies: one POST on a kept connection; retry advice from ``Retry-After``."""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import http.client
import math
import socket
import ssl
import time
from typing import Final
from urllib.parse import urlsplit

from google.rpc.status_pb2 import Status

from miops.endpoint import Endpoint
from miops.transport import Outcome, partial_success

__all__ = ["HttpTransport"]

_RETRYABLE: Final = frozenset({429, 502, 503, 504})


class HttpTransport:
    """A kept connection to one endpoint. The standard library is enough, and no instrumentation patches it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        parts = urlsplit(endpoint.url)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._host, self._port = parts.hostname or "localhost", parts.port
        self._tls = _context(endpoint) if endpoint.secure else None
        encoding = {"content-encoding": "gzip"} if endpoint.gzip else {}
        self._headers = {"content-type": "application/x-protobuf", **encoding, **dict(endpoint.headers)}
        self._connection: http.client.HTTPConnection | None = None
        self._closed = False

    def send(self, body: bytes, timeout_seconds: float) -> Outcome:
        packed = gzip.compress(body, 1) if self._endpoint.gzip else body
        reused = self._connection is not None
        try:
            return self._post(packed, timeout_seconds)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            if reused and isinstance(error, http.client.RemoteDisconnected | ConnectionError | BrokenPipeError):
                return self._again(packed, timeout_seconds)
            return _failed(error, closed=self._closed)

    def _again(self, packed: bytes, timeout_seconds: float) -> Outcome:
        """A kept connection that the server closed meanwhile says nothing about the server."""
        try:
            return self._post(packed, timeout_seconds)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            return _failed(error, closed=self._closed)

    def _post(self, packed: bytes, timeout_seconds: float) -> Outcome:
        connection = self._connect(timeout_seconds)
        connection.request("POST", self._path, packed, self._headers)
        response = connection.getresponse()
        content = response.read()
        if response.will_close:
            self._drop()
        if response.getheader("content-encoding") == "gzip":
            content = gzip.decompress(content)
        if 200 <= response.status < 300:
            return partial_success(content)
        return Outcome(
            error=f"http_{response.status}",
            retryable=response.status in _RETRYABLE,
            retry_after_seconds=_retry_after(response.getheader("retry-after")),
            message=_message(content, response.getheader("content-type") or ""),
        )

    def _connect(self, timeout_seconds: float) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._tls is not None:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=timeout_seconds, context=self._tls
                )
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout_seconds)
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_seconds)
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Closing the socket alone would not wake a thread that reads from it; shutting it down does."""
        self._closed = True
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):  # not connected any more
                connection.sock.shutdown(socket.SHUT_RDWR)
        self._drop()


def _failed(error: Exception, *, closed: bool) -> Outcome:
    if closed:
        return Outcome(error="closed")
    if isinstance(error, ssl.SSLError):
        return Outcome(error="tls", message=str(error))
    reason = "deadline_exceeded" if isinstance(error, TimeoutError) else "unavailable"
    return Outcome(error=reason, retryable=True, message=str(error))


def _retry_after(text: str | None) -> float | None:
    """Seconds or an HTTP date; anything else is no advice."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None
    return math.ceil(max(when - time.time(), 0.0))


def _message(content: bytes, content_type: str) -> str:
    if "protobuf" in content_type:
        try:
            return str(Status.FromString(content).message)
        except Exception:  # noqa: BLE001  # a proxy's page with a wrong type; its text is still worth showing
            return content[:200].decode("utf-8", "replace")
    return content[:200].decode("utf-8", "replace")


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=endpoint.certificate)
    if endpoint.client_certificate:
        context.load_cert_chain(endpoint.client_certificate, endpoint.client_key)
    return context
