"""The short way of a call: what it leaves to the long one, and that nothing is lost where the two meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from miops import express, runtime
from miops.call import Output
from miops.models import Label, Model
from miops.testing import Harness

X = np.arange(40, dtype=np.float64).reshape(10, 4)


class Fitted:
    """A model that returns what it is told to."""

    def __init__(self, result: Any, classes: tuple[Label, ...] | None = (0, 1)) -> None:
        self.result, self.classes = result, classes

    def predict(self, X: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def call(model: Fitted, values: Any, output: int = Output.PROBABILITIES) -> Any:
    return express.recorded_call(output, "fitted", model.predict, model, (values,), {})


@pytest.mark.parametrize("sampled", [True, False])
def test_a_span_is_current_while_the_model_runs_and_no_longer(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, *, sampled: bool
) -> None:
    provider = TracerProvider(sampler=ALWAYS_ON if sampled else ALWAYS_OFF, shutdown_on_exit=False)
    ended = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(ended))
    monkeypatch.setattr(runtime, "_tracer_provider", provider)
    monkeypatch.setattr(runtime, "tracer", None)
    inside = []

    class Looking(Fitted):
        def predict(self, X: Any) -> Any:
            inside.append(trace.get_current_span().get_span_context())
            return super().predict(X)

    model = Looking(np.array([[0.25, 0.75]]))
    before = get_current()
    call(model, X[:1])
    call(model, X[1:2])

    assert before == get_current()
    assert [sampled, sampled] == [one.trace_flags.sampled for one in inside]
    assert [(f"{one.trace_id:032x}", f"{one.span_id:016x}") for one in inside] == [
        (row["trace_id"].hex(), row["span_id"].hex()) for row in harness.rows()
    ]
    spans = [dict(span.attributes or {}) for span in ended.get_finished_spans()]
    assert [(one["miops.prediction.value"], one["miops.prediction.score"]) for one in spans] == [(1, 0.75)] * sum(
        one.trace_flags.sampled for one in inside
    )
    provider.shutdown()


@pytest.fixture(autouse=True)
def described(harness: Harness) -> None:
    runtime.activate("fitted", lambda model: Model(name="m", classes=model.classes))


def test_arrays_and_lists_of_one_row_go_the_same_way(harness: Harness) -> None:
    model = Fitted(np.array([[0.25, 0.75]]))
    for values in (X[:1], X[1:2], X[2:3].tolist(), X[3:4].tolist()):
        assert model.result is call(model, values)

    rows = harness.rows()
    assert [row["feature.x0"] for row in rows] == [0.0, 4.0, 8.0, 12.0]
    assert {0.75} == {row["score"] for row in rows}
    assert len(harness.events()) == 1
    assert not harness.faults


@pytest.mark.parametrize("result", [[[0.5, 0.5]], np.array([0.75], dtype=object), np.array([[0.5, 0.5]] * 2)])
def test_results_of_other_kinds_are_looked_at_the_long_way(harness: Harness, result: Any) -> None:
    model = Fitted(np.array([[0.25, 0.75]]), classes=("a", "b"))
    call(model, X[:1])
    call(model, X[1:2])
    model.result = result
    call(model, X[2:3])
    model.result = np.array([[0.25, 0.75]])
    call(model, X[3:4])

    rows = harness.rows()
    assert {0.0, 4.0, 12.0} <= {row.get("feature.x0") for row in rows}
    assert 3 + len(result) == len(rows)
    assert runtime.recorder is not None
    assert runtime.recorder.queued == 0


def test_an_error_leaves_as_it_is_and_the_call_before_is_kept(harness: Harness) -> None:
    model = Fitted(np.array([[0.25, 0.75]]))
    call(model, X[:1])
    call(model, X[1:2])
    model.result = error = ValueError("no")

    with pytest.raises(ValueError, match="no") as raised:
        call(model, X[2:3])
    assert raised.value is error
    assert runtime.local.depth == 0
    assert [row["feature.x0"] for row in harness.rows()] == [0.0, 4.0]


def test_models_without_classes_wait_for_nothing(harness: Harness) -> None:
    model = Fitted(np.array([1.5]), classes=None)
    for i in range(3):
        call(model, X[i : i + 1], Output.DECISION)
    assert runtime.recorder is not None

    assert len(runtime.recorder.slots) == 0
    assert [row["value"] for row in harness.rows()] == [1.5] * 3


def test_the_decision_completes_the_scores_of_the_same_input(harness: Harness) -> None:
    model, one = Fitted(np.array([[0.25, 0.75]])), X[1:2]
    call(model, X[:1])
    call(model, one)
    model.result = np.array([0])
    call(model, one, Output.DECISION)

    assert [(row["value"], row["score"]) for row in harness.rows()] == [(1, 0.75), (0, 0.75)]


def test_what_the_caller_does_next_to_input_and_result_is_not_seen(harness: Harness) -> None:
    model = Fitted(np.array([[0.25, 0.75]]))
    for _ in range(2):
        one, model.result = X[:1].copy(), np.array([[0.25, 0.75]])
        call(model, one)
        one[:] = 9.0
        model.result[:] = 0.0

    assert [(row["feature.x0"], row["score"]) for row in harness.rows()] == [(0.0, 0.75)] * 2


def test_over_the_cap_calls_are_dropped_and_counted() -> None:
    from miops.config import Config
    from miops.testing import record

    with record(Config(buffer_rows=2, flush_interval=60.0)) as harness:
        runtime.activate("fitted", lambda model: Model(name="m", classes=model.classes))
        model = Fitted(np.array([[0.25, 0.75]]))
        for i in range(4):
            call(model, X[i : i + 1])

        assert harness.dropped == {"buffer_full": 1}
        assert len(harness.rows()[:2]) == 2
