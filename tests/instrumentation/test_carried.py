"""What of a request's context crosses to another process, and what becomes of it there."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from opentelemetry import baggage, propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, attach, detach
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sklearn.linear_model import LogisticRegression

import miops
from miops import runtime
from miops.carried import Carried, arriving, departing, together
from miops.config import Config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness

W3C = CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


@pytest.fixture(autouse=True)
def _w3c() -> Iterator[None]:
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(W3C)
    yield
    propagate.set_global_textmap(before)


def of(number: int, *, sampled: bool = True, entity: str = "") -> Context:
    """The context of a request."""
    span = SpanContext(number, number, is_remote=False, trace_flags=TraceFlags(int(sampled)))
    context = trace.set_span_in_context(NonRecordingSpan(span), Context())
    return baggage.set_baggage("miops.entity.id", entity, context) if entity else context


def sent_from(context: Context) -> Carried:
    token = attach(context)
    try:
        return departing()
    finally:
        detach(token)


def spans_in(context: Context) -> tuple[int, list[int]]:
    """The parent that a span would have there, and the spans that a call is linked to."""
    links = next((value for key, value in context.items() if key.startswith("miops-links")), ())
    return trace.get_current_span(context).get_span_context().trace_id, [link.context.trace_id for link in links]  # type: ignore[attr-defined]


def test_trace_decision_and_baggage_arrive(harness: Harness) -> None:
    for sampled in (True, False):
        carried = sent_from(of(7, sampled=sampled, entity="applicant 9"))

        context = arriving([pickle.loads(pickle.dumps(carried))])

        assert spans_in(context) == (7, [])
        assert trace.get_current_span(context).get_span_context().trace_flags.sampled is sampled
        assert baggage.get_baggage("miops.entity.id", context) == "applicant 9"
    assert harness.faults == {}


def test_nothing_is_carried_where_there_is_nothing(harness: Harness) -> None:
    assert sent_from(Context()) == ()
    assert arriving([()]) == Context()
    assert arriving([]) == Context()


def test_several_requests_are_linked_and_none_is_the_parent(harness: Harness) -> None:
    one, two = sent_from(of(1, entity="a")), sent_from(of(2, entity="b"))

    assert spans_in(arriving([one, two])) == (0, [1, 2])
    assert spans_in(arriving([one, ()])) == (0, [1])
    assert baggage.get_all(arriving([one, two])) == {}


def test_a_batch_stays_one_when_it_goes_on(harness: Harness) -> None:
    """Also one of which only a single request said anything."""
    for contexts, numbers in (([of(1), of(2)], [1, 2]), ([of(1), Context()], [1])):
        carried = sent_from(together(contexts))

        assert spans_in(arriving([carried])) == (0, numbers)


def test_headers_that_are_too_long_stay_behind_and_are_counted(harness: Harness) -> None:
    class Wordy(TraceContextTextMapPropagator):
        def inject(self, carrier: Any, *args: Any, **kwargs: Any) -> None:
            super().inject(carrier, *args, **kwargs)
            carrier["x-long"] = "x" * 20_000

    propagate.set_global_textmap(Wordy())

    (headers,) = sent_from(of(3))

    assert list(headers) == ["traceparent"]
    assert harness.faults == {"context_header_not_carried": 1}


def test_links_are_as_many_as_a_span_has(harness: Harness) -> None:
    _, linked = spans_in(together([of(number) for number in range(1, 400)]))

    assert linked == list(range(1, 129))


def test_a_broken_propagator_is_counted_and_never_reaches_the_user(harness: Harness) -> None:
    class Broken(TraceContextTextMapPropagator):
        def inject(self, *args: object, **kwargs: object) -> None:
            raise RuntimeError("no")

        def extract(self, *args: object, **kwargs: object) -> Context:
            raise RuntimeError("no")

    propagate.set_global_textmap(Broken())

    assert sent_from(of(1)) == ()
    assert arriving([({"traceparent": "x"},)]) == Context()
    assert harness.faults == {"context_not_carried": 2}


@pytest.mark.parametrize(
    ("requests", "made", "parent", "linked"),
    [
        ([of(1)], 1, 1, []),
        ([of(1, sampled=False)], 0, 1, []),
        ([of(1), of(2, sampled=False)], 1, None, [1, 2]),
        ([of(1, sampled=False), of(2, sampled=False)], 0, None, []),
    ],
)
def test_the_span_of_a_batch(requests: list[Context], made: int, parent: int | None, linked: list[int]) -> None:
    """Under its only request, or with links; and none if nobody wants to see it."""
    spans, harness = InMemorySpanExporter(), Harness()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    model = LogisticRegression().fit(x, [0, 0, 1, 1])
    runtime.stop()
    runtime.start(Config(), tracer_provider=tracers, transport=lambda: harness)
    SklearnInstrumentor().instrument()
    try:
        model.predict(x[:1])  # so that later calls go the short way, if they may
        spans.clear()
        token = attach(together(requests))
        model.predict(x[1:2])
        detach(token)
        rows = harness.rows()
    finally:
        miops.uninstrument()
        runtime.stop()

    found: tuple[ReadableSpan, ...] = spans.get_finished_spans()
    assert len(found) == made
    assert [link.context.trace_id for span in found for link in span.links] == linked
    if parent is not None:
        assert rows[-1]["trace_id"] == parent.to_bytes(16, "big")
    elif found:
        assert rows[-1]["trace_id"] == found[0].context.trace_id.to_bytes(16, "big")
        assert found[0].parent is None
    else:
        assert rows[-1]["trace_id"] is None
