"""Columns that are called alike, or in several levels: all are kept apart, and rules mean them all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import miops
from miops.config import Config
from miops.names import distinct, levels
from miops.testing import Harness, record
from tests.instrumentation.undemanding import Undemanding

REFERENCE = "miops.reference.batch"
LEVELS = pd.MultiIndex.from_tuples([("a", "ssn"), ("a", "age"), ("b", "age")])


def features(row: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("feature."): v for name, v in row.items() if name.startswith("feature.")}


def named(rows: list[list[Any]], names: Any) -> pd.DataFrame:
    frame = pd.concat([pd.Series(column) for column in zip(*rows, strict=True)], axis=1)
    frame.columns = names
    return frame


@pytest.mark.parametrize("rows", [1, 100])
@pytest.mark.parametrize("second", [2.0, "text"])
def test_columns_called_alike_are_all_recorded(sklearn: Harness, rows: int, second: Any) -> None:
    model = Undemanding()
    for _ in range(3):
        model.predict(named([[1.0, second, 3.0]] * rows, ["x", "x", "y"]))

    assert [features(row) for row in sklearn.rows()] == [{"x": 1.0, "x.1": second, "y": 3.0}] * rows * 3
    assert sklearn.faults == {}


def test_of_a_reference_and_of_predictions_by_hand_too(sklearn: Harness) -> None:
    frame = named([[1.0, "b"], [2.0, "c"]], ["x", "x"])
    miops.record_reference(frame, model="m", prediction=[1, 0])
    miops.record_prediction("m", features=frame, value=[1, 0], context={"region": "n"})

    assert list(map(features, sklearn.rows(REFERENCE))) == [{"x": 1.0, "x.1": "b"}, {"x": 2.0, "x.1": "c"}]
    assert list(map(features, sklearn.rows())) == [{"x": 1.0, "x.1": "b"}, {"x": 2.0, "x.1": "c"}]


def test_large_frames_of_other_columns_are_joined_all_the_same(sklearn: Harness) -> None:
    model = Undemanding()
    model.predict(named([[1.0, "b"]] * 40, ["x", "x"]))
    model.predict(named([[1.0, "b"]] * 40, ["y", "y"]))

    assert len(sklearn.rows()) == 80
    assert features(sklearn.rows()[-1])["y.1"] == "b"
    assert sklearn.dropped == {}


def test_a_frame_of_polars_beside_context(sklearn: Harness) -> None:
    frame = pytest.importorskip("polars").DataFrame({"x": [1.0, 2.0]})
    miops.record_prediction("m", features=frame, value=[1, 0], context={"region": "n"})

    assert list(map(features, sklearn.rows())) == [{"x": 1.0}, {"x": 2.0}]


@given(st.lists(st.sampled_from(["x", "x.1", "x.2", "x.1.1", "y", 1, "1"])))
@settings(deadline=None, max_examples=100)
def test_names_are_different_and_only_later_ones_are_changed(names: list[Any]) -> None:
    made = distinct(names)

    assert len(set(made)) == len(made) == len(names)
    first = [i for i, name in enumerate(names) if str(name) not in list(map(str, names[:i]))]
    assert [made[i] for i in first] == [str(names[i]) for i in first]


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        (Config(capture_deny=("ssn",)), {"('a', 'age')", "('b', 'age')"}),
        (Config(capture_deny=("a",)), {"('b', 'age')"}),
        (Config(capture_deny=("*'ssn'*",)), {"('a', 'age')", "('b', 'age')"}),
        (Config(transforms=(("ssn", "drop"),)), {"('a', 'age')", "('b', 'age')"}),
        (Config(capture_allow=("age",)), set()),
        (Config(capture_allow=("a", "age")), {"('a', 'age')"}),
        (Config(capture_allow=("('b', *",)), {"('b', 'age')"}),
    ],
)
def test_a_level_that_is_denied_denies_its_columns_and_all_levels_must_be_allowed(
    config: Config, kept: set[str]
) -> None:
    with record(config) as harness:
        frame = pd.DataFrame([[5.0, 40.0, 41.0]], columns=LEVELS)
        miops.record_prediction("m", features=frame, value=1)
        miops.record_prediction("m", features=dict(zip(LEVELS, frame.to_numpy()[0], strict=True)), value=1)
        miops.record_reference(frame, model="m", prediction=[1])

        assert [set(features(row)) for row in harness.rows() + harness.rows(REFERENCE)] == [kept] * 3


def test_a_rule_for_a_name_is_one_for_all_columns_called_so() -> None:
    names = pd.MultiIndex.from_tuples([("a", "ssn"), ("a", "ssn"), ("a", "x")])
    with record(Config(capture_deny=("ssn",))) as harness:
        miops.record_prediction("m", features=pd.DataFrame([[1.0, 2.0, 3.0]], columns=["ssn", "ssn", "x"]), value=1)
        miops.record_prediction("m", features=pd.DataFrame([[1.0, 2.0, 3.0]], columns=names), value=1)

        assert [features(row) for row in harness.rows()] == [{"x": 3.0}, {"('a', 'x')": 3.0}]


def test_levels_that_are_no_literals_are_found_too() -> None:
    stamped = str((pd.Timestamp("2020-01-01"), "it's", np.int64(7), "ssn"))

    assert {"2020-01-01 00:00:00", "it's", "7", "ssn"} <= set(levels(stamped))
    assert levels("(plain)") == ("plain",)
    assert levels("7") == levels("f(x)") == ()
