from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, DataPointFlags

from miops_collector.exporters.delivery import Answer, Send, grpc_sender, http_sender
from miops_collector.exporters.otlp import OtlpExporter
from miops_collector.report import Report
from miops_collector.telemetry import Telemetry
from tests.collector import sample_report as sample
from tests.collector.exporters.otlp_server import Received, grpc_receiver, http_receiver
from tests.collector.sample_store import sample_telemetry

TRANSPORTS: dict[str, tuple[Callable[[], AbstractContextManager[Received]], Callable[..., Send], Any, Any]] = {
    "http": (http_receiver, http_sender, 503, 400),
    "grpc": (grpc_receiver, grpc_sender, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INVALID_ARGUMENT),
}


@pytest.fixture(params=list(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def received(transport: str) -> Iterator[Received]:
    with TRANSPORTS[transport][0]() as server:
        yield server


@pytest.fixture
def exporter(transport: str, received: Received) -> Iterator[OtlpExporter]:
    send = TRANSPORTS[transport][1](received.url, {"X-Token": "secret"})
    made = OtlpExporter(send, telemetry=sample_telemetry, interval_seconds=0.01, budget=10_000)
    yield made
    made.shutdown()


def sent_points(received: Received, index: int = -1) -> dict[tuple[str, ...], Any]:
    """Points of a request by metric and sorted attribute values."""
    (source,) = received.requests[index].resource_metrics
    (scope,) = source.scope_metrics
    return {
        (m.name, *(a.value.string_value for a in sorted(p.attributes, key=lambda a: a.key))): p
        for m in scope.metrics for p in (m.gauge.data_points or m.sum.data_points)
    }  # fmt: skip


PSI = ("miops.drift.psi", "age", "employment", "2015-12", "1d")


def test_report_arrives_as_gauges_with_point_attributes(received: Received, exporter: OtlpExporter) -> None:
    exporter.export(sample.report())
    received.wait(requests=1)

    (source,) = received.requests[0].resource_metrics
    assert [(a.key, a.value.string_value) for a in source.resource.attributes] == [("service.name", "miops-collector")]
    found = sent_points(received)
    assert found[PSI].as_double == pytest.approx(0.9)
    assert {a.key for a in found[PSI].attributes} == {
        "miops.model.name", "miops.model.version", "miops.column", "miops.window"}  # fmt: skip
    assert abs(found[PSI].time_unix_nano - sample.NOW) > 0
    assert received.headers[0]["x-token"] == "secret"


def test_own_counters_travel_as_cumulative_sums(received: Received, exporter: OtlpExporter) -> None:
    exporter.export(Report(computed_at=1))
    received.wait(requests=1)

    (metric, *_) = received.requests[0].resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("miops.collector.rows.received", "{row}")
    assert metric.sum.is_monotonic
    assert metric.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert 0 < metric.sum.data_points[0].start_time_unix_nano <= metric.sum.data_points[0].time_unix_nano


def test_series_that_ended_is_flagged_once_and_then_absent(received: Received, exporter: OtlpExporter) -> None:
    for count, report in enumerate((sample.report(), Report(1), Report(2)), start=1):
        exporter.export(report)
        received.wait(requests=count)

    no_value = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
    assert sent_points(received, 0)[PSI].flags == 0
    assert sent_points(received, 1)[PSI].flags == no_value
    assert not sent_points(received, 1)[PSI].HasField("as_double")
    assert PSI not in sent_points(received, 2)


def test_refused_for_now_is_sent_again(
    transport: str, received: Received, exporter: OtlpExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miops_collector.exporters.otlp._FIRST_WAIT_SECONDS", 0.01)
    received.refuse_with = [TRANSPORTS[transport][2]]

    exporter.export(sample.report())
    received.wait(requests=1)

    assert received.attempts == 2
    assert exporter.counts["failed"] == 0


def test_refused_for_good_is_given_up_counted_and_its_end_still_announced(
    transport: str, received: Received, exporter: OtlpExporter, caplog: pytest.LogCaptureFixture
) -> None:
    exporter.export(sample.report())
    received.wait(requests=1)
    received.refuse_with = [TRANSPORTS[transport][3]]
    with caplog.at_level(logging.INFO):
        exporter.export(Report(1))
        received.wait(attempts=2)
        exporter.export(Report(2))
        received.wait(requests=2)
        exporter.shutdown()

    assert (exporter.counts["sent"], exporter.counts["failed"]) == (2, 1)
    assert sent_points(received)[PSI].flags == DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
    assert [r.levelname for r in caplog.records if r.name.endswith("exporters.otlp")] == ["WARNING", "INFO"]


def test_rejected_points_are_counted(received: Received, exporter: OtlpExporter) -> None:
    response = ExportMetricsServiceResponse()
    response.partial_success.rejected_data_points = 4
    response.partial_success.error_message = "too old"
    received.response = response.SerializeToString()

    exporter.export(sample.report())
    received.wait(requests=1)
    exporter.shutdown()

    assert exporter.counts["rejected"] == 4


def test_deliveries_are_counted_in_the_collectors_own_telemetry(transport: str, received: Received) -> None:
    telemetry = Telemetry()
    send = TRANSPORTS[transport][1](received.url, {})
    exporter = OtlpExporter(send, telemetry=telemetry.snapshot, count=telemetry.add)
    exporter.export(sample.report())
    exporter.shutdown()

    counted = {m.name: sum(p.value for p in m.points) for m in telemetry.snapshot()}
    assert counted["miops.collector.export.sent"] == 1
    assert counted["miops.collector.export.failed"] == 0


def test_shutdown_sends_what_waits_and_may_be_called_twice(received: Received, exporter: OtlpExporter) -> None:
    exporter.export(sample.report())
    exporter.shutdown()
    exporter.shutdown()
    exporter.export(Report(1))

    assert len(received.requests) == 1


def test_http_endpoint_without_a_path_gets_the_standard_one() -> None:
    with http_receiver() as received:
        for endpoint in (received.url, f"{received.url}/", f"{received.url}/api/v1/otlp/v1/metrics"):
            assert http_sender(endpoint, {})(b"", 5.0) == Answer()

    assert received.paths == ["/v1/metrics", "/v1/metrics", "/api/v1/otlp/v1/metrics"]


def test_http_retry_after_is_read() -> None:
    with http_receiver() as received:
        received.refuse_with = [503, 400]
        send = http_sender(received.url, {})

        assert send(b"", 5.0) == Answer("HTTP 503", retry=True, retry_after_seconds=1.0)
        assert send(b"", 5.0) == Answer("HTTP 400", retry=False)


@pytest.mark.parametrize("make", [http_sender, grpc_sender])
def test_nobody_there_is_worth_a_retry(make: Callable[..., Send]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    answer = make(f"http://127.0.0.1:{port}", {})(b"", 0.5)

    assert answer.retry
    assert answer.error


@pytest.mark.parametrize("endpoint", ["", "localhost", "ftp://x", "http://"])
def test_an_endpoint_that_is_no_url_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"export\.endpoint"):
        http_sender(endpoint, {})


def test_slow_endpoint_never_delays_the_tick_and_gets_the_newest() -> None:
    release, seen, started = threading.Event(), [], threading.Event()

    def slow(body: bytes, _: float) -> Answer:
        seen.append(body)
        started.set()
        release.wait(10)
        return Answer()

    exporter = OtlpExporter(slow, interval_seconds=0.0)
    for index in range(20):
        exporter.export(Report(index, sample.report().observations if index == 19 else ()))
        started.wait(10)
    release.set()
    exporter.shutdown()

    assert len(seen) == 2
    assert b"miops.drift.psi" in seen[-1]
