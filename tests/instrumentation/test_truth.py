"""Ground truth and references as events."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import miops
from miops.config import Config
from miops.testing import Harness

TRUTH, REFERENCE = "miops.ground_truth.batch", "miops.reference.batch"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_one_truth_by_prediction_id(harness: Harness) -> None:
    taken = miops.record_ground_truth(
        "a", "good", outcome={"revenue": 3}, time="2020-01-01T00:00:00Z", model="credit", version="7"
    )

    (event,) = harness.events(TRUTH)
    assert taken == 1
    assert event.rows == [
        {
            "prediction_id": "a",
            "value": "good",
            "time_unix_nano": 1577836800 * 10**9,
            "outcome.revenue": 3.0,
        }
    ]
    assert event.attributes == {"miops.model.name": "credit", "miops.model.version": "7", "miops.schema.version": "1"}


def test_truth_by_trace_and_row_and_by_entity(harness: Harness) -> None:
    miops.record_ground_truth(value=1, trace_id=TRACE, row=3)
    miops.record_ground_truth(value=0, trace_id=int(TRACE, 16), row=4)
    miops.record_ground_truth(value=True, entity_id="p", prediction_time=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))

    rows = harness.rows(TRUTH)
    by_trace = [(r["trace_id"].hex(), r["row"], r["value"]) for r in rows if "trace_id" in r]
    (by_entity,) = [r for r in rows if "entity_id" in r]
    assert by_trace == [(TRACE, 3, 1), (TRACE, 4, 0)]
    assert (by_entity["value"], by_entity["prediction_time_unix_nano"]) == (True, 1577836800 * 10**9)


def test_many_truths_at_once_and_one_by_one_are_few_events(harness: Harness) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "truth": ["x", "y"], "paid": [1.0, np.nan]})
    miops.record_ground_truth(frame["id"], frame["truth"], outcome={"paid": frame["paid"]})
    for i in range(50):
        miops.record_ground_truth(f"p{i}", i % 2)

    events = harness.events(TRUTH)
    assert sorted(len(event.rows) for event in events) == [2, 50]
    assert [row["value"] for row in harness.rows(TRUTH)].count(1) == 25


def test_outcomes_without_a_value(harness: Harness) -> None:
    miops.record_ground_truth(prediction_id="a", outcome={"clicks": 2})

    assert "value" not in harness.rows(TRUTH)[0]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"prediction_id": ["a", "b"], "value": [1, 2, 3]}, {"trace_id": "xyz"}, {"prediction_id": "a", "time": "?"}],
)
def test_truth_that_makes_no_sense_is_counted(harness: Harness, wrong: dict[str, Any]) -> None:
    assert miops.record_ground_truth(**{"value": 1, **wrong}) == 0
    assert harness.events(TRUTH) == []
    assert harness.faults == {"ground_truth_not_recorded": 1}


def test_reference_in_one_call(harness: Harness) -> None:
    model = miops.Model(name="m", version="1", task="binary_classification", classes=(0, 1))
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", None]})
    identity = miops.record_reference(
        frame, model=model, ground_truth=[0, 1, 1], prediction=[0, 0, 1], score=[0.1, 0.4, 0.9], context={"r": [*"nns"]}
    )

    (event,) = harness.events(REFERENCE)
    assert event.attributes["miops.reference.id"] == identity
    assert event.attributes["miops.reference.last"] is True
    columns = ("ground_truth", "value", "score", "feature.a", "feature.b", "context.r", "row")
    assert [tuple(row[c] for c in columns) for row in event.rows] == [
        (0, 0, 0.1, 1.0, "x", "n", 0),
        (1, 0, 0.4, 2.0, "y", "n", 1),
        (1, 1, 0.9, 3.0, None, "s", 2),
    ]


def test_reference_in_several_calls_and_requests_marks_the_last() -> None:
    with miops.testing.record(Config(request_bytes=10_000, buffer_bytes=40_000)) as harness:
        X = np.arange(4000.0).reshape(2000, 2)
        identity = miops.record_reference(X, model="m", ground_truth=X[:, 0], last=False)
        again = miops.record_reference(X, model="m", ground_truth=X[:, 0], reference_id=identity)

        events = harness.events(REFERENCE)
        assert again == identity
        assert {event.attributes["miops.reference.id"] for event in events} == {identity}
        assert [event.attributes.get("miops.reference.last") for event in events].count(True) == 1
        assert events[-1].attributes["miops.reference.last"] is True
        assert [row["feature.x1"] for event in events for row in event.rows] == [*X[:, 1], *X[:, 1]]
        assert harness.dropped == {}


def test_a_reference_of_unequal_columns_is_counted(harness: Harness) -> None:
    assert miops.record_reference(np.ones((3, 1)), model="m", ground_truth=[1]) == ""
    assert harness.faults == {"reference_not_recorded": 1}
