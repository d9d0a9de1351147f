"""Clients of the v2 protocol that are awaited; what holds for all of them is in the conformance suite."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import miops
from miops.testing import Harness

pytest.importorskip("tritonclient", reason="tritonclient is not installed: make test-frameworks")
import tritonclient.grpc.aio
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

from tests.instrumentation.frameworks.v2_server import serve

HTTP, GRPC = serve()
CLASSES = ["bad", "good"]
CLIENTS = pytest.mark.parametrize(
    ("kind", "address"), [(tritonclient.http.aio, HTTP), (tritonclient.grpc.aio, GRPC)], ids=["http", "grpc"]
)


def given(kind: Any, row: list[float]) -> Any:
    one = kind.InferInput("X", [1, len(row)], "FP32")
    one.set_data_from_numpy(np.array([row], dtype=np.float32))
    return [one]


async def together(kind: Any, address: str, rows: list[list[float]]) -> list[Any]:
    """Ask all at once, as an asynchronous server does."""
    async with kind.InferenceServerClient(address) as client:
        miops.register(client, classes=CLASSES)
        return await asyncio.gather(*(client.infer("binary", given(kind, row)) for row in rows), return_exceptions=True)


@pytest.fixture
def instrumented() -> Any:
    miops.instrument()
    yield
    miops.uninstrument()


@CLIENTS
def test_calls_that_overlap_are_all_recorded_with_what_was_answered(
    harness: Harness, instrumented: None, kind: Any, address: str
) -> None:
    rows = [[float(i), 1.0, 0.0, -1.0] for i in range(8)]

    answers = asyncio.run(together(kind, address, rows))

    seen = sorted(harness.rows(), key=lambda row: float(row["feature.x0"]))
    assert [[row[f"feature.x{i}"] for i in range(4)] for row in seen] == rows
    assert [row["score"] for row in seen] == pytest.approx([one.as_numpy("probabilities")[0, 1] for one in answers])
    assert {row["value"] for row in seen} <= set(CLASSES)
    assert harness.faults == {}


@CLIENTS
def test_an_error_is_that_of_the_client_and_hides_no_other_call(
    harness: Harness, instrumented: None, kind: Any, address: str
) -> None:
    refused, answered = asyncio.run(together(kind, address, [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]))

    assert type(refused) is InferenceServerException
    assert "unexpected shape" in str(refused)
    assert answered.as_numpy("label").shape == (1,)
    assert [row["feature.x3"] for row in harness.rows()] == [4.0]


@CLIENTS
def test_each_span_is_under_the_span_that_asked(kind: Any, address: str) -> None:
    spans, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    tracer = tracers.get_tracer("app")

    async def ask(client: Any, i: int) -> None:
        with tracer.start_as_current_span(f"request {i}"):
            await client.infer("binary", given(kind, [float(i), 1.0, 0.0, -1.0]))

    async def both() -> None:
        async with kind.InferenceServerClient(address) as client:
            await asyncio.gather(ask(client, 0), ask(client, 1))

    with miops.testing.record(tracer_provider=tracers) as harness:
        miops.instrument()
        try:
            asyncio.run(both())
            rows = harness.rows()
        finally:
            miops.uninstrument()

    made = {span.name: span for span in spans.get_finished_spans() if span.name.startswith("request")}
    predicted = [span for span in spans.get_finished_spans() if span.name == "predict binary"]
    assert {span.parent.span_id for span in predicted if span.parent} == {
        span.context.span_id for span in made.values()
    }
    assert {(row["trace_id"], row["feature.x0"]) for row in rows} == {
        (made[f"request {i}"].context.trace_id.to_bytes(16, "big"), float(i)) for i in range(2)
    }
