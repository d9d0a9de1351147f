"""OTLP's rules for senders, against real gRPC and HTTP receivers that answer as a test says."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from miops.config import read_config
from miops.event import Request
from miops.export import Exporter
from miops.transport import Outcome, open_transport

from .sinks import Answer, Sink, accept, grpc_sink, http_sink

REQUEST = Request(b"", 5)


@contextmanager
def exporter(sink: Sink, retry_timeout: float = 10.0, **environ: str) -> Iterator[Exporter]:
    endpoint = read_config({"MIOPS_ENDPOINT": sink.endpoint, **environ}).endpoint
    assert endpoint is not None
    made = Exporter(
        lambda: open_transport(endpoint), timeout_seconds=endpoint.timeout_seconds, retry_timeout=retry_timeout
    )
    try:
        yield made
    finally:
        made.abort()


def refuse(code: grpc.StatusCode, retry_seconds: float | None = None, times: int = 1) -> Answer:
    """Refuse the first requests, with the standard details, then accept."""

    def answer(number: int, context: Any) -> bytes:
        if number >= times:
            return accept(number, context)
        status = Status(code=code.value[0], message="not now")
        if retry_seconds is not None:
            delay = Duration(seconds=int(retry_seconds), nanos=int(retry_seconds % 1 * 1e9))
            detail = AnyMessage()
            detail.Pack(RetryInfo(retry_delay=delay))
            status.details.append(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, "not now")
        raise AssertionError

    return answer


def http_refuse(status: int, times: int = 1, **headers: str) -> Answer:
    def answer(number: int, handler: Any) -> bytes:
        if number >= times:
            return accept(number, handler)
        handler.status = status
        handler.extra |= {name.replace("_", "-"): value for name, value in headers.items()}
        return Status(message="not now").SerializeToString()

    return answer


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_retry_waits_as_long_as_the_receiver_asks(code: grpc.StatusCode) -> None:
    with grpc_sink(refuse(code, retry_seconds=0.25)) as sink, exporter(sink) as sender:
        began = time.monotonic()
        delivery = sender.deliver(REQUEST)

    assert delivery.exported == 5
    assert len(sink.requests) == 2
    assert 0.25 <= time.monotonic() - began < 2


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
    ],
)
def test_what_will_never_be_taken_is_dropped_at_once(code: grpc.StatusCode) -> None:
    with grpc_sink(refuse(code)) as sink, exporter(sink) as sender:
        delivery = sender.deliver(REQUEST)

    assert (delivery.exported, delivery.dropped, delivery.reason) == (0, 5, code.name.lower())
    assert len(sink.requests) == 1


def test_retries_end_with_the_retry_timeout() -> None:
    answer = refuse(grpc.StatusCode.UNAVAILABLE, retry_seconds=0.1, times=99)
    with grpc_sink(answer) as sink, exporter(sink, retry_timeout=0.35) as sender:
        delivery = sender.deliver(REQUEST)

    assert (delivery.dropped, delivery.reason) == (5, "unavailable")
    assert 2 <= len(sink.requests) <= 4


@pytest.mark.parametrize("open_sink", [grpc_sink, http_sink])
def test_partial_success_is_never_retried(open_sink: Any) -> None:
    def partly(number: int, context: Any) -> bytes:
        response = ExportLogsServiceResponse()
        response.partial_success.rejected_log_records = 2
        response.partial_success.error_message = "2 rows refused: no model name"
        return response.SerializeToString()

    with open_sink(partly) as sink, exporter(sink, **_protocol(open_sink)) as sender:
        delivery = sender.deliver(REQUEST)

    assert (delivery.exported, delivery.dropped, delivery.reason) == (3, 2, "rejected")
    assert len(sink.requests) == 1


def _protocol(open_sink: Any) -> dict[str, str]:
    return {"MIOPS_PROTOCOL": "grpc" if open_sink is grpc_sink else "http/protobuf"}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_http_retry_after(status: int) -> None:
    with (
        http_sink(http_refuse(status, retry_after="1")) as sink,
        exporter(sink, MIOPS_PROTOCOL="http/protobuf") as sender,
    ):
        began = time.monotonic()
        delivery = sender.deliver(REQUEST)

    assert (delivery.exported, len(sink.requests)) == (5, 2)
    assert 1 <= time.monotonic() - began < 4


def test_http_retry_after_as_a_date() -> None:
    soon = email.utils.formatdate(time.time() + 1, usegmt=True)
    with (
        http_sink(http_refuse(503, retry_after=soon)) as sink,
        exporter(sink, MIOPS_PROTOCOL="http/protobuf") as sender,
    ):
        assert sender.deliver(REQUEST).exported == 5


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
def test_other_http_errors_are_final(status: int) -> None:
    with http_sink(http_refuse(status)) as sink, exporter(sink, MIOPS_PROTOCOL="http/protobuf") as sender:
        delivery = sender.deliver(REQUEST)

    assert (delivery.dropped, delivery.reason, delivery.message) == (5, f"http_{status}", "not now")


def test_http_survives_a_server_that_closed_the_kept_connection() -> None:
    def close_after(number: int, handler: Any) -> bytes:
        handler.close_connection = True
        return accept(number, handler)

    with http_sink(close_after) as sink, exporter(sink, MIOPS_PROTOCOL="http/protobuf") as sender:
        deliveries = [sender.deliver(REQUEST) for _ in range(3)]

    assert [delivery.exported for delivery in deliveries] == [5, 5, 5]


@pytest.mark.parametrize("open_sink", [grpc_sink, http_sink])
def test_headers_and_gzip(open_sink: Any) -> None:
    environ = {"MIOPS_HEADERS": "x-tenant=a%20b", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
    with open_sink() as sink, exporter(sink, **environ, **_protocol(open_sink)) as sender:
        assert sender.deliver(Request(b"\n\0" * 100, 5)).exported == 5

    assert sink.requests == [b"\n\0" * 100]
    assert sink.headers[0]["x-tenant"] == "a b"
    if open_sink is http_sink:
        assert sink.headers[0]["content-encoding"] == "gzip"
        assert sink.headers[0][":path"] == "/v1/logs"
        assert sink.headers[0]["content-type"] == "application/x-protobuf"


def test_a_closed_transport_says_so() -> None:
    with grpc_sink() as sink:
        endpoint = read_config({"MIOPS_ENDPOINT": sink.endpoint}).endpoint
        assert endpoint is not None
        transport = open_transport(endpoint)
        transport.close()

        assert transport.send(b"", 1.0) == Outcome(error="closed", message="Cannot invoke RPC on closed channel!")


def test_unreadable_certificates_are_a_drop_with_a_reason() -> None:
    environ = {"OTEL_EXPORTER_OTLP_CERTIFICATE": "absent.pem"}
    with exporter(Sink("https://127.0.0.1:9"), **environ) as sender:
        delivery = sender.deliver(REQUEST)

    assert (delivery.dropped, delivery.reason) == (5, "transport")
    assert "absent.pem" in delivery.message
