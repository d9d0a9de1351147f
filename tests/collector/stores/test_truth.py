"""What every store owes about ground truth, in plain words; random histories are in test_truth_changes.py."""

from __future__ import annotations

import pytest

from miops_collector.report import ModelKey
from miops_collector.stores._store import Store
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, changes, predictions, truth

TRACE = bytes(range(16))


def test_truth_joins_its_prediction(store: Store) -> None:
    store.append([predictions(["a", "b"], feature__x=[1.0, 2.0])])
    store.append([truth(["b", "unknown"], ["yes", "no"])])

    (table,) = store.truth_changes(MODEL, after=1, upto=2)

    assert changes(store, 1, 2) == [("b", "yes", 1.0)]
    assert table.column("feature.x").to_pylist() == [2.0]


def test_truth_may_come_before_its_prediction(store: Store) -> None:
    store.append([truth(["a"], [1.0])])
    store.append([predictions(["a", "b"])])

    assert changes(store, 0, 1) == []
    assert changes(store, 1, 2) == [("a", 1.0, 1.0)]


def test_a_correction_takes_the_old_pair_back(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])
    store.append([truth(["a"], [0.0], time=[NOON + 2 * DAY])])

    assert changes(store, 1, 2) == [("a", 0.0, 1.0), ("a", 1.0, -1.0)]
    assert changes(store, 0, 2) == [("a", 0.0, 1.0)]


def test_a_correction_may_be_of_another_type(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])
    store.append([truth(["a"], ["one"])])

    assert changes(store, 1, 2) == [("a", "one", 1.0), ("a", 1.0, -1.0)]


def test_the_same_truth_again_changes_nothing(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])
    store.append([truth(["a"], [1.0], time=[NOON + 2 * DAY])])

    assert changes(store, 1, 2) == []


def test_a_retry_of_older_truth_does_not_undo_a_correction(store: Store) -> None:
    first = truth(["a"], [1.0])
    store.append([predictions(["a"]), first])
    store.append([truth(["a"], [0.0], time=[NOON + 2 * DAY])])

    assert store.append([first]).stored[0].duplicates == 1
    assert changes(store, 0, 3) == [("a", 0.0, 1.0)]


def test_the_last_of_one_batch_holds(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a", "a", "a"], [1.0, 0.0, 2.0])])

    assert changes(store, 0, 1) == [("a", 2.0, 1.0)]


def test_truth_may_name_a_model(store: Store) -> None:
    other = ModelKey("churn", "1")
    store.append([predictions(["a"]), predictions(["a"], model=other)])
    store.append([truth(["a"], [1.0], model="churn")])

    assert changes(store, 1, 2) == []
    assert changes(store, 1, 2, other) == [("a", 1.0, 1.0)]


@pytest.mark.parametrize(("row", "expected"), [(1, "b"), (0, "a"), (None, "a")])
def test_truth_may_name_a_trace_and_a_row(store: Store, row: int | None, expected: str) -> None:
    store.append([predictions(["a", "b"], trace_id=[TRACE, TRACE], row=[None, 1])])
    store.append([truth(None, [1.0], trace_id=[TRACE], row=[row])])

    assert changes(store, 1, 2) == [(expected, 1.0, 1.0)]


def test_truth_about_an_entity_is_about_its_latest_prediction_before(store: Store) -> None:
    columns = {"entity_id": ["x", "x", "x", "y"], "time": [NOON, NOON + SECOND, NOON + DAY, NOON + SECOND]}
    store.append([predictions(["first", "second", "later", "other"], **columns)])
    store.append([truth(None, [1.0], entity_id=["x"], prediction_time=[NOON + 5 * SECOND])])

    assert changes(store, 1, 2) == [("second", 1.0, 1.0)]


def test_a_late_prediction_takes_over_the_truth_about_its_entity(store: Store) -> None:
    store.append([predictions(["first"], entity_id=["x"])])
    store.append([truth(None, [1.0], entity_id=["x"], prediction_time=[NOON + 5 * SECOND])])
    store.append([predictions(["late"], entity_id=["x"], time=[NOON + SECOND])])

    assert changes(store, 2, 3) == [("first", 1.0, -1.0), ("late", 1.0, 1.0)]


def test_truth_about_an_entity_does_not_reach_back_for_ever(store: Store) -> None:
    store.append([predictions(["old"], entity_id=["x"])])
    store.append([truth(None, [1.0], entity_id=["x"], prediction_time=[NOON + 40 * DAY])])

    assert changes(store, 0, 2) == []


def test_an_outcome_alone_is_no_truth(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])
    store.append([truth(["a"], [None], outcome__revenue=[12.5])])

    assert changes(store, 1, 2) == []
    found = store.prediction("a")
    assert found is not None
    assert found["ground_truth"]["value"] == 1.0
    assert found["ground_truth"]["outcome"] == {"revenue": 12.5}


def test_nothing_changes_where_nothing_was_appended(store: Store) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])

    assert changes(store, 1, 1) == []
    assert changes(store, 0, 1, ModelKey("unknown", "1")) == []


def test_only_the_wanted_columns_are_read(store: Store) -> None:
    store.append([predictions(["a"], score=[0.5], feature__x=[1.0], feature__y=["n"]), truth(["a"], [1.0])])

    (table,) = store.truth_changes(MODEL, after=0, upto=1, columns={"score", "feature.y"})

    assert table.to_pylist() == [{"score": 0.5, "feature.y": "n", "truth_number": 1.0, "truth_text": None, "sign": 1.0}]


def test_the_truth_log_takes_so_many_outcomes_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.stores._truth.MOST_OUTCOMES", 2)

    store.append([predictions(["a"]), truth(["a"], [1.0], outcome__x=[2.0])])
    store.append([truth(["a"], [0.0], time=[NOON + 2 * DAY], outcome__x=[3.0], outcome__y=[4.0], outcome__z=[5.0])])

    found = store.prediction("a")
    assert found is not None
    assert (found["ground_truth"]["value"], found["ground_truth"]["outcome"]) == (0.0, {"x": 3.0, "y": 4.0})
