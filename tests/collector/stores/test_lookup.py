"""Single predictions by id, and examples of an alarm."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from miops_collector.errors import InputError
from miops_collector.report import ModelKey
from miops_collector.stores._store import Store
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, predictions, truth

TRACE = bytes(range(16))


def test_a_prediction_is_found_by_its_id_with_everything_known_of_it(store: Store) -> None:
    columns = {
        "value_text": ["yes"],
        "score": [0.75],
        "duration": [2_000_000],
        "trace_id": [TRACE],
        "span_id": [TRACE[:8]],
    }
    columns |= {"feature.age": [41.0], "context.region": ["n"], "attribution.age": [0.5], "scores.0": [0.25]}
    store.append([predictions(["order-1"], **columns)])
    store.append([truth(["order-1"], ["no"], outcome__revenue=[3.5])])

    found = store.prediction("order-1")

    assert found == {
        "prediction_id": "order-1", "model": "credit", "version": "1", "time": "2025-10-09T08:53:20.000000Z",
        "duration_seconds": 0.002, "trace_id": TRACE.hex(), "span_id": TRACE[:8].hex(), "row": None, "value": "yes",
        "score": 0.75, "threshold": None, "entity_id": None, "weight": 1.0, "features": {"age": 41.0},
        "context": {"region": "n"}, "attributions": {"age": 0.5}, "scores": {"0": 0.25}, "error_type": None,
        "ground_truth": {"value": "no", "time": "2025-10-10T08:53:20.000000Z", "outcome": {"revenue": 3.5}},
    }  # fmt: skip


def test_a_uuid_is_found_in_any_spelling(store: Store) -> None:
    name = uuid.uuid4()
    store.append([predictions([str(name)], id_text=pa.nulls(1, pa.string()))])

    for spelling in (str(name), str(name).upper(), name.hex):
        found = store.prediction(spelling)
        assert found is not None
        assert found["prediction_id"] == str(name)


def test_an_unknown_id_is_nothing(store: Store) -> None:
    assert store.prediction("a") is None
    store.append([predictions(["a"])])
    assert store.prediction("b") is None


def test_a_prediction_is_json_whatever_its_numbers(store: Store) -> None:
    store.append([predictions(["a"], score=[math.nan], feature__x=[math.inf])])

    found = store.prediction("a")

    assert found is not None
    assert (found["score"], found["features"]["x"]) == (None, None)
    json.dumps(found, allow_nan=False)


def test_truth_by_trace_and_by_entity_is_shown_too(store: Store) -> None:
    store.append([predictions(["a", "b"], trace_id=[TRACE, None], entity_id=[None, "x"])])
    store.append([truth(None, [1.0], trace_id=[TRACE])])
    store.append([truth(None, [0.0], entity_id=["x"], prediction_time=[NOON + DAY])])

    assert [(store.prediction(i) or {})["ground_truth"]["value"] for i in "ab"] == [1.0, 0.0]


def test_truth_that_a_later_prediction_took_over_is_not_shown(store: Store) -> None:
    store.append([predictions(["a"], entity_id=["x"])])
    store.append([truth(None, [1.0], entity_id=["x"], prediction_time=[NOON + DAY])])
    store.append([predictions(["b"], entity_id=["x"], time=[NOON + SECOND], feature__new=[1.0])])

    assert [(store.prediction(i) or {})["ground_truth"] is None for i in "ab"] == [True, False]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["e", "d", "c", "b", "a"]),
        ({"source": "feature.age", "missing": True}, ["d", "c"]),
        ({"source": "feature.age", "missing": False}, ["e", "b", "a"]),
        ({"source": "feature.age", "fault": True}, ["e"]),
        ({"source": "feature.age", "above": 30}, ["b"]),
        ({"source": "feature.age", "below": 30}, ["a"]),
        ({"source": "context.region", "equals": "n"}, ["a"]),
        ({"source": "context.region", "not_in": ["n", "it's"]}, ["c"]),
        ({"source": "context.vip", "equals": "true"}, ["a"]),
        ({"source": "context.vip", "equals": "false", "also": {"context.region": "it's", "score": "0.9"}}, ["b"]),
        ({"source": "context.vip", "equals": "false", "also": {"context.region": "n"}}, []),
        ({"source": "score", "above": 0.5}, ["b"]),
        ({"source": "prediction", "equals": "yes"}, ["b"]),
        ({"source": "prediction", "above": 3}, ["a"]),
        ({"source": "value", "missing": True}, ["e", "d", "c"]),
    ],
)
def test_examples_fulfil_the_condition_newest_first(
    store: Store, where: Mapping[str, Any], expected: list[str]
) -> None:
    columns = {"feature.age": [20.0, 40.0, None, math.nan], "context.region": ["n", "it's", "w", None]}
    columns |= {"score": [0.1, 0.9, math.nan, None], "context.vip": [True, False, None, None]}
    columns |= {"value_number": [4.0, None, None, None], "value_text": [None, "yes", None, None]}
    store.append([predictions(["a", "b", "c", "d"], **columns)])
    store.append([predictions(["e"], time=[NOON + DAY], feature__age=["old"])])

    assert store.examples(MODEL, start=0, end=NOON + 2 * DAY, where=where, limit=10) == expected


def test_examples_keep_to_the_range_and_the_limit(store: Store) -> None:
    store.append([predictions(["a", "b", "c", "d"])])

    assert store.examples(MODEL, start=NOON + SECOND, end=NOON + 3 * SECOND, where={}, limit=10) == ["c", "b"]
    assert store.examples(MODEL, start=0, end=NOON + DAY, where={}, limit=1) == ["d"]
    assert store.examples(ModelKey("x", "1"), start=0, end=NOON, where={}, limit=1) == []


@pytest.mark.parametrize("where", [{"source": "feature.agee", "missing": True}, {"source": "feature.age", "like": "x"}])
def test_a_wrong_condition_is_refused_with_a_hint(store: Store, where: Mapping[str, Any]) -> None:
    store.append([predictions(["a"], feature__age=[1.0])])

    with pytest.raises(InputError, match=r"did you mean 'feature.age'|allowed: above"):
        store.examples(MODEL, start=0, end=NOON, where=where, limit=1)
