"""Predictions that truth contradicts, that were far off, or that the model was least sure of."""

from __future__ import annotations

from typing import Any

import pytest

from miops_collector.stores._store import Store
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, predictions, truth

IDS = [f"p{i}" for i in range(6)]


def found(
    store: Store, where: dict[str, Any], *, start: int = NOON, end: int = NOON + DAY, limit: int = 9
) -> list[str]:
    return store.examples(MODEL, start=start, end=end, where=where, limit=limit)


def test_wrong_decisions_come_the_surest_first(store: Store) -> None:
    store.append([predictions(IDS, value_number=[1.0, 0, 1, 0, 1, 0], score=[0.6, 0.4, 0.9, 0.01, 0.7, 0.2])])
    store.append([truth(IDS[:5], [0.0, 0.0, 0.0, 1.0, 1.0])])

    assert found(store, {"wrong": 0.5}) == ["p3", "p2", "p0"]
    assert found(store, {"wrong": 0.5}, limit=1) == ["p3"]


@pytest.mark.parametrize(("said", "true"), [("yes", "yes"), ("True", "true"), ("1", "1.0"), ("1", "true")])
def test_the_same_class_may_be_written_in_several_ways(store: Store, said: str, true: str) -> None:
    store.append([predictions(IDS, value_text=[said] * 6)])
    store.append([truth(IDS, [true] * 5 + ["no"])])

    assert found(store, {"wrong": 0.5}) == ["p5"]


def test_the_latest_truth_counts_and_truth_by_trace_too(store: Store) -> None:
    traces = [bytes([i + 1]) * 16 for i in range(6)]
    store.append([predictions(IDS, value_number=[1.0] * 6, trace_id=traces, row=[0, 1, 0, 0, 0, 0])])
    store.append([truth(IDS[2:4], [0.0, 0.0])])
    store.append([truth(IDS[2:3], [1.0])])
    store.append([truth(None, [0.0, 0.0], trace_id=traces[:2], row=[0, 1])])

    assert sorted(found(store, {"wrong": 0.5})) == ["p0", "p1", "p3"]


def test_values_come_the_farthest_off_first(store: Store) -> None:
    store.append([predictions(IDS, value_number=[1.0, 2, 3, 4, 5, 6])])
    store.append([truth(IDS, [1.5, 2.0, 13.0, 4.1, -2.0, 6.2])])

    assert found(store, {"error": True}, limit=3) == ["p2", "p4", "p0"]


def test_rows_come_of_which_the_model_was_least_sure(store: Store) -> None:
    store.append([predictions(IDS, value_number=[1.0] * 6, score=[0.6, 0.4, 0.9, 0.01, 0.51, None])])

    assert found(store, {"unsure": 0.5}, limit=1) == ["p4"]
    assert found(store, {"unsure": 0.0})[0] == "p3"


def test_only_rows_of_the_range_are_looked_at(store: Store) -> None:
    store.append([predictions(IDS, value_number=[1.0] * 6)])
    store.append([truth(IDS, [0.0] * 6)])

    assert found(store, {"wrong": 0.5}, start=NOON + 2 * SECOND, end=NOON + 4 * SECOND) == ["p3", "p2"]


def test_a_decision_can_be_asked_for_beside_a_column(store: Store) -> None:
    store.append([predictions(IDS, value_number=[1.0, 0, 1, 0, 1, 0], context__sex=["f", "f", "f", "m", "m", "f"])])

    where = {"source": "context.sex", "equals": "f", "decided": ["0", "0.0"]}
    assert found(store, where) == ["p5", "p1"]
