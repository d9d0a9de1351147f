"""A foreign OTLP receiver of metrics over HTTP and gRPC, which answers as it is told and keeps what it gets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)


@dataclass
class Received:
    """Requests that were taken, and the statuses the next ones are refused with."""

    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    refuse_with: list[Any] = field(default_factory=list)
    response: bytes = b""
    attempts: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)
    url: str = ""

    def take(self, body: bytes, headers: dict[str, str], path: str = "") -> Any:
        """The status to refuse with, or ``None``."""
        with self.arrived:
            self.attempts += 1
            refused = self.refuse_with.pop(0) if self.refuse_with else None
            if refused is None:
                self.requests.append(ExportMetricsServiceRequest.FromString(body))
                self.headers.append(headers)
                self.paths.append(path)
            self.arrived.notify_all()
            return refused

    def wait(self, *, requests: int = 0, attempts: int = 0) -> None:
        with self.arrived:
            done = self.arrived.wait_for(lambda: len(self.requests) >= requests and self.attempts >= attempts, 10)
        assert done, f"{len(self.requests)} requests after {self.attempts} attempts"


@contextmanager
def http_receiver() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = received.take(body, {k.lower(): v for k, v in self.headers.items()}, self.path) or 200
            self.send_response(status)
            if status == 503:
                self.send_header("retry-after", "1")
            self.end_headers()
            self.wfile.write(received.response if status == 200 else b"")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def grpc_receiver() -> Iterator[Received]:
    received = Received()

    class Servicer(MetricsServiceServicer):  # type: ignore[misc]
        def Export(self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext) -> Any:
            refused = received.take(request.SerializeToString(), dict(context.invocation_metadata()))
            if refused is not None:
                context.abort(refused, "told to refuse")
            return ExportMetricsServiceResponse.FromString(received.response)

    server = grpc.server(ThreadPoolExecutor(2))
    add_MetricsServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    received.url = f"http://127.0.0.1:{port}"
    try:
        yield received
    finally:
        server.stop(None).wait()
