"""A receiver of OTLP/HTTP for a whole server: spans and rows as they arrive."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.instrumentation.sinks import events_of

__all__ = ["Sink", "otlp_sink"]


@dataclass
class Sink:
    """``spans`` by id; a row carries the ``service.instance.id`` of the process it came from."""

    endpoint: str = ""
    spans: dict[bytes, Span] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            request = ExportTraceServiceRequest.FromString(body)
            found = (span for r in request.resource_spans for scope in r.scope_spans for span in scope.spans)
            self.spans.update({span.span_id: span for span in found})
        elif path == "/v1/logs":
            for event in events_of(body):
                instance = {"instance": event.resource.get("service.instance.id")}
                self.rows += [row | instance for row in event.table.to_pylist()]

    def server_span_above(self, span_id: bytes) -> Span | None:
        """The HTTP server's span that a span is, or is under; none if they do not hang together."""
        span = self.spans.get(span_id)
        while span is not None and span.kind != Span.SPAN_KIND_SERVER:
            span = self.spans.get(span.parent_span_id)
        return span


@contextmanager
def otlp_sink() -> Iterator[Sink]:
    sink, lock = Sink(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                sink.take(self.path, gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

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
