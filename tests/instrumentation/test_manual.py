"""Predictions recorded by hand: the same rows as by patching, ids that come back, nothing raised."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opentelemetry import baggage, context

import miops
from miops import runtime
from miops.config import Config
from miops.testing import Harness


class _Baggage:
    """Baggage as an incoming request would carry it."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def __enter__(self) -> None:
        current = context.get_current()
        for name, value in self.values.items():
            current = baggage.set_baggage(f"miops.{name.replace('_', '.')}", value, current)
        self.token = context.attach(current)

    def __exit__(self, *error: object) -> None:
        context.detach(self.token)


def test_one_row_with_everything(harness: Harness) -> None:
    when = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    ids = miops.record_prediction(
        miops.Model(name="credit", version="7", task="binary_classification", classes=("bad", "good")),
        features={"age": 40, "job": "cook", "owner": True, "income": None},
        value="good",
        score=0.8,
        threshold=0.7,
        context={"region": "north"},
        prediction_id="order-1",
        entity_id="person-1",
        weight=2.0,
        time=when,
        duration_seconds=0.001,
    )

    (row,) = harness.rows()
    event = harness.events()[0]
    assert list(ids) == ["order-1"]
    assert np.isnan(row.pop("feature.income"))
    assert row == {
        "prediction_id": "order-1",
        "time_unix_nano": int(when.timestamp()) * 10**9,
        "duration_ns": 1_000_000,
        "trace_id": None,
        "span_id": None,
        "row": 0,
        "value": "good",
        "score": 0.8,
        "threshold": 0.7,
        "entity_id": "person-1",
        "weight": 2.0,
        "feature.age": 40.0,
        "feature.job": "cook",
        "feature.owner": True,
        "context.region": "north",
    }
    assert event.attributes["miops.model.classes"] == ["bad", "good"]
    assert event.attributes["miops.model.positive_class"] == "good"


@pytest.mark.parametrize(
    "features",
    [
        {"a": [1.0, 2.0], "b": ["x", "y"]},
        {"a": np.array([1.0, 2.0]), "b": np.array(["x", "y"])},
        pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        pd.DataFrame({"a": [1.0, 2.0], "b": pd.Categorical(["x", "y"])}),
        [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": "y"}],
    ],
)
@pytest.mark.parametrize("sliced", [None, {"region": ["n", "s"]}, {"region": "n"}])
def test_many_rows_in_every_form(harness: Harness, features: Any, sliced: Any) -> None:
    if isinstance(features, list) and sliced:
        features = pd.DataFrame(features)
    ids = miops.record_prediction("m", features=features, value=[1, 0], scores=[[0.1, 0.9], [0.8, 0.2]], context=sliced)

    rows = harness.rows()
    assert [(row["feature.a"], row["feature.b"], row["value"]) for row in rows] == [(1.0, "x", 1), (2.0, "y", 0)]
    assert [row["prediction_id"] for row in rows] == list(ids)
    assert [row.get("context.region") for row in rows] == (
        [None] * 2 if not sliced else [*"nn"] if sliced["region"] == "n" else [*"ns"]
    )
    assert harness.faults == {}


def test_class_scores_of_several_classes(harness: Harness) -> None:
    model = miops.Model(name="m", classes=("a", "b", "c"), task="multiclass_classification")
    miops.record_prediction(model, scores=[0.2, 0.5, 0.3])
    miops.record_prediction(model, value="c", scores=[0.2, 0.5, 0.3])

    first, second = sorted(harness.rows(), key=lambda row: str(row["value"]))
    assert (first["value"], first["score"], first["scores.2"]) == ("b", 0.5, 0.3)
    assert (second["value"], second["score"]) == ("c", 0.3)


def test_ids_are_made_when_none_is_given_and_are_time_ordered(harness: Harness) -> None:
    ids = [miops.record_prediction("m", value=1.0)[0] for _ in range(50)]

    assert [row["prediction_id"] for row in harness.rows()] == ids
    assert all(uuid.UUID(one).version == 7 for one in ids)
    assert sorted(ids, key=lambda one: uuid.UUID(one).int >> 80) == ids


def test_given_and_made_ids_in_one_batch_are_all_text(harness: Harness) -> None:
    given = miops.record_prediction("m", value=[1.0, 2.0], prediction_id=["a", "b"])
    appended = miops.record_prediction("m", value=[1.0, 2.0], prediction_id="call")
    made = miops.record_prediction("m", value=1.0)

    (event,) = harness.events()
    assert [row["prediction_id"] for row in event.rows] == ["a", "b", "call/0", "call/1", made[0]]
    assert [*given, *appended] == ["a", "b", "call/0", "call/1"]


def test_baggage_of_the_incoming_request_is_used(harness: Harness) -> None:
    with _Baggage(prediction_id="order", entity_id="p", prediction_time="2019-05-06T07:08:09Z"):
        ids = miops.record_prediction("m", value=[1.0, 2.0])
        miops.record_prediction("m", value=1.0, prediction_id="mine")

    rows = harness.rows()
    expected = int(dt.datetime(2019, 5, 6, 7, 8, 9, tzinfo=dt.UTC).timestamp()) * 10**9
    assert [row["prediction_id"] for row in rows] == ["order/0", "order/1", "mine"]
    assert list(ids) == ["order/0", "order/1"]
    assert {row["entity_id"] for row in rows} == {"p"}
    assert {row["time_unix_nano"] for row in rows} == {expected}


@pytest.mark.parametrize("nonsense", ["yesterday", "-5", "0", "9" * 30, "2019-99-99"])
def test_an_invalid_event_time_is_ignored_and_counted(harness: Harness, nonsense: str) -> None:
    with _Baggage(prediction_time=nonsense, prediction_id="x" * 300):
        miops.record_prediction("m", value=1.0)

    (row,) = harness.rows()
    assert row["time_unix_nano"] > 1_700_000_000 * 10**9
    assert harness.faults == {"invalid_prediction_time": 1, "invalid_prediction_id": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"value": [1, 2], "score": [0.1]},
        {"value": 1, "entity_id": ["a", "b"]},
        {"value": 1, "time": "never"},
        {"value": 1, "weight": "heavy"},
    ],
)
def test_what_makes_no_sense_is_counted_and_never_raised(harness: Harness, wrong: dict[str, Any]) -> None:
    assert list(miops.record_prediction("m", **wrong)) == []
    assert harness.rows() == []
    assert harness.faults == {"prediction_not_recorded": 1}


def test_names_said_in_the_call_win_over_the_environment_and_that_over_registered_ones() -> None:
    class Own:
        pass

    model = Own()
    miops.register(model, name="registered", version="1")
    with miops.testing.record(Config(model_name="env", model_version="2")) as harness:
        miops.record_prediction(model, value=1.0)
        miops.record_prediction("said", version="3", value=1.0)
        miops.record_prediction("said", value=1.0)

        names = [(e.attributes["miops.model.name"], e.attributes["miops.model.version"]) for e in harness.events()]
        assert sorted(names) == [("env", "2"), ("said", "2"), ("said", "3")]


def test_registering_nonsense_raises_at_once() -> None:
    class Own:
        pass

    for wrong in ({"task": "guessing"}, {"role": "boss"}, {"classes": ["a"], "positive_class": "b"}):
        with pytest.raises(ValueError, match=r"allowed|none of the classes"):
            miops.register(Own(), **wrong)


def test_with_block(harness: Harness) -> None:
    with miops.prediction("m", version="1", features={"a": 1.0}) as p:
        p.value, p.score = "yes", 0.9
        early = p.id

    (row,) = harness.rows()
    assert (row["value"], row["score"], row["feature.a"]) == ("yes", 0.9, 1.0)
    assert [row["prediction_id"]] == list(p.ids) == [early]
    assert row["duration_ns"] > 0


def test_errors_in_a_with_block_leave_and_are_recorded_without_an_outcome(harness: Harness) -> None:
    error = KeyError("x")
    with pytest.raises(KeyError) as caught, miops.prediction("m"):
        raise error

    assert caught.value is error
    assert [(row["error.type"], row.get("value")) for row in harness.rows()] == [("KeyError", None)]


def test_observe_sync_async_and_methods(harness: Harness) -> None:
    @miops.observe("plain")
    def plain(x: float) -> str:
        return "big" if x > 1 else "small"

    @miops.observe("async", features=lambda a, b: {"a": a, "b": b}, returns=lambda r: {"value": r[0], "score": r[1]})
    async def later(a: float, b: float) -> tuple[str, float]:
        await asyncio.sleep(0)
        return "yes", a + b

    class Service:
        @miops.observe("method", returns="scores")
        def run(self, X: Any) -> Any:
            return np.array([[0.2, 0.8]] * len(X))

    async def both() -> list[Any]:
        return await asyncio.gather(later(0.1, 0.2), later(0.3, b=0.4))

    assert plain(2.0) == "big"
    assert asyncio.run(both()) == [("yes", 0.1 + 0.2), ("yes", 0.7)]
    Service().run(np.ones((2, 3)))

    by_model = {e.attributes["miops.model.name"]: e.rows for e in harness.events()}
    assert [row["value"] for row in by_model["plain"]] == ["big"]
    assert [(r["feature.a"], r["feature.b"], r["value"]) for r in by_model["async"]] == [
        (0.1, 0.2, "yes"),
        (0.3, 0.4, "yes"),
    ]
    assert [(row["feature.x2"], row["row"]) for row in by_model["method"]] == [(1.0, 0), (1.0, 1)]
    assert plain.__name__ == "plain"


def test_instrumented_models_inside_observed_code_are_part_of_it(sklearn: Harness) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])

    @miops.observe("whole")
    def decide(x: list[float]) -> str:
        return "yes" if model.predict([x])[0] else "no"

    @miops.observe("whole")
    async def decide_later(x: list[float]) -> str:
        return str((await asyncio.to_thread(model.predict, [x]))[0])

    decide([1.0])
    asyncio.run(decide_later([1.0]))

    assert [e.attributes["miops.model.name"] for e in sklearn.events()] == ["whole"]
    assert len(sklearn.rows()) == 2


def test_observe_never_breaks_the_function(harness: Harness) -> None:
    @miops.observe("m", features=lambda: 1 / 0, returns=lambda r: {"nonsense": r})
    def answer() -> int:
        return 42

    with pytest.raises(ValueError, match="allowed: value, score, scores"):
        miops.observe("m", returns="everything")  # type: ignore[arg-type]

    assert answer() == 42
    assert set(harness.faults) == {"features_not_selected", "result_not_told", "prediction_not_recorded"}


@pytest.mark.parametrize(("mode", "kept"), [("all", {"feature.a", "context.r"}), ("none", {"context.r"})])
def test_features_stay_home_where_that_is_asked(mode: Any, kept: set[str]) -> None:
    with miops.testing.record(Config(capture_features=mode)) as harness:
        miops.record_prediction("m", value=1.0, features={"a": 1}, context={"r": "n"})

        assert {name for name in harness.rows()[0] if "." in name} == kept


def test_schema_mode_sends_names_only() -> None:
    with miops.testing.record(Config(capture_features="schema")) as harness:
        miops.record_prediction("m", value=1.0, features=np.ones((1, 2)))

        (event,) = harness.events()
        assert event.attributes["miops.model.features"] == ["x0", "x1"]
        assert not [name for name in event.rows[0] if name.startswith("feature.")]


def test_ids_are_a_lazy_sequence(harness: Harness) -> None:
    ids = miops.record_prediction("m", value=np.zeros(5))

    assert len(ids) == 5
    assert ids[-1] == ids[4] == list(ids)[4]
    assert ids[1:3] == [ids[1], ids[2]]
    assert ids == list(ids)
    assert str(miops.record_prediction("m", value=1.0, prediction_id="a")) == "a"
    with pytest.raises(IndexError):
        ids[5]


def test_recording_starts_by_itself() -> None:
    runtime.stop()
    assert runtime.recorder is None
    try:
        assert runtime.ensure() is runtime.ensure()
    finally:
        runtime.stop()
