"""Clients of the v2 protocol whose answers come later; what holds for all of them is in the conformance suite."""

from __future__ import annotations

import asyncio
import gc
import queue
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import miops
from miops.testing import Harness

pytest.importorskip("tritonclient", reason="tritonclient is not installed: make test-frameworks")
import gevent
import tritonclient.grpc.aio
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

from miops import exchange, v2_later
from tests.instrumentation.frameworks.v2_server import SLOW_SECONDS, answer, gate, serve

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
    assert [row["feature.x3"] for row in harness.rows() if not row.get("error.type")] == [4.0]


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


# --- answers that come to a callback, to whoever gets them, or on a stream --------------------------------------

SECONDS = 60.0
"""More than enough for an answer."""
ROWS = [[float(i), 1.0, 0.0, -1.0] for i in range(8)]


class Answers:
    """A callback that keeps what it was called with."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[Any, Any]] = queue.Queue()

    def __call__(self, result: Any, error: Any) -> None:
        self.got.put((result, error))

    def take(self, count: int) -> list[tuple[Any, Any]]:
        return [self.got.get(timeout=SECONDS) for _ in range(count)]


@contextmanager
def http_client() -> Iterator[Any]:
    with tritonclient.http.InferenceServerClient(HTTP, concurrency=8) as client:
        miops.register(client, classes=CLASSES)
        yield client


@contextmanager
def grpc_client() -> Iterator[Any]:
    with tritonclient.grpc.InferenceServerClient(GRPC) as client:
        miops.register(client, classes=CLASSES)
        yield client


def with_callbacks(model: str, rows: list[list[float]]) -> list[tuple[Any, Any]]:
    """Ask over gRPC; answers by row."""
    with grpc_client() as client:
        callbacks = [Answers() for _ in rows]
        for row, callback in zip(rows, callbacks, strict=True):
            client.async_infer(model, given(tritonclient.grpc, row), callback)
        return [callback.take(1)[0] for callback in callbacks]


def with_requests(model: str, rows: list[list[float]]) -> list[tuple[Any, Any]]:
    """Ask over HTTP."""
    with http_client() as client:
        requests = [client.async_infer(model_name=model, inputs=given(tritonclient.http, row)) for row in rows]
        return [_result(request) for request in requests]


def _result(request: Any) -> tuple[Any, Any]:
    try:
        return request.get_result(), None
    except InferenceServerException as error:
        return None, error


def on_a_stream(model: str, rows: list[list[float]], *, ids: bool = False) -> list[tuple[Any, Any]]:
    with grpc_client() as client:
        answers = Answers()
        client.start_stream(answers)
        for i, row in enumerate(rows):
            client.async_stream_infer(model, given(tritonclient.grpc, row), request_id=f"{i}" if ids else "")
        got = answers.take(len(rows))
        client.stop_stream()
        return got


def with_ids(model: str, rows: list[list[float]]) -> list[tuple[Any, Any]]:
    return on_a_stream(model, rows, ids=True)


def iterated(model: str, rows: list[list[float]]) -> list[tuple[Any, Any]]:
    """Ask with a stream that is awaited."""

    async def requests() -> AsyncIterator[Any]:
        for row in rows:
            yield {"model_name": model, "inputs": given(tritonclient.grpc.aio, row)}

    async def ask() -> list[tuple[Any, Any]]:
        async with tritonclient.grpc.aio.InferenceServerClient(GRPC) as client:
            miops.register(client, classes=CLASSES)
            return [one async for one in client.stream_infer(requests())]

    return asyncio.run(ask())


WAYS = pytest.mark.parametrize("ask", [with_callbacks, with_requests, on_a_stream, with_ids, iterated])


@WAYS
def test_what_is_answered_later_is_recorded_with_what_was_asked(
    harness: Harness, instrumented: None, ask: Callable[..., Any]
) -> None:
    answers = ask("binary", ROWS)

    rows = sorted(harness.rows(), key=lambda row: float(row["feature.x0"]))
    assert [[row[f"feature.x{i}"] for i in range(4)] for row in rows] == ROWS
    assert [row["score"] for row in rows] == pytest.approx([one.as_numpy("probabilities")[0, 1] for one, _ in answers])
    assert harness.faults == {}


@WAYS
def test_an_error_that_comes_later_is_that_of_the_client_and_recorded(
    harness: Harness, instrumented: None, ask: Callable[..., Any]
) -> None:
    (result, error), (answered, none) = ask("binary", [[1.0, 2.0], ROWS[0]])

    assert result is None
    assert none is None
    assert type(error) is InferenceServerException
    assert "unexpected shape" in str(error)
    assert answered.as_numpy("label").shape == (1,)
    failed = [row for row in harness.rows() if row.get("error.type")]
    assert [row["error.type"] for row in failed] == ["tritonclient.utils.InferenceServerException"]
    assert [row["feature.x3"] for row in harness.rows() if not row.get("error.type")] == [-1.0]
    assert harness.faults == {}


@WAYS
def test_the_duration_is_that_of_the_answer(harness: Harness, instrumented: None, ask: Callable[..., Any]) -> None:
    ask("slow", ROWS[:1])

    (row,) = harness.rows()
    assert row["duration_ns"] >= SLOW_SECONDS * 1e9


@WAYS
def test_the_span_of_a_later_answer_is_under_the_one_that_asked_and_not_current_any_more(
    ask: Callable[..., Any],
) -> None:
    spans, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(tracer_provider=tracers) as harness:
        miops.instrument()
        try:
            with tracers.get_tracer("app").start_as_current_span("request") as request:
                ask("binary", ROWS[:2])
                after = trace.get_current_span()
            rows = harness.rows()
        finally:
            miops.uninstrument()

    predicted = [span for span in spans.get_finished_spans() if span.name == "predict binary"]
    assert after is request
    assert {span.parent.span_id for span in predicted if span.parent} == {request.get_span_context().span_id}
    assert {row["span_id"] for row in rows} == {span.context.span_id.to_bytes(8, "big") for span in predicted}
    assert len(predicted) == 2


@WAYS
def test_a_fault_of_ours_is_not_seen_by_who_waits_for_an_answer(
    harness: Harness, instrumented: None, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("ours")

    monkeypatch.setattr("miops.v2_models.parts_of_answer", broken)
    ((result, error),) = ask("binary", ROWS[:1])

    assert error is None
    assert result.as_numpy("label").shape == (1,)
    assert harness.faults == {"result_not_recorded": 1}


def test_over_http_the_span_ends_when_the_answer_comes_and_not_when_it_is_looked_at() -> None:
    spans, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(tracer_provider=tracers) as harness, http_client() as client:
        miops.instrument()
        try:
            request = client.async_infer("binary", given(tritonclient.http, ROWS[0]))
            while not request._greenlet.ready():
                gevent.sleep(0.01)
            gevent.sleep(0.01)
            looked = time.time_ns()
            request.get_result()
            rows = harness.rows()
        finally:
            miops.uninstrument()

    (span,) = [span for span in spans.get_finished_spans() if span.name == "predict binary"]
    assert span.end_time is not None
    assert span.end_time <= looked
    assert span.attributes is not None
    assert "miops.prediction.value" in span.attributes
    assert len(rows) == 1


def test_an_answer_that_is_not_there_yet_is_no_failure(harness: Harness, instrumented: None) -> None:
    gate.clear()
    with http_client() as client:
        request = client.async_infer("gated", given(tritonclient.http, ROWS[0]))
        with pytest.raises(InferenceServerException, match="failed to obtain"):
            request.get_result(block=False)
        assert harness.rows() == []
        gate.set()
        request.get_result()

    assert [row.get("error.type") for row in harness.rows()] == [None]


def test_nothing_is_kept_of_a_request_that_nobody_asks_about_any_more(harness: Harness, instrumented: None) -> None:
    with http_client() as client:
        request = client.async_infer("slow", given(tritonclient.http, ROWS[0]))
        watched = weakref.ref(v2_later._requests.get(request))
        del request
        deadline = time.monotonic() + SECONDS
        while watched() is not None and time.monotonic() < deadline:  # the client itself waits for the answer
            gevent.sleep(0.01)
            gc.collect()

        assert watched() is None
        assert v2_later._requests.entries == {}


def test_a_request_that_the_program_cancels_ends_its_span_with_an_error(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        answers = Answers()
        client.async_infer("silent", given(tritonclient.grpc, ROWS[0]), answers).cancel()
        ((result, error),) = answers.take(1)

    assert (result, type(error)) == (None, InferenceServerException)
    assert [row["error.type"] for row in harness.rows()] == ["tritonclient.utils.InferenceServerException"]


def test_a_request_that_cannot_be_sent_is_recorded_as_failed(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        with pytest.raises(InferenceServerException, match="stream not available"):
            client.async_stream_infer("binary", given(tritonclient.grpc, ROWS[0]))
        with pytest.raises(InferenceServerException, match="version must be a string"):
            client.async_infer("binary", given(tritonclient.grpc, ROWS[0]), Answers(), model_version=7)
        client.start_stream(Answers())
        with pytest.raises(InferenceServerException, match="version must be a string"):
            client.async_stream_infer("binary", given(tritonclient.grpc, ROWS[0]), model_version=7)
        client.stop_stream()

    assert len([row for row in harness.rows() if row["error.type"]]) == 2
    assert harness.faults == {}


def test_when_a_stream_breaks_all_that_wait_have_failed(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        answers = Answers()
        client.start_stream(answers)
        for model in ("silent", "silent", "broken"):
            client.async_stream_infer(model, given(tritonclient.grpc, ROWS[0]))
        ((_, error),) = answers.take(1)
        client.stop_stream()

    assert "going away" in str(error)
    assert [row["error.type"] for row in harness.rows()] == ["tritonclient.utils.InferenceServerException"] * 3


def test_nothing_is_recorded_of_a_model_that_answers_a_request_twice(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        answers = Answers()
        client.start_stream(answers)
        client.async_stream_infer("twice", given(tritonclient.grpc, ROWS[0]))
        assert len(answers.take(2)) == 2
        client.async_stream_infer("binary", given(tritonclient.grpc, ROWS[1]))
        answers.take(1)
        client.stop_stream()

    assert harness.rows() == []
    assert harness.faults == {"answers_not_assigned": 1}


def test_what_waits_on_a_stream_is_bounded(
    harness: Harness, instrumented: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_MOST_WAITING", 3)
    with grpc_client() as client:
        client.start_stream(Answers())
        for _ in range(5):
            client.async_stream_infer("silent", given(tritonclient.grpc, ROWS[0]))
        held = v2_later._exchanges.get(client)
        client.stop_stream()

    assert held is not None
    assert held._waiting == []
    assert harness.faults == {"answers_not_assigned": 1}


def test_what_is_not_to_be_recorded_takes_no_answer_of_another(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        answers = Answers()
        client.start_stream(answers)
        with suppress_instrumentation():
            client.async_stream_infer("slow", given(tritonclient.grpc, ROWS[0]))
        client.async_stream_infer("slow", given(tritonclient.grpc, ROWS[7]))
        _, (result, _) = answers.take(2)
        client.stop_stream()

    (row,) = harness.rows()
    assert row["feature.x0"] == ROWS[7][0]
    assert row["score"] == pytest.approx(result.as_numpy("probabilities")[0, 1])


def test_a_stream_of_an_earlier_instrumentation_is_not_followed(harness: Harness) -> None:
    with grpc_client() as client:
        answers = Answers()
        miops.instrument()
        client.start_stream(answers)
        miops.uninstrument()
        client.async_stream_infer("slow", given(tritonclient.grpc, ROWS[0]))
        miops.instrument()
        client.async_stream_infer("slow", given(tritonclient.grpc, ROWS[7]))
        answers.take(2)
        client.stop_stream()
        miops.uninstrument()

    assert harness.rows() == []


def test_many_threads_on_one_stream_have_their_own_answers(harness: Harness, instrumented: None) -> None:
    with grpc_client() as client:
        answers = Answers()
        client.start_stream(answers)

        def send(first: int) -> None:
            for i in range(first, first + 20):
                client.async_stream_infer("binary", given(tritonclient.grpc, [float(i), 1.0, 0.0, -1.0]))

        threads = [threading.Thread(target=send, args=(20 * i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers.take(80)
        client.stop_stream()

    told = {row["feature.x0"]: row["score"] for row in harness.rows()}
    rows = np.array([[float(i), 1.0, 0.0, -1.0] for i in range(80)], dtype=np.float32)

    assert told == pytest.approx(dict(enumerate(answer("binary", rows)["probabilities"][:, 1].tolist())))


def test_when_switched_off_callers_get_what_the_client_makes(harness: Harness) -> None:
    miops.instrument()
    miops.uninstrument()

    assert all(error is None for ask in (with_callbacks, with_requests, on_a_stream) for _, error in ask("one", ROWS))
    assert harness.rows() == []
