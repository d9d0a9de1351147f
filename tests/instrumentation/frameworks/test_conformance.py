"""What every instrumentor promises, on its framework's real released package."""

from __future__ import annotations

import gc
import inspect
import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import miops
from miops import runtime
from miops.config import Config
from miops.spans import error_name
from miops.testing import Harness

from .adapter import CONTAINERS, MANY, TASKS, WIRE_TASKS, Expected, Way, X
from .discovered import adapter, container, instrumentor, ways


def _ask(way: Way, x: Any) -> Any:
    return way.call(way.model, way.given(x))


def _matches(rows: Sequence[dict[str, Any]], expected: Expected) -> None:
    if expected.value is not None:
        assert [row["value"] for row in rows] == list(expected.value)
    if expected.score is not None:
        assert [row["score"] for row in rows] == pytest.approx(list(expected.score), abs=1e-7)
    for name, matrix in (("scores", expected.scores), ("context.output", expected.outputs)):
        if matrix is not None:
            seen = [[row[f"{name}.{i}"] for i in range(len(matrix[0]))] for row in rows]
            np.testing.assert_allclose(seen, matrix, atol=1e-7)


@pytest.mark.parametrize("task", TASKS)
def test_decision_scores_and_classes(everything: Harness, framework: str, task: str) -> None:
    for way in ways(framework, task):
        way.model  # noqa: B018
        everything.forget()

        result = _ask(way, X[:5])

        (event,) = everything.events()
        _matches(event.rows, way.expect(result))
        told = event.attributes
        assert told.get("miops.model.classes") == (list(way.classes) if way.classes else None), way.name
        if way.wire_task or task in WIRE_TASKS:
            assert told["miops.model.task"] == (way.wire_task or WIRE_TASKS[task]), way.name
        assert told["miops.model.framework"] == (way.framework or framework)
        assert [[row[f"feature.{name}"] for name in way.features] for row in event.rows] == way.seen(X[:5])
    assert everything.faults == {}


@pytest.mark.filterwarnings("ignore:X has feature names")  # scikit-learn's model was fitted on an array
@pytest.mark.parametrize("kind", CONTAINERS)
def test_container(everything: Harness, framework: str, kind: str) -> None:
    one = adapter(framework)
    x = X[:3].copy()
    x[0, 1] = 0.0
    call, given = container(framework, kind, x)
    way = ways(framework, "binary")[0]

    call(way.model, given)

    rows = everything.rows()
    seen = [[value for name, value in row.items() if name.startswith("feature.")] for row in rows]
    assert seen == way.seen(x)
    if kind in ("pandas", "polars"):
        assert [name for name in rows[0] if name.startswith("feature.")] == [f"feature.{n}" for n in one.in_frame]
    assert everything.faults == {}


@pytest.mark.filterwarnings("ignore")  # XGBoost warns about empty data
def test_no_rows(everything: Harness, framework: str) -> None:
    for way in ways(framework):
        miops.uninstrument()
        alone = _outcome(way)
        miops.instrument()

        assert _outcome(way) == alone, way.name

    assert everything.rows() == []
    assert everything.faults == {}


def _outcome(way: Way) -> str:
    try:
        return repr(_ask(way, X[:0]))
    except Exception as error:
        return f"{type(error)}: {error}"


def test_one_row(everything: Harness, framework: str) -> None:
    for way in ways(framework):
        everything.forget()
        result = _ask(way, X[7:8])
        _matches(everything.rows(), way.expect(result))
        assert len(everything.rows()) == 1, way.name


def test_ten_thousand_rows(everything: Harness, framework: str) -> None:
    for way in ways(framework):
        everything.forget()
        result = _ask(way, MANY)
        rows = everything.rows()
        _matches(rows, way.expect(result))
        assert [row["row"] for row in rows] == list(range(10_000)), way.name
    assert everything.faults == {}
    assert everything.dropped == {}


def test_threads(everything: Harness, framework: str) -> None:
    for way in ways(framework):
        everything.forget()
        way.model  # noqa: B018

        def work(first: int, way: Way = way) -> None:
            for at in range(first, first + 20):
                _ask(way, X[at : at + 1])

        threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 80, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        rows = everything.rows()
        assert len({row["prediction_id"] for row in rows}) == 80, way.name
        assert sorted(row[f"feature.{way.features[0]}"] for row in rows) == sorted(row[0] for row in way.seen(X[:80]))
    assert everything.faults == {}


def test_errors_leave_unmodified_and_are_recorded(framework: str) -> None:
    reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
    meters, tracers = MeterProvider([reader], shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    for way in ways(framework):
        given = adapter(framework).spoiled(X[:2])
        bad = way.given(given)
        seldom = Config(sample_ratio=0.001)
        with miops.testing.record(seldom, meter_provider=meters, tracer_provider=tracers) as harness:
            alone = _raised(way, bad)
            spans.clear()
            with _instrumented():
                seen = _raised(way, bad)
                assert (type(seen), _text(seen)) == (type(alone), _text(alone)), way.name
                assert (seen.__cause__ is None) == (alone.__cause__ is None)
                assert (seen.__context__ is None) == (alone.__context__ is None)
                _is_recorded(seen, harness.rows(), spans.get_finished_spans(), way, given)
                assert harness.faults == {}
                data: Any = reader.get_metrics_data()
    metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
    points = [p for m in metrics if m.name == "miops.prediction.duration" for p in m.data.data_points]
    assert sum(point.count for point in points if "error.type" in point.attributes) == len(ways(framework))
    meters.shutdown()


def _is_recorded(
    error: BaseException, rows: Sequence[dict[str, Any]], spans: Sequence[Any], way: Way, given: Any
) -> None:
    """Every row the model was asked about, whatever share of rows is sent: its inputs, its error and no outcome."""
    (span,) = spans
    assert len(rows) == len(given), way.name
    for row in rows:
        assert row["error.type"] == span.attributes["error.type"] == error_name(error)
        assert row["weight"] == 1.0
        assert row["trace_id"] == span.context.trace_id.to_bytes(16, "big")
        assert row["span_id"] == span.context.span_id.to_bytes(8, "big")
        assert 0 < row["duration_ns"] <= span.end_time - span.start_time
        assert not [name for name in row if name == "value" or name.startswith("score")]
    seen = [[value for name, value in row.items() if name.startswith("feature.")] for row in rows]
    assert repr(seen) in (repr(way.seen(given)), repr([[]] * len(rows))), way.name  # without names that are not its own


def _text(error: BaseException) -> str:
    """The first line of a message, without the time that XGBoost puts before it."""
    return re.sub(r"^\[[\d:]+\] ", "", str(error)).partition("\n")[0]


def _raised(way: Way, bad: Any) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        way.call(way.model, bad)
    return caught.value


@contextmanager
def _instrumented() -> Iterator[None]:
    miops.instrument()
    try:
        yield
    finally:
        miops.uninstrument()


def test_nested_calls_record_once(everything: Harness, framework: str) -> None:
    for name, (run, count) in adapter(framework).nested.items():
        everything.forget()
        run()
        assert len(everything.rows()) == count, name
    assert everything.faults == {}


def test_suppression_is_honoured(everything: Harness, framework: str) -> None:
    with suppress_instrumentation():
        for way in ways(framework):
            _ask(way, X[:2])

    assert everything.rows() == []


_ASKED = ("predict", "predict_proba", "inplace_predict", "run", "infer", "__call__")


def test_the_very_object_returned(framework: str) -> None:
    checked = 0
    for owner, name in adapter(framework).patched():
        if name in _ASKED and isinstance(vars(owner)[name], FunctionType):
            checked += _check_identity(framework, owner, name)
    assert checked


def _check_identity(framework: str, owner: Any, name: str) -> int:
    original, returned = vars(owner)[name], []

    def spy(self: Any, *args: Any, **kwargs: Any) -> Any:
        returned.append(original.__get__(self)(*args, **kwargs))
        return returned[-1]

    spy.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    models = [
        way for way in ways(framework) if name in way.call.__code__.co_names and _owner(framework, way, name) is owner
    ]
    setattr(owner, name, spy)
    try:
        with miops.testing.record(), _instrumented():
            for way in models:
                asked = getattr(way.model, name)(*_arguments(name, way))
                assert any(asked is one for one in returned), way.name
        assert vars(owner)[name] is spy
        return len(models)
    finally:
        setattr(owner, name, original)


def _owner(framework: str, way: Way, name: str) -> Any:
    return next((cls for cls in type(adapter(framework).inner(way.model)).__mro__ if name in vars(cls)), None)


def _arguments(name: str, way: Way) -> tuple[Any, ...]:
    given = way.given(X[:2])
    return {"run": (None, given), "infer": ("model", given)}.get(name, (given,))


def test_arguments_are_neither_changed_nor_kept(everything: Harness, framework: str) -> None:
    for way in ways(framework):
        given = way.given(X[:3])
        part = adapter(framework).watched(given)
        before = part.copy() if isinstance(part, np.ndarray) else None
        watched = weakref.ref(part)
        way.call(way.model, given)
        if before is not None:
            assert np.array_equal(before, part)
        del given, part
        gc.collect()
        assert watched() is None, way.name


def test_uninstrument_restores_the_identical_objects(harness: Harness, framework: str) -> None:
    watched = adapter(framework).patched()
    before = [vars(owner)[name] for owner, name in watched]
    miops.instrument()
    during = [vars(owner)[name] for owner, name in watched]
    miops.uninstrument()

    assert all(vars(owner)[name] is was for (owner, name), was in zip(watched, before, strict=True))
    assert all(now is not was for now, was in zip(during, before, strict=True))
    for way in ways(framework):
        _ask(way, X[:1])
    assert harness.rows() == []


def test_instrumenting_twice_changes_nothing(everything: Harness, framework: str) -> None:
    watched = adapter(framework).patched()
    before = [vars(owner)[name] for owner, name in watched]
    miops.instrument()
    instrumentor(framework).instrument()

    assert all(vars(owner)[name] is was for (owner, name), was in zip(watched, before, strict=True))


def test_a_fault_of_ours_is_counted_and_never_reaches_the_user(
    everything: Harness, framework: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("ours")

    for name in list(runtime.describers):
        monkeypatch.setitem(runtime.describers, name, broken)
    for way in ways(framework):
        _ask(way, X[:1])
        _ask(way, X[:1])

    assert everything.rows() == []
    assert everything.faults == {"call_not_recorded": 2 * len(ways(framework))}
    assert len([record for record in caplog.records if record.name == "miops"]) == 1
