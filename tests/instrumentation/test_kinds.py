"""Calls whose columns are of different kinds: what one caller got wrong stays in its own rows."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import miops
from miops.config import Config
from miops.kinds import kinds_of_columns, kinds_of_values, together
from miops.testing import Harness, record
from tests.instrumentation.undemanding import Undemanding

NAN = math.nan


@pytest.fixture
def harness() -> Iterator[Harness]:
    with record(Config(flush_interval=3600.0)) as harness:  # all calls of a test are in one flush
        yield harness


def told(sklearn: Harness, values: list[Any]) -> list[Any]:
    """What arrives of calls with these values of ``x``, in the order of the calls."""
    for i, value in enumerate(values):
        miops.record_prediction("m", features={"x": value, "y": 1.0}, value=1, prediction_id=str(i))
    return arrived(sklearn)


def _place(row: dict[str, Any]) -> str:
    """Ids that are made count calls behind the time, on which clocks may not agree."""
    return str(row["prediction_id"])[14:] or str(row["prediction_id"])


def arrived(sklearn: Harness) -> list[Any]:
    rows = sorted(sklearn.rows(), key=_place)
    assert {row["feature.y"] for row in rows} == {1.0}
    return [None if row["feature.x"] != row["feature.x"] else row["feature.x"] for row in rows]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, "text", True, None, 2], [1.5, "text", 1.0, None, 2.0]),
        ([True, "text", False], [True, "text", False]),
        (["a", None, NAN, 7, "b"], ["a", None, None, 7.0, "b"]),
        ([dt.date(1970, 1, 2), 5, 6], [86400.0, 5.0, 6.0]),
        ([np.float32(0.5), np.int64(2), "a"], [0.5, 2.0, "a"]),
    ],
)
def test_the_values_of_other_callers_keep_their_kind(sklearn: Harness, values: list[Any], expected: list[Any]) -> None:
    found = told(sklearn, values)

    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_columns_of_many_rows_too(sklearn: Harness) -> None:
    given = ([0.5] * 3, ["a", "b", "c"], np.array([1, 2, 3]), [True, False, True])
    for i, x in enumerate(given):
        miops.record_prediction("m", features={"x": x, "y": [1.0] * 3}, value=[1] * 3, prediction_id=str(i))

    assert arrived(sklearn) == [0.5] * 3 + ["a", "b", "c"] + [1.0, 2.0, 3.0] + [1.0, 0.0, 1.0]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_too(sklearn: Harness, library: str) -> None:
    frame = pytest.importorskip(library).DataFrame
    model = Undemanding()
    for value in (1.5, "text", 2, NAN, True):
        model.predict(frame({"x": [value] * 100, "y": [1.0] * 100, "c": ["a"] * 100}))

    assert arrived(sklearn)[::100] == [1.5, "text", 2.0, None, 1.0]
    assert len(sklearn.events()) == 2


@pytest.mark.parametrize("rows", [1, 2])
def test_small_frames_of_objects_too(sklearn: Harness, rows: int) -> None:
    model = Undemanding()
    for value in (1.5, "text", 2, None, True):
        model.predict(pd.DataFrame({"x": [value] * rows, "y": [1.0] * rows}, dtype=object))

    assert arrived(sklearn)[::rows] == [1.5, "text", 2.0, None, 1.0]


def test_categories_of_numbers_beside_categories_of_texts(sklearn: Harness) -> None:
    model = Undemanding()
    for value in (1.5, "text", 2.5):
        model.predict(pd.DataFrame({"x": pd.Categorical([value]), "y": [1.0]}))

    assert arrived(sklearn) == [1.5, "text", 2.5]


def test_context_too(sklearn: Harness) -> None:
    for value in (1.5, "text"):
        miops.record_prediction("m", features={"x": 1.0}, value=1, context={"branch": value})

    assert {row["context.branch"] for row in sklearn.rows()} == {1.5, "text"}


def test_there_is_one_event_for_each_set_of_kinds_that_occurs(sklearn: Harness) -> None:
    told(sklearn, [1.5, "text", True, None, NAN, 2, "other"] * 20)

    assert len(sklearn.events()) == 2


def test_calls_that_agree_are_one_event(sklearn: Harness) -> None:
    told(sklearn, [1.5, True, None, NAN, 2] * 20)

    assert len(sklearn.events()) == 1


def test_columns_that_differ_from_call_to_call_for_good_do_not_make_any_number_of_events(sklearn: Harness) -> None:
    names = [f"x{i}" for i in range(10)]
    for mask in range(200):
        features = {name: "text" if mask >> i & 1 else 1.5 for i, name in enumerate(names)}
        miops.record_prediction("m", features=features, value=1)

    assert len(sklearn.rows()) == 200
    assert len(sklearn.events()) == 17


def test_what_is_missing_goes_along_with_most() -> None:
    assert kinds_of_values([None, 1.0, 2, "a"]) == ["number", "number", "number", "text"]
    assert kinds_of_values([None, 1.0, "b", "a"]) == ["text", "number", "text", "text"]
    assert kinds_of_values([None, True, False, 1, "a"]) == ["number", "number", "number", "number", "text"]


def test_a_call_in_which_kinds_differ_has_texts() -> None:
    assert kinds_of_columns([[1, "a"], [1.5, NAN], ["b", NAN], [NAN]]) == ["text", "number", "text", "text"]
    assert kinds_of_columns([np.array([1.0]), np.array([2])]) is None
    assert kinds_of_columns([np.array([NAN]), ["a"]]) is None


def test_the_rarest_sets_share_what_is_left() -> None:
    kinds: Any = [f"{i // 2 if i < 40 else i}" for i in range(44)]

    groups = together([kinds], 44)

    assert groups[:16] == [[2 * i, 2 * i + 1] for i in range(16)]
    assert groups[16:] == [list(range(32, 44))]


def test_decisions_too(sklearn: Harness) -> None:
    given: list[Any] = ["b", np.int64(3), decimal.Decimal("1.5"), [None, "a"]]
    for value in given:
        miops.record_prediction("m", features={"x": 1.0}, value=value)

    assert sorted((row["value"] for row in sklearn.rows()), key=str) == [1.5, 3.0, None, "a", "b"]
