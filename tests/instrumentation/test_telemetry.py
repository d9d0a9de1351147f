"""Spans and metrics, seen through the real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import SpanKind, StatusCode
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression

import miops
from miops import bulk, runtime
from miops.config import Config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness

X = np.array([[0.0], [1.0], [2.0], [3.0]])
Y = np.array(["no", "no", "yes", "yes"])


class Telemetry:
    """The SDK in memory around an instrumented scikit-learn."""

    def __init__(self, sampler: Sampler = ALWAYS_ON, views: tuple[View, ...] = ()) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider(sampler=ParentBased(sampler), resource=Resource({"service.name": "scoring"}))
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader], views=views, shutdown_on_exit=False)
        self.tracer = self.tracers.get_tracer("app")
        self.harness = Harness()

    def points(self, name: str, *, flush: bool = True) -> list[Any]:
        if flush:
            miops.flush()
        data: Any = self.reader.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        return [point for metric in metrics for point in metric.data.data_points]


def start(telemetry: Telemetry, **settings: Any) -> None:
    runtime.stop()
    runtime.start(
        Config(**settings),
        tracer_provider=telemetry.tracers,
        meter_provider=telemetry.meters,
        transport=lambda: telemetry.harness,
    )
    SklearnInstrumentor().instrument()


@pytest.fixture(autouse=True)
def _stop() -> Iterator[None]:
    yield
    if SklearnInstrumentor().is_instrumented_by_opentelemetry:
        SklearnInstrumentor().uninstrument()
    runtime.stop()


def test_one_thin_span_per_call_with_the_ids_of_its_rows() -> None:
    telemetry = Telemetry()
    start(telemetry)
    model = LogisticRegression().fit(X, Y)
    miops.register(model, name="credit", version="7")
    with telemetry.tracer.start_as_current_span("request") as request:
        probabilities = model.predict_proba(X[3:])

    span = telemetry.spans.get_finished_spans()[0]
    row = telemetry.harness.rows()[0]
    assert (span.name, span.kind, span.status.status_code) == ("predict credit", SpanKind.INTERNAL, StatusCode.UNSET)
    assert dict(span.attributes or {}) == {
        "miops.model.name": "credit",
        "miops.model.version": "7",
        "miops.model.task": "binary_classification",
        "miops.model.framework": "scikit-learn",
        "miops.recorded": True,
        "miops.batch.size": 1,
        "miops.prediction.value": "yes",
        "miops.prediction.score": probabilities[0, 1],
    }
    assert span.parent is not None
    assert span.parent.span_id == request.get_span_context().span_id
    assert row["trace_id"] == span.context.trace_id.to_bytes(16, "big")
    assert row["span_id"] == span.context.span_id.to_bytes(8, "big")


def test_the_span_is_current_inside_the_model_and_gone_after() -> None:
    telemetry = Telemetry()
    start(telemetry)
    seen = []

    class Traced(BaseEstimator):
        def predict(self, X: Any) -> Any:
            seen.append(trace.get_current_span().name)  # type: ignore[attr-defined]
            return np.zeros(len(X))

    Traced().predict(X)

    assert seen == ["predict Traced"]
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_errors_are_on_the_span_and_in_the_duration() -> None:
    telemetry = Telemetry()
    start(telemetry)

    class Broken(BaseEstimator):
        def predict(self, X: Any) -> Any:
            raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        Broken().predict(X)

    (span,) = telemetry.spans.get_finished_spans()
    (point,) = telemetry.points("miops.prediction.duration")
    assert (span.attributes or {})["error.type"] == "ZeroDivisionError"
    assert span.status.status_code is StatusCode.ERROR
    assert (point.count, point.attributes["error.type"]) == (1, "ZeroDivisionError")
    assert trace.get_current_span() is trace.INVALID_SPAN


@pytest.mark.parametrize("spans", ["auto", "always", "never"])
def test_under_an_unsampled_parent_rows_are_recorded_all_the_same(spans: str) -> None:
    telemetry = Telemetry(ALWAYS_OFF)
    start(telemetry, spans=spans)
    model = LinearRegression().fit(X, X[:, 0])
    with telemetry.tracer.start_as_current_span("request") as request:
        model.predict(X)

    rows = telemetry.harness.rows()
    assert len(rows) == 4
    assert telemetry.spans.get_finished_spans() == ()
    assert {row["trace_id"] for row in rows} == {request.get_span_context().trace_id.to_bytes(16, "big")}


def test_always_asks_a_sampler_that_ignores_parents() -> None:
    telemetry = Telemetry()
    telemetry.tracers.sampler = ALWAYS_ON
    start(telemetry, spans="always")
    parent = trace.NonRecordingSpan(trace.SpanContext(1, 1, is_remote=True))
    with trace.use_span(parent):
        LinearRegression().fit(X, X[:, 0]).predict(X)

    assert len(telemetry.spans.get_finished_spans()) == 1


def test_never_makes_no_spans() -> None:
    telemetry = Telemetry()
    start(telemetry, spans="never")
    LinearRegression().fit(X, X[:, 0]).predict(X)

    assert telemetry.spans.get_finished_spans() == ()
    assert len(telemetry.harness.rows()) == 4


def test_observed_code_has_a_span_too() -> None:
    telemetry = Telemetry()
    start(telemetry)
    with miops.prediction("manual") as p:
        p.value, p.score = "yes", 0.5

    (span,) = telemetry.spans.get_finished_spans()
    assert span.name == "predict manual"
    assert (span.attributes or {})["miops.prediction.value"] == "yes"


def test_metrics_count_rows_durations_and_confidences() -> None:
    telemetry = Telemetry()
    start(telemetry)
    model = LogisticRegression().fit(X, Y)
    for _ in range(5):
        model.predict_proba(X)
    certain = model.predict_proba(X).max(axis=1)

    rows = {p.attributes["miops.prediction.class"]: p.value for p in telemetry.points("miops.prediction.rows")}
    (duration,) = telemetry.points("miops.prediction.duration")
    (confidence,) = telemetry.points("miops.prediction.confidence")
    assert rows == {"no": 12, "yes": 12}
    assert duration.count == 6
    assert duration.sum > 0
    assert duration.attributes["miops.model.framework"] == "scikit-learn"
    assert confidence.count == 24
    assert confidence.sum == pytest.approx(6 * certain.sum())
    assert len(confidence.bucket_counts) == 20


def test_the_recorder_tells_about_itself() -> None:
    telemetry = Telemetry()
    start(telemetry, buffer_rows=4, flush_interval=60.0)
    for _ in range(3):
        miops.record_prediction("m", value=[1.0, 2.0])
    (queued,) = telemetry.points("miops.recorder.queued", flush=False)
    (dropped,) = telemetry.points("miops.recorder.dropped")
    (exported,) = telemetry.points("miops.recorder.exported")

    assert queued.value == 4
    assert (dropped.value, dropped.attributes) == (2, {"miops.reason": "buffer_full"})
    assert exported.value == 4


def test_bulk_recording_equals_one_by_one_and_is_in_use_here() -> None:
    assert bulk._works()
    values = np.random.default_rng(1).exponential(size=500)
    points = []
    for one_by_one in (False, True):
        reader = InMemoryMetricReader()
        provider = MeterProvider(
            [reader], views=[View(instrument_name="d", attribute_keys={"a"})], shutdown_on_exit=False
        )
        histogram = provider.get_meter("m").create_histogram("d")
        attributes = {"a": "x", "b": "dropped by the view"}
        if one_by_one:
            for value in values.tolist():
                histogram.record(value, attributes)
        else:
            bulk.record_all(histogram, values[:200], attributes)
            bulk.record_all(histogram, values[200:], attributes)
        data: Any = reader.get_metrics_data()
        points.append(data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0])
    assert (points[0].count, points[0].bucket_counts) == (points[1].count, points[1].bucket_counts)
    assert points[0].sum == pytest.approx(points[1].sum)
    assert (points[0].min, points[0].max, points[0].attributes) == (points[1].min, points[1].max, {"a": "x"})


def test_other_aggregations_are_fed_the_public_way() -> None:
    reader = InMemoryMetricReader()
    view = View(instrument_name="d", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], views=[view], shutdown_on_exit=False)
    histogram = provider.get_meter("m").create_histogram("d")
    bulk.record_all(histogram, np.array([1.0, 2.0, 3.0]), {})

    data: Any = reader.get_metrics_data()
    point = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0]
    assert (point.count, point.sum) == (3, 6.0)


def test_the_users_resource_goes_with_the_rows() -> None:
    telemetry = Telemetry()
    start(telemetry)
    miops.record_prediction("m", value=1.0)
    telemetry.harness.flush()

    assert b"scoring" in telemetry.harness._bodies[0]


def test_a_broken_metrics_pipeline_costs_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = Telemetry()
    start(telemetry)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("view")

    monkeypatch.setattr("miops.instruments.record_all", broken)
    miops.record_prediction("m", value=1.0)

    assert len(telemetry.harness.rows()) == 1
    assert telemetry.harness.faults == {"metrics_not_recorded": 1}
