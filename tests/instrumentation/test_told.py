"""Features told by hand that are lists, mappings or of the wrong length: the prediction is recorded all the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import miops
from miops.config import Config
from miops.testing import Harness


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"features": {"a": [1, 2, 3]}}, "input_not_captured"),
        ({"features": np.ones((3, 2))}, "input_not_captured"),
        ({"features": np.ones((10_000, 2))}, "input_not_captured"),
        ({"context": {"a": [1, 2, 3]}}, "input_not_captured"),
        ({"features": {"a": [1, 2, 3], "b": [1, 2]}}, "uneven_columns"),
        ({"features": {"a": np.ones((2, 3)), "b": [1, 2]}}, "uneven_columns"),
        ({"features": {"a": [1, 2], "b": [1]}, "context": {"c": "d"}}, "uneven_columns"),
    ],
)
def test_features_that_do_not_fit_the_outcome_do_not_lose_it(
    harness: Harness, told: dict[str, Any], fault: str
) -> None:
    ids = miops.record_prediction("m", value=[1, 2], **told)
    miops.record_prediction("m", value=[3], features={"a": 1.0})

    rows = {row["prediction_id"]: row for row in harness.rows()}
    assert [rows[one]["value"] for one in ids] == [1, 2]
    assert not [name for one in ids for name in rows[one] if "." in name]
    assert [row.get("feature.a") for row in rows.values()].count(1.0) == 1
    assert (harness.faults, harness.dropped) == ({fault: 1}, {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b"], '["a", "b"]'),
        (np.array([1.5, 2.0]), "[1.5, 2.0]"),
        (np.array([[1, 2]]), "[[1, 2]]"),
        ([], "[]"),
        ({"a": 1, "b": [None, "é"]}, '{"a": 1, "b": [null, "é"]}'),
        ({"one": 1}, '{"one": 1}'),
        ({"b", "a"}, '["a", "b"]'),
        ((pd.Timestamp("2020-01-01"), {"a"}), '["2020-01-01 00:00:00", ["a"]]'),
        ([[1] * 1000] * 1000, "list of 1000"),
        (range(5000), "range of 5000"),
        (pd.Series([1.0, 2.0]), "[1.0, 2.0]"),
        ([7.0], 7.0),
        (np.array(7.0), 7.0),
    ],
)
@pytest.mark.parametrize("context", [None, {"tags": ["n", "s"]}])
def test_a_value_of_several_is_one_text_of_the_one_row(
    harness: Harness, value: Any, expected: Any, context: Any
) -> None:
    with miops.prediction("m", features={"tags": value, "x": 1.0}, context=context) as said:
        said.value = 1
    miops.record_prediction("m", features={"tags": value, "x": 1.0}, scores=[0.2, 0.8], context=context)

    assert [(row["feature.tags"], row["feature.x"]) for row in harness.rows()] == [(expected, 1.0)] * 2
    assert [row.get("context.tags") for row in harness.rows()] == [context and '["n", "s"]'] * 2
    assert (harness.faults, harness.dropped) == ({}, {})


def test_what_cannot_be_told_in_one_text_does_not_lose_the_prediction(harness: Harness) -> None:
    endless: list[Any] = [1, 2]
    endless.append(endless)
    miops.record_prediction("m", features={"tags": endless, "x": 1.0}, value=1)

    assert [row["value"] for row in harness.rows()] == [1]
    assert harness.faults == {"input_not_captured": 1}


def test_a_single_value_is_that_of_all_rows(harness: Harness) -> None:
    miops.record_prediction("m", value=[1, 2], context={"region": "n"})
    miops.record_prediction("m", value=[1, 2], features={"a": 1.0}, context={"region": ["n", "s"]})

    assert [(row["context.region"], row.get("feature.a")) for row in harness.rows()] == [
        ("n", None), ("n", None), ("n", 1.0), ("s", 1.0),
    ]  # fmt: skip


def test_every_name_of_rows_that_are_mappings_is_recorded(harness: Harness) -> None:
    rows = [{"a": 1.0}, {"a": 2.0, "b": "late"}, {"c": True}]
    for context in (None, {"region": "n"}):
        miops.record_prediction("m", value=[1, 2, 3], features=rows, context=context)

    told = [tuple(row[f"feature.{name}"] for name in "abc") for row in harness.rows()]
    assert [tuple(None if v != v else v for v in row) for row in told] == [
        (1.0, None, None), (2.0, "late", None), (None, None, True),
    ] * 2  # fmt: skip


def test_more_names_than_are_captured_are_counted() -> None:
    with miops.testing.record(Config(max_features=2)) as harness:
        miops.record_prediction("m", value=[1, 2], features=[{"a": 1.0}, {"b": 2.0, "c": 3.0}])

        assert [row["value"] for row in harness.rows()] == [1, 2]
        assert harness.faults == {"too_many_features": 1}


def test_a_model_of_mappings_has_all_their_names(sklearn: Harness) -> None:
    rows = [{"a": 1.0}, {"a": 2.0, "b": "late"}]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, [0, 1])
    model.predict(rows)

    assert [(row["feature.a"], row["feature.b"]) for row in sklearn.rows()] == [(1.0, None), (2.0, "late")]
