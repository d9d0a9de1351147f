"""The real OpenTelemetry exporters, Python and JavaScript, against a collector that is asked for more than it holds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.e2e.collector_process import CollectorProcess, running_collector

CLIENTS, SPANS, BYTES = 12, 20, 20_000
"""Each client sends requests of ten spans, 200 kB, of which the collector holds five at a time."""
SMALLER = 5_800
"""The JavaScript exporters send all at once: 1.4 MB, of which 1 MiB is held and half a MiB waits."""
JAVASCRIPT = Path(__file__).with_name("otel_js")
INSTALL = "cd tests/e2e/otel_js && npm ci"

PYTHON: Mapping[str, Callable[[CollectorProcess], Any]] = {
    "grpc": lambda it: GrpcSpanExporter(endpoint=it.grpc, insecure=True),
    "grpc gzip": lambda it: GrpcSpanExporter(endpoint=it.grpc, insecure=True, compression=grpc.Compression.Gzip),
    "http": lambda it: HttpSpanExporter(endpoint=f"http://{it.http}/v1/traces"),
    "http gzip": lambda it: HttpSpanExporter(endpoint=f"http://{it.http}/v1/traces", compression=Compression.Gzip),
}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path, otlp={"max_waiting_mib": 1, "wait_for_room": 0}) as process:
        yield process
        assert process.stop() == 0, process.log


@pytest.mark.parametrize("exporter", PYTHON)
def test_python_exporters_lose_nothing(exporter: str, collector: CollectorProcess) -> None:
    def send(client: int) -> None:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(
            BatchSpanProcessor(PYTHON[exporter](collector), max_export_batch_size=10, schedule_delay_millis=5)
        )
        tracer = provider.get_tracer("otel-python")
        for number in range(SPANS):
            name = f"{client}-{number}"
            values: dict[str, Any] = {
                "miops.model.name": "python",
                "miops.prediction.id": name,
                "miops.prediction.value": number,
            }
            tracer.start_span("predict", attributes=values | {"http.body": "x" * BYTES}).end()
        provider.force_flush(60_000)
        provider.shutdown()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, range(CLIENTS)))

    _was_overloaded_and_has_everything(collector)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("exporter", ["proto", "json"])
def test_javascript_http_exporters_lose_nothing(exporter: str, compression: str, collector: CollectorProcess) -> None:
    _send_from_javascript(exporter, f"http://{collector.http}/v1/traces", compression)

    _was_overloaded_and_has_everything(collector)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_the_javascript_grpc_exporter_loses_nothing_in_a_short_overload(compression: str, tmp_path: Path) -> None:
    """Up to 0.223.1 at least it drops whatever is refused and never sends anything again: it has to wait for room."""
    with running_collector(tmp_path, otlp={"max_waiting_mib": 1, "wait_for_room": 5}) as collector:
        _send_from_javascript("grpc", f"http://{collector.grpc}", compression, size=SMALLER)

        metrics = {metric["name"]: metric["points"] for metric in collector.get("/api/v1/collector")["metrics"]}
        assert metrics["miops.collector.waited"][0]["value"] > 0, "nobody had to wait: this was no overload"
        assert collector.rows()["stored"] == CLIENTS * SPANS
        assert collector.stop() == 0, collector.log


def _send_from_javascript(exporter: str, url: str, compression: str, *, size: int = BYTES) -> None:
    node = shutil.which("node")
    if node is None or not (JAVASCRIPT / "node_modules").is_dir():
        pytest.skip(f"the OpenTelemetry JavaScript exporters are not installed: {INSTALL}")
    command = [node, str(JAVASCRIPT / "send_spans.js"), exporter, url, compression]
    numbers = [str(number) for number in (CLIENTS, SPANS, size)]
    sent = subprocess.run([*command, *numbers], capture_output=True, text=True, timeout=100, check=False)
    assert sent.returncode == 0, sent.stderr


def _was_overloaded_and_has_everything(collector: CollectorProcess) -> None:
    metrics = {metric["name"]: metric["points"] for metric in collector.get("/api/v1/collector")["metrics"]}
    outcomes = {point["attributes"]["miops.request.outcome"] for point in metrics["miops.collector.requests"]}
    assert "refused" in outcomes, "nothing was refused: this was no overload"
    rows = collector.rows()
    assert rows["stored"] == CLIENTS * SPANS, rows
    assert rows["received"] == rows["stored"] + rows["refused"] + rows["deduplicated"], rows
