"""Calls that the model ends with an error leave rows: its inputs, the class of the error, and no outcome."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from opentelemetry import baggage, context
from opentelemetry.sdk.trace import TracerProvider
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

import miops
from miops import runtime
from miops.config import Config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness

X = np.random.default_rng(7).normal(size=(60, 3))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)
BAD = np.array([[1.0, np.nan, 3.0]])


class Choosy(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Takes whatever it is given, and refuses it."""

    classes_ = np.array([0, 1])

    def __init__(self, error: Callable[[], BaseException] = ValueError) -> None:
        self.error = error

    def fit(self, *_: Any) -> Choosy:
        return self

    def predict(self, X: Any) -> Any:
        raise self.error()


class OwnError(Exception):
    """Not one of Python's."""


def _refused(model: Any, given: Any) -> None:
    with suppress(BaseException):
        model.predict(given)


def _features(row: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("feature."): value for name, value in row.items() if name.startswith("feature.")}


def test_one_row_the_express_way(sklearn: Harness) -> None:
    MODEL.predict(X[:1])
    _refused(MODEL, BAD)

    (row,) = [row for row in sklearn.rows() if row.get("error.type")]
    assert row["error.type"] == "ValueError"
    assert "value" not in row
    assert list(map(str, _features(row).values())) == ["1.0", "nan", "3.0"]
    assert row["duration_ns"] > 0


def test_rows_with_an_outcome_are_sent_in_frames_without_the_column(sklearn: Harness) -> None:
    MODEL.predict(X[:1])
    _refused(MODEL, BAD)
    MODEL.predict_proba(X[:2])

    kinds = {("error.type" in row, "value" in row) for event in sklearn.events() for row in event.rows}
    assert kinds == {(True, False), (False, True)}


def test_class_of_an_error_is_told_and_never_its_text(sklearn: Harness) -> None:
    _refused(Choosy(lambda: OwnError("applicant 4711")), X[:1])

    (row,) = sklearn.rows()
    assert row["error.type"].endswith("test_failures.OwnError")
    assert b"4711" not in sklearn.events()[0].body


def test_always_sent_whatever_share_of_rows_is() -> None:
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(Config(sample_ratio=0.001)) as harness:
        instrumentor.instrument()
        try:
            for _ in range(20):
                _refused(MODEL, BAD)
        finally:
            instrumentor.uninstrument()

        assert [row["weight"] for row in harness.rows()] == [1.0] * 20


def test_every_row_of_a_batch_and_its_span() -> None:
    tracers = TracerProvider(shutdown_on_exit=False)
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(tracer_provider=tracers) as recording:
        instrumentor.instrument()
        try:
            with tracers.get_tracer("server").start_as_current_span("request") as request:
                _refused(MODEL, np.repeat(BAD, 3, axis=0))
        finally:
            instrumentor.uninstrument()
        rows = recording.rows()

    trace = request.get_span_context().trace_id.to_bytes(16, "big")
    assert [(row["row"], row["trace_id"]) for row in rows] == [(0, trace), (1, trace), (2, trace)]
    assert len({row["span_id"] for row in rows}) == 1
    assert len({row["prediction_id"] for row in rows}) == 3


def test_input_whose_rows_cannot_be_counted_is_one_row_without_features(sklearn: Harness) -> None:
    class Strange:
        @property
        def shape(self) -> Any:
            raise OwnError

        def __array__(self, *_: Any, **__: Any) -> Any:
            raise OwnError

    _refused(Choosy(), Strange())

    assert [(row["error.type"], _features(row)) for row in sklearn.rows()] == [("ValueError", {})]
    assert sklearn.faults == {"input_not_captured": 1}


def test_input_of_no_rows_has_none(sklearn: Harness) -> None:
    _refused(MODEL, X[:0])

    assert sklearn.rows() == []
    assert sklearn.faults == {}


def test_features_that_are_none_of_the_models_are_not_recorded_under_made_up_names(sklearn: Harness) -> None:
    pandas = pytest.importorskip("pandas")
    named = LogisticRegression().fit(pandas.DataFrame(X, columns=["a", "b", "c"]), X[:, 0] > 0)

    _refused(named, X[:2, :2])
    _refused(named, pandas.DataFrame(X[:1, :2], columns=["a", "b"]))

    assert sorted(sorted(_features(row)) for row in sklearn.rows()) == [[], [], ["a", "b"]]


def test_columns_of_different_lengths_are_left_out(sklearn: Harness) -> None:
    _refused(Choosy(), {"a": [1.0, 2.0], "b": [1.0]})

    assert [_features(row) for row in sklearn.rows()] == [{}, {}]
    assert sklearn.faults == {"uneven_columns": 1}


def test_what_cannot_be_encoded_takes_no_prediction_along(sklearn: Harness) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise OwnError

    MODEL.predict_proba(X[:2])
    _refused(Choosy(), np.array([[Unwritable()]], dtype=object))

    assert [row["error.type"] if "error.type" in row else row["value"] for row in sklearn.rows()] == [
        MODEL.predict(X[:1])[0].item(),
        MODEL.predict(X[1:2])[0].item(),
    ]
    assert sklearn.dropped == {"not_encoded": 1}


def test_entity_and_time_of_the_request_are_told_but_its_prediction_id_is_left_for_the_next_try(
    sklearn: Harness,
) -> None:
    said = context.get_current()
    for name, value in {"prediction.id": "order-7", "entity.id": "person-1"}.items():
        said = baggage.set_baggage(f"miops.{name}", value, said)
    token = context.attach(said)
    try:
        _refused(MODEL, BAD)
        MODEL.predict(X[:1])
    finally:
        context.detach(token)

    told = {row.get("error.type"): (row["prediction_id"], row["entity_id"]) for row in sklearn.rows()}
    assert told[None] == ("order-7", "person-1")
    assert told["ValueError"][1] == "person-1"
    assert told["ValueError"][0] != "order-7"


def test_transforms_apply() -> None:
    instrumentor = SklearnInstrumentor()
    config = Config(transforms=(("x0", "round(-1)"),), capture_deny=("x2",))
    with miops.testing.record(config) as recording:
        instrumentor.instrument()
        try:
            _refused(MODEL, np.array([[123.0, np.nan, 3.0]]))
        finally:
            instrumentor.uninstrument()
        (row,) = recording.rows()

    assert _features(row).keys() == {"x0", "x1"}
    assert row["feature.x0"] == 120.0


@pytest.mark.parametrize("wanted", ["schema", "none"])
def test_values_are_left_out_where_they_are_not_wanted(wanted: Any) -> None:
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(Config(capture_features=wanted)) as recording:
        instrumentor.instrument()
        try:
            _refused(MODEL, BAD)
        finally:
            instrumentor.uninstrument()
        (event,) = recording.events()

    assert _features(event.rows[0]) == {}
    assert "miops.model.features" not in event.attributes


def test_a_full_buffer_drops_and_counts() -> None:
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(Config(buffer_rows=4, flush_interval=3600.0)) as recording:
        instrumentor.instrument()
        try:
            for _ in range(10):
                _refused(MODEL, BAD)
            assert runtime.recorder is not None
            assert runtime.recorder.queued == 4
        finally:
            instrumentor.uninstrument()

        assert len(recording.rows()) == 4
        assert sum(recording.dropped.values()) == 6


def test_rows_predicted_are_counted_without_those_that_failed(sklearn: Harness) -> None:
    MODEL.predict(X[:2])
    _refused(MODEL, BAD)
    assert len(sklearn.rows()) == 3

    assert runtime.recorder is not None
    counted = runtime.recorder.instruments._read_rows()
    assert sum(observation.value for observation in counted) == 2


def test_a_failed_call_is_no_model_to_explain(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    asked: list[Any] = []
    miops.explain(model, explainer=lambda rows: asked.append(rows) or np.zeros_like(rows), ratio=1.0)
    _refused(model, BAD)

    assert [row["error.type"] for row in sklearn.rows()] == ["ValueError"]
    assert asked == []


def test_observed_functions(harness: Harness) -> None:
    @miops.observe("credit", version="7")
    def decide(applicant: dict[str, Any]) -> str:
        raise OwnError(json.dumps(applicant))

    @miops.observe("credit", version="7")
    async def decide_later(applicant: dict[str, Any]) -> str:
        await asyncio.sleep(0)
        raise OwnError(json.dumps(applicant))

    with pytest.raises(OwnError):
        decide({"age": 40})
    with pytest.raises(OwnError):
        asyncio.run(decide_later({"age": 50}))

    rows = harness.rows()
    assert sorted(_features(row)["age"] for row in rows) == [40.0, 50.0]
    assert {row["error.type"].rpartition(".")[2] for row in rows} == {"OwnError"}


def test_a_block_that_fails_keeps_what_it_was_told(harness: Harness) -> None:
    with suppress(OwnError), miops.prediction("credit", features={"age": 40}, context={"region": "north"}) as told:
        expected = told.id
        told.entity_id, told.value = "person-1", "good"
        raise OwnError

    (row,) = harness.rows()
    assert (row["prediction_id"], row["entity_id"], row["context.region"]) == (expected, "person-1", "north")
    assert _features(row) == {"age": 40.0}
    assert "value" not in row
    assert len(told.ids) == 0


def test_what_was_told_in_part_and_does_not_fit_is_left_out(harness: Harness) -> None:
    with suppress(OwnError), miops.prediction("credit", features=X[:3]) as told:
        told.entity_id = ["only one"]
        raise OwnError

    assert [row["error.type"].rpartition(".")[2] for row in harness.rows()] == ["OwnError"] * 3
    assert harness.faults == {"input_not_captured": 1}


def test_a_cancelled_call_is_recorded_as_such(harness: Harness) -> None:
    @miops.observe("credit")
    async def decide(_: int) -> str:
        await asyncio.sleep(60)
        return "never"

    async def given_up() -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(decide(1), 0.01)

    asyncio.run(given_up())

    assert [row["error.type"].rpartition(".")[2] for row in harness.rows()] == ["CancelledError"]
