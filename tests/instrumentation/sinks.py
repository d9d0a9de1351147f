"""Tiny OTLP log receivers whose answers a test decides; they decode what they got with pyarrow."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

_METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@dataclass
class Event:
    name: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    table: pa.Table


def events_of(body: bytes) -> list[Event]:
    request = ExportLogsServiceRequest.FromString(body)
    events = []
    for logs in request.resource_logs:
        resource = {a.key: _value(a.value) for a in logs.resource.attributes}
        for record in (r for scope in logs.scope_logs for r in scope.log_records):
            table = pa.ipc.open_stream(record.body.bytes_value).read_all()
            table.validate(full=True)
            attributes = {a.key: _value(a.value) for a in record.attributes}
            events.append(Event(record.event_name, attributes, resource, table))
    return events


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@dataclass
class Sink:
    """What a receiver got."""

    endpoint: str = ""
    requests: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """The number of this request, from 0."""
        with self.arrived:
            self.requests.append(body)
            self.headers.append(headers)
            self.arrived.notify_all()
            return len(self.requests) - 1

    def wait(self, count: int, timeout: float = 10.0) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout), "nothing arrived"

    @property
    def events(self) -> list[Event]:
        return [event for body in self.requests for event in events_of(body)]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for event in self.events for row in event.table.to_pylist()]


Answer = Callable[[int, Any], bytes]
"""From the number of the request and the gRPC context (or the HTTP handler) to a response body."""


def accept(_number: int, _context: Any) -> bytes:
    return ExportLogsServiceResponse().SerializeToString()


@contextmanager
def grpc_sink(answer: Answer = accept, credentials: grpc.ServerCredentials | None = None) -> Iterator[Sink]:
    sink = Sink()

    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        headers = {k: v for k, v in context.invocation_metadata() if isinstance(v, str)}
        return answer(sink.take(body, headers), context)

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(export) if details.method == _METHOD else None

    server = grpc.server(ThreadPoolExecutor(4), handlers=[Handler()])
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    sink.endpoint = f"http{'s' if credentials else ''}://127.0.0.1:{port}"
    server.start()
    try:
        yield sink
    finally:
        server.stop(0).wait()


@contextmanager
def http_sink(answer: Answer = accept) -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {k.lower(): v for k, v in self.headers.items()} | {":path": self.path}
            self.status, self.extra = 200, {"content-type": "application/x-protobuf"}
            content = answer(sink.take(body, headers), self)
            self.send_response(self.status)
            for name, value in {**self.extra, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
