"""What a threshold is compared with, and what calls merged into one row say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier

import miops
from miops.call import Call, Output, merged
from miops.config import Config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.models import Model
from miops.outputs import one_row
from miops.scores import score
from miops.sources import Source
from miops.testing import Harness

X = np.array([[-2.0], [-0.4], [0.4], [2.0]])
Y = np.array(["no", "no", "yes", "yes"])
BINARY = "binary_classification"
NAN = float("nan")


def _source(**told: Any) -> Source:
    model = Model(name="m", task=BINARY, classes=("no", "yes"), **told)
    return Source(model, max_features=10, fault=lambda _: None)


def test_a_threshold_on_probability_says_nothing_about_margins(sklearn: Harness) -> None:
    model = LogisticRegression(C=100).fit(X, Y)
    miops.register(model, name="m", threshold=0.9999)
    model.decision_function(X)
    model.predict_proba(X.copy())

    by_margin, by_probability = sorted((e.rows for e in sklearn.events()), key=lambda rows: "threshold" in rows[0])
    assert [row["value"] for row in by_margin] == ["no", "no", "yes", "yes"]
    assert "threshold" not in by_margin[0]
    assert [row["value"] for row in by_probability] == ["no", "no", "no", "yes"]
    assert by_probability[0]["threshold"] == 0.9999


@pytest.mark.parametrize(("method", "threshold"), [("predict_proba", 0.9), ("decision_function", 1.5)])
def test_a_threshold_that_the_framework_knows_is_compared_with_its_own_kind_of_score(
    sklearn: Harness, method: str, threshold: float
) -> None:
    model = FixedThresholdClassifier(LogisticRegression(), threshold=threshold, response_method=method).fit(X, Y)
    decided = model.predict(X).tolist()
    miops.flush()
    sklearn.forget()
    getattr(model, method)(X.copy())

    rows = sklearn.rows()
    assert [row["value"] for row in rows] == decided
    assert {row["threshold"] for row in rows} == {threshold}


@pytest.mark.parametrize(
    ("outputs", "numbers", "told", "value", "positive"),
    [
        (Output.SCORE, [0.3], {}, "no", 0.3),
        (Output.SCORE, [0.3], {"threshold": 0.2}, "yes", 0.3),
        (Output.SCORE, [0.3], {"positive_class": "no"}, "yes", 0.3),
        (Output.PROBABILITIES, [0.3], {}, "no", 0.3),
        (Output.PROBABILITIES, [0.7, 0.3], {}, "no", 0.3),
        (Output.PROBABILITIES, [0.7, 0.3], {"threshold": 0.25}, "yes", 0.3),
        (Output.PROBABILITIES, [0.7, 0.3], {"positive_class": "no"}, "no", 0.7),
        (Output.MARGINS, [0.3], {"threshold": 0.9}, "yes", 0.3),
        (Output.MARGINS, [0.3], {"margin_threshold": 0.9}, "no", 0.3),
        (Output.MARGINS, [0.3], {"positive_class": "no"}, "yes", -0.3),
    ],
)
def test_a_lone_row_says_the_same_on_its_span_and_in_its_record(
    outputs: int, numbers: list[float], told: dict[str, Any], value: str, positive: float
) -> None:
    source = _source(**told)
    scores = np.array(numbers) if len(numbers) == 1 else np.array([numbers])

    columns = score(source, outputs, None, scores, 1).columns
    assert (columns["value"].data, columns["score"].data.tolist()) == ([value], [positive])
    assert one_row(source, outputs, scores) == (value, positive)


def _call(output: int, numbers: list[float]) -> Call:
    source = _source()
    held = np.array(numbers)
    decided = output == Output.DECISION
    return Call(
        serial=0, decision_dtype=held.dtype if decided else None, outputs=output,
        scores_dtype=None if decided else held.dtype, scores_width=len(numbers) if len(numbers) > 1 else 0,
        layout=source.nothing, decision=held.tobytes() if decided else None,
        scores=None if decided else held.tobytes(), features=None, rows=1, size=0, call=1, start=0, duration=1,
        trace_id=0, span_id=0, extras=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "outputs", "numbers"),
    [
        ((Output.DECISION, [1.0]), (Output.SCORE, [0.3]), Output.DECISION | Output.SCORE, [0.3]),
        ((Output.SCORE, [0.3]), (Output.PROBABILITIES, [0.6, 0.4]), Output.PROBABILITIES, [0.6, 0.4]),
        ((Output.PROBABILITIES, [0.6, 0.4]), (Output.SCORE, [0.3]), Output.PROBABILITIES, [0.6, 0.4]),
        ((Output.MARGINS, [-2.0]), (Output.SCORE, [0.3]), Output.SCORE, [0.3]),
        ((Output.MARGINS, [-2.0]), (Output.PROBABILITIES, [0.6, 0.4]), Output.PROBABILITIES, [0.6, 0.4]),
        ((Output.MARGINS, [-2.0]), (Output.DECISION, [1.0]), Output.DECISION | Output.MARGINS, [-2.0]),
    ],
)
def test_merged_calls_say_which_scores_they_kept(
    first: tuple[int, list[float]], second: tuple[int, list[float]], outputs: int, numbers: list[float]
) -> None:
    one = merged(_call(*first), _call(*second))

    assert one.outputs == outputs
    assert np.frombuffer(one.scores).tolist() == numbers


def test_probability_of_one_column_by_hand_is_no_margin(harness: Harness) -> None:
    miops.record_prediction(Model(name="m", task=BINARY, classes=("no", "yes")), scores=[[0.3], [0.8]])

    assert [(row["value"], row["score"]) for row in harness.rows()] == [("no", 0.3), ("yes", 0.8)]


def test_rankers_rank(sklearn: Harness) -> None:
    xgboost, lightgbm = (pytest.importorskip(name) for name in ("xgboost", "lightgbm"))
    rng = np.random.default_rng(3)
    x, relevance, groups = rng.normal(size=(60, 3)), rng.integers(0, 3, size=60), [30, 30]
    rankers = [
        xgboost.XGBRanker(n_estimators=2, n_jobs=1).fit(x, relevance, group=groups),
        lightgbm.LGBMRanker(n_estimators=2, n_jobs=1, verbose=-1).fit(x, relevance, group=groups),
    ]
    for ranker in rankers:
        ranker.predict(x[:3])

    events = sklearn.events()
    assert {event.attributes["miops.model.name"] for event in events} == {"XGBRanker", "LGBMRanker"}
    assert {event.attributes["miops.model.task"] for event in events} == {"ranking"}
    assert all("miops.model.classes" not in event.attributes for event in events)
    assert all(isinstance(row["value"], float) for event in events for row in event.rows)


def test_the_span_shows_what_the_threshold_decides() -> None:
    spans = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    model = LogisticRegression().fit(X, Y)
    miops.register(model, name="m", threshold=0.99)
    with miops.testing.record(Config(), tracer_provider=tracers) as harness:
        SklearnInstrumentor().instrument()
        try:
            model.predict_proba(X[3:])
            (row,) = harness.rows()
        finally:
            SklearnInstrumentor().uninstrument()

    shown = spans.get_finished_spans()[0].attributes or {}
    assert (shown["miops.prediction.value"], row["value"]) == ("no", "no")
    assert shown["miops.prediction.score"] == row["score"] < 0.99


@pytest.mark.parametrize(
    ("outputs", "numbers", "told", "value"),
    [
        (Output.SCORE, [NAN], {}, None),
        (Output.PROBABILITIES, [NAN], {}, None),
        (Output.PROBABILITIES, [NAN, NAN], {}, None),
        (Output.PROBABILITIES, [NAN, NAN], {"threshold": 0.5}, None),
        (Output.PROBABILITIES, [NAN, 0.8], {}, "yes"),
        (Output.PROBABILITIES, [0.8, NAN], {"positive_class": "no"}, "no"),
        (Output.MARGINS, [NAN], {}, None),
        (Output.MARGINS, [NAN], {"margin_threshold": 0.5}, None),
        (Output.PROBABILITIES, [NAN, NAN, NAN], {"classes": ("a", "b", "c")}, None),
        (Output.PROBABILITIES, [0.2, NAN, 0.3], {"classes": ("a", "b", "c")}, "c"),
    ],
)
def test_scores_that_are_no_numbers_decide_nothing(
    outputs: int, numbers: list[float], told: dict[str, Any], value: str | None
) -> None:
    source = Source(Model(**{"name": "m", "classes": ("no", "yes"), **told}), max_features=10, fault=lambda _: None)
    scores = np.array(numbers) if len(numbers) == 1 else np.array([numbers])

    column = score(source, outputs, None, scores, 1).columns["value"]
    assert (column.data if column.valid is None else [None] * list(column.valid).count(False)) == [value]
    assert one_row(source, outputs, scores)[0] == value


@pytest.mark.parametrize("classes", [("a", "b", "c"), (0, 1, 2)])
def test_rows_without_a_decision_are_of_no_class(classes: tuple[Any, ...]) -> None:
    reader = InMemoryMetricReader()
    model = Model(name="m", task="multiclass_classification", classes=classes)
    with miops.testing.record(meter_provider=MeterProvider([reader], shutdown_on_exit=False)) as harness:
        miops.record_prediction(model, scores=[[NAN] * 3, [0.2, 0.3, 0.5], [0.6, 0.4, NAN]])
        rows = harness.rows()
        data: Any = reader.get_metrics_data()

    assert [row["value"] for row in rows] == [None, classes[2], classes[0]]
    assert [row["score"] == row["score"] for row in rows] == [False, True, True]
    metrics = {m.name: m.data.data_points for m in data.resource_metrics[0].scope_metrics[0].metrics}
    counted = {p.attributes.get("miops.prediction.class"): p.value for p in metrics["miops.prediction.rows"]}
    assert counted == {None: 1, str(classes[2]): 1, str(classes[0]): 1}
