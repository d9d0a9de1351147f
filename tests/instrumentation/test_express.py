"""The short way of a call: what it leaves to the long one, and that nothing is lost where the two meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from miops import express, runtime
from miops.call import Output
from miops.config import Config
from miops.models import Label, Model
from miops.testing import Harness, record

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
    call(model, X[9:])  # of a new model everything is looked at
    before = len(harness.events())
    for values in (X[:1], X[1:2], X[2:3].tolist(), [[12, 13.0, 14, 15]]):
        assert model.result is call(model, values)

    rows = harness.rows()[1:]
    assert [row["feature.x0"] for row in rows] == [0.0, 4.0, 8.0, 12.0]
    assert [row["feature.x1"] for row in rows] == [1.0, 5.0, 9.0, 13.0]
    assert {0.75} == {row["score"] for row in rows}
    assert len(harness.events()) == before + 1
    assert not harness.faults


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[True, False, True, False]], True),
        ([["a", "b", "c", "d"]], "a"),
        ([[np.float32(2.5), 1.0, 1.0, 1.0]], 2.5),
        ([[3.0, 1.0, 1.0]], 3.0),
    ],
)
def test_lists_of_other_things_are_looked_at_the_long_way(harness: Harness, values: Any, expected: Any) -> None:
    model = Fitted(np.array([[0.25, 0.75]]))
    call(model, X[:1])
    call(model, X[1:2].tolist())
    assert model.result is call(model, values)

    rows = harness.rows()
    assert len(rows) == 3
    assert {0.75} == {row["score"] for row in rows}
    assert expected in [row["feature.x0"] for row in rows]


def test_labels_of_all_lengths_and_several_outputs_are_told_apart(harness: Harness) -> None:
    model = Fitted(np.array(["no"]), classes=("no", "maybe"))
    for result in (np.array(["no"]), np.array(["maybe"]), np.array(["no"]), np.array([[1.0, 2.0]])):
        model.result = result
        call(model, X[len(result) : len(result) + 1].copy(), Output.DECISION)

    rows = harness.rows()
    assert sorted(row["value"] for row in rows if row.get("value")) == ["maybe", "no", "no"]
    assert [(row["context.output.0"], row["context.output.1"]) for row in rows if row.get("context.output.0")] == [
        (1.0, 2.0)
    ]


def test_frames_of_one_row_are_copied_and_of_other_arrangements_too(harness: Harness) -> None:
    model = Fitted(np.array([[0.25, 0.75]]))
    frames = [pd.DataFrame({"a": [float(i)], "b": [f"text {i}"], "c": pd.Categorical(["x"])}) for i in range(4)]
    frames.append(pd.DataFrame({"c": pd.Categorical(["y"]), "b": ["other"], "a": [4.0]}))
    frames.append(pd.DataFrame({"a": [5.0, 6.0], "b": ["two", "rows"], "c": pd.Categorical(["x", "x"])}))
    for frame in frames:
        model.result = np.array([[0.25, 0.75]] * len(frame))
        call(model, frame)
        frame.loc[:, "a"] = 9.0
        frame.loc[:, "b"] = "changed"

    rows = sorted(harness.rows(), key=lambda row: row["feature.a"])
    assert [row["feature.a"] for row in rows] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    texts = [*(f"text {i}" for i in range(4)), "other", "two", "rows"]
    assert [row["feature.b"] for row in rows] == texts
    assert [row["feature.c"] for row in rows] == ["x", "x", "x", "x", "y", "x", "x"]
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
    told = [(row["feature.x0"], row.get("error.type")) for row in harness.rows()]
    assert sorted(told) == [(0.0, None), (4.0, None), (8.0, "ValueError")]


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
    with record(Config(buffer_rows=2, flush_interval=60.0)) as harness:
        runtime.activate("fitted", lambda model: Model(name="m", classes=model.classes))
        model = Fitted(np.array([[0.25, 0.75]]))
        for i in range(4):
            call(model, X[i : i + 1])

        assert harness.dropped == {"buffer_full": 1}
        assert len(harness.rows()[:2]) == 2


def test_room_asked_for_at_once_is_given_back_and_counted_by_nobody() -> None:
    with record(Config(flush_interval=60.0)) as harness:
        runtime.activate("fitted", lambda model: Model(name="m"))
        model, recorder = Fitted(np.array([1.5]), classes=None), runtime.recorder
        assert recorder is not None
        for i in range(5):
            call(model, X[i : i + 1], Output.DECISION)

        assert recorder.ledger.rows > recorder.queued == 5
        assert len(harness.rows()) == 5
        assert (recorder.queued, recorder.ledger.rows, recorder.ledger.bytes, recorder.ledger.exported) == (0, 0, 0, 5)


@pytest.mark.parametrize("cap", [{"buffer_rows": 100}, {"buffer_bytes": 40_000}])
def test_no_cap_is_passed_by_calls_that_ask_for_room_together(cap: dict[str, int]) -> None:
    settings = Config(flush_interval=60.0, flush_rows=10_000, **cap)  # type: ignore[arg-type]
    with record(settings) as harness:
        runtime.activate("fitted", lambda model: Model(name="m"))
        model, recorder = Fitted(np.array([1.5]), classes=None), runtime.recorder
        assert recorder is not None
        for i in range(300):
            call(model, X[i % 10 : i % 10 + 1], Output.DECISION)
        ledger = recorder.ledger

        assert ledger.rows <= settings.buffer_rows
        assert ledger.bytes <= settings.buffer_bytes
        assert recorder.queued + ledger.dropped["buffer_full"] == 300
        assert len(harness.rows()) + harness.dropped["buffer_full"] == 300
        assert ledger.bytes == 0
