"""Pairs of rows of two versions: about the same entity, near in time, no row twice; and what is true of them."""

from __future__ import annotations

from typing import Any

from miops_collector.report import ModelKey
from miops_collector.stores._store import Pairs, Store
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, predictions, truth

OTHER = ModelKey(MODEL.name, "2")


def send(store: Store, model: ModelKey, rows: list[tuple[str | None, float, float]], **more: Any) -> list[str]:
    """Rows of an entity, a second and a value; their ids."""
    entities, seconds, values = zip(*rows, strict=True)
    ids = [f"{model.version}/{i}" for i in range(len(rows))]
    times = [NOON + int(s * SECOND) for s in seconds]
    store.append([predictions(ids, model=model, entity_id=entities, time=times, value_number=values, **more)])
    return ids


def found(store: Store, *, start: int = NOON, end: int = NOON + DAY, within: int = 10, rows: int = 99) -> Pairs:
    return store.pairs(MODEL, OTHER, start=start, end=end, within=within * SECOND, rows=rows)


def values(pairs: Pairs) -> list[tuple[float, float]]:
    table = pairs.table
    return list(zip(table.column("one_number").to_pylist(), table.column("other_number").to_pylist(), strict=True))


def truths(pairs: Pairs) -> list[float | None]:
    found: list[float | None] = pairs.table.column("truth_number").to_pylist()
    return found


def test_rows_of_one_entity_that_are_near_are_a_pair(store: Store) -> None:
    send(store, MODEL, [("a", 0, 1), ("b", 1, 2), ("c", 2, 3), (None, 3, 4), ("d", 4, 5)])
    send(store, OTHER, [("b", 0.5, 20), ("a", 10, 10), ("c", 12.5, 30), (None, 3, 40), ("e", 4, 50)])

    assert values(found(store)) == [(1, 10), (2, 20)]
    assert (found(store).rows, found(store).other_rows) == (4, 4)


def test_the_nearest_neighbour_is_taken_and_no_row_twice(store: Store) -> None:
    send(store, MODEL, [("a", 0, 1), ("a", 9, 2), ("a", 30, 3), ("a", 40, 4)])
    send(store, OTHER, [("a", 8, 10), ("a", 35, 20)])

    assert values(found(store)) == [(2, 10), (3, 20)]


def test_each_request_of_an_entity_has_its_own_pair_whoever_was_faster(store: Store) -> None:
    send(store, MODEL, [("a", 0.0, 1), ("a", 5.5, 2), ("a", 10.0, 3), ("a", 15.0, 4)])
    send(store, OTHER, [("a", 0.1, 10), ("a", 5.0, 20), ("a", 10.2, 30)])

    assert values(found(store)) == [(1, 10), (2, 20), (3, 30)]


def test_only_rows_of_the_time_are_paired_and_the_newest_of_many(store: Store) -> None:
    rows = [(f"e{i}", float(i), float(i)) for i in range(6)]
    send(store, MODEL, rows)
    send(store, OTHER, rows)

    assert values(found(store, start=NOON + SECOND, end=NOON + 3 * SECOND)) == [(1, 1), (2, 2)]
    assert values(found(store, rows=2)) == [(4, 4), (5, 5)]
    assert found(store, rows=2).rows == 6


def test_truth_of_either_row_is_truth_of_the_pair_and_the_latest_holds(store: Store) -> None:
    rows = [(f"e{i}", float(i), 0.0) for i in range(4)]
    traces = [bytes([i + 1]) * 16 for i in range(4)]
    one, other = send(store, MODEL, rows), send(store, OTHER, rows, trace_id=traces, row=[0, 0, 7, 0])
    store.append([truth([one[0], other[1]], [5.0, 6.0])])
    store.append([truth(None, [7.0, 9.0], trace_id=[traces[2]] * 2, row=[7, 0])])
    store.append([truth([other[0]], [8.0])])
    store.append([truth([one[3]], [1.0], model="another")])

    assert truths(found(store)) == [8.0, 6.0, 7.0, None]


def test_truth_about_an_entity_is_of_its_latest_pair_before(store: Store) -> None:
    send(store, MODEL, [("a", 0, 1), ("a", 100, 2), ("b", 50, 3)])
    send(store, OTHER, [("a", 1, 1), ("a", 101, 2), ("b", 51, 3)])
    at = [NOON + s * SECOND for s in (0, 99, 100, 49)]
    store.append([truth(None, [1.0, 2.0, 3.0, 4.0], entity_id=["a", "a", "a", "b"], prediction_time=at)])

    assert truths(found(store)) == [2.0, None, 3.0]


def test_truth_about_an_entity_does_not_reach_back_farther_than_its_horizon(store: Store) -> None:
    send(store, MODEL, [("a", 0, 1), ("b", 0, 1)])
    send(store, OTHER, [("a", 1, 1), ("b", 1, 1)])
    at = [NOON + 30 * DAY - SECOND, NOON + 30 * DAY]
    store.append([truth(None, [1.0, 2.0], entity_id=["a", "b"], prediction_time=at)])

    assert sorted(truths(found(store)), key=str) == [1.0, None]


def test_columns_that_came_later_do_not_hide_rows(store: Store) -> None:
    """New columns in great number begin a new segment."""
    send(store, MODEL, [("a", 0, 1)])
    send(store, OTHER, [("a", 1, 2)], **{f"feature__x{i}": [1.0] for i in range(40)})

    assert values(found(store)) == [(1, 2)]
