"""Ground truth as a table, from whatever process has it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import miops
from miops.config import Config
from miops.testing import Harness

from .sinks import grpc_sink

TRUTH = "miops.ground_truth.batch"
NOON = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
TABLE = {
    "prediction_id": ["a", "b", "c", "d"],
    "value": ["good", None, "bad", None],
    "outcome.loss": [None, 3.0, 1.5, None],
    "time": [NOON] * 4,
}
FORMS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "mapping": dict,
    "arrays": lambda t: {name: np.array(values, dtype=object) for name, values in t.items()},
    "pandas": pd.DataFrame,
    "polars": lambda t: pytest.importorskip("polars").DataFrame(dict(t)),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_in_which_something_is_told_are_sent(harness: Harness, form: str) -> None:
    assert miops.record_ground_truth(FORMS[form](TABLE), model="m", version="1") == 3

    (event,) = harness.events(TRUTH)
    assert event.attributes["miops.model.name"] == "m"
    assert [(row["prediction_id"], row["value"]) for row in event.rows] == [("a", "good"), ("b", None), ("c", "bad")]
    losses = [row["outcome.loss"] for row in event.rows]
    assert np.isnan(losses[0])
    assert losses[1:] == [3.0, 1.5]
    assert {row["time_unix_nano"] for row in event.rows} == {int(NOON.timestamp()) * 10**9}
    assert harness.faults == {}


@pytest.mark.parametrize("form", FORMS)
def test_columns_may_be_called_otherwise(harness: Harness, form: str) -> None:
    table = {"loan": ["a", "b"], "repaid": [1, 0], "paid": [2.5, 0.0], "comment": ["x", "y"]}
    names = {"loan": "prediction_id", "repaid": "ground_truth", "paid": "outcome.revenue"}
    assert miops.record_ground_truth(FORMS[form](table), columns=names) == 2

    told = [(row["prediction_id"], row["value"], row["outcome.revenue"]) for row in harness.rows(TRUTH)]
    assert told == [("a", 1, 2.5), ("b", 0, 0.0)]
    assert not [name for name in harness.rows(TRUTH)[0] if "comment" in name]


def test_tables_by_trace_and_by_entity(harness: Harness) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    miops.record_ground_truth({"trace_id": [trace, trace], "row": [0, 1], "value": [True, False]})
    miops.record_ground_truth({"entity_id": ["p", None], "value": [1.0, 2.0]}, time=NOON)

    rows = harness.rows(TRUTH)
    assert [(r["trace_id"].hex(), r["row"], r["value"]) for r in rows if "trace_id" in r] == [
        (trace, 0, True),
        (trace, 1, False),
    ]
    assert [(r["entity_id"], r["value"]) for r in rows if "entity_id" in r] == [("p", 1.0)]


def test_entities_of_a_table_are_salted_too() -> None:
    with miops.testing.record(Config(entity_salt="s")) as harness:
        miops.record_prediction("m", value=1.0, entity_id="person-1")
        miops.record_ground_truth(pd.DataFrame({"entity_id": ["person-1"], "value": [1.0]}))

        assert harness.rows(TRUTH)[0]["entity_id"] == harness.rows()[0]["entity_id"] != "person-1"


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ({"id": ["a"], "value": [1]}, None),
        ({"prediction_id": ["a"]}, None),
        ({"value": [1]}, None),
        ({"prediction_id": ["a", "b"], "value": [1]}, None),
        ({"prediction_id": ["a"], "value": [1]}, {"order": "prediction_id"}),
    ],
)
def test_tables_that_make_no_sense_are_counted(harness: Harness, table: Any, columns: Any) -> None:
    assert miops.record_ground_truth(table, columns=columns) == 0
    assert harness.rows(TRUTH) == []
    assert harness.faults == {"ground_truth_not_recorded": 1}


def test_a_process_that_predicts_nothing_can_tell_the_truth() -> None:
    program = "import miops; print(miops.record_ground_truth({'prediction_id': ['a', 'b'], 'value': [1, 0]}))"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    with grpc_sink() as sink:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**environ, "MIOPS_ENDPOINT": sink.endpoint},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

        assert (done.stdout, done.stderr) == ("2\n", "")
        assert [(row["prediction_id"], row["value"]) for row in sink.rows] == [("a", 1), ("b", 0)]
