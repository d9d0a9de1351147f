"""Truth leaves the log once its prediction has, and never while a stored prediction or a retry may need it."""

from __future__ import annotations

from pathlib import Path

from miops_collector.stores._store import Marks, Store
from tests.collector.stores.conftest import SETTINGS, Factory
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, changes, predictions, truth
from tests.collector.stores.test_forgetting import info_of, left, saved

LATER = NOON + 2 * DAY
EVER = {"before": LATER, "upto": 99, "at_most": 10}


def rows_gone(store: Store, until: int) -> int:
    return store.forget(MODEL, before=until, upto=store.newest(), at_most=10)


def test_it_goes_with_the_prediction_and_not_before(store: Store) -> None:
    store.append([predictions(["a", "b"])])
    store.append([truth(["a", "b"], [1.0, 0.0])])
    saved(store)
    assert store.forget_truth(**EVER) == 0

    assert rows_gone(store, NOON + SECOND) == 1
    assert [store.forget_truth(**EVER) for _ in range(2)] == [1, 0]

    store.append([truth(["b"], [1.0])])
    assert changes(store, 2, 3) == [("b", 0.0, -1.0), ("b", 1.0, 1.0)]


def test_a_correction_of_truth_that_is_gone_changes_nothing(store: Store) -> None:
    store.append([predictions(["a", "b"])])
    store.append([truth(["a"], [1.0])])
    saved(store)
    assert (rows_gone(store, NOON + SECOND), store.forget_truth(**EVER)) == (1, 1)

    store.append([truth(["a"], [0.0])])

    assert changes(store, 2, 3) == []
    assert changes(store, 0, 3) == []
    saved(store)
    assert store.forget_truth(**EVER) == 1
    assert left(store) == ["b"]


def test_panes_must_hold_it_and_its_retries_be_forgotten(store: Store) -> None:
    store.append([predictions(["a"])])
    store.append([truth(["a"], [1.0])])
    saved(store)
    assert rows_gone(store, NOON + SECOND) == 1
    store.put_panes(MODEL, "layout", Marks(2, 1), {}, [])
    assert store.forget_truth(**EVER) == 0
    saved(store)

    assert store.forget_truth(**{**EVER, "upto": 1}) == 0
    assert store.forget_truth(**{**EVER, "before": NOON + DAY}) == 0
    assert store.forget_truth(**EVER) == 1


def test_truth_that_waits_in_vain_goes_and_the_oldest_first(store: Store) -> None:
    store.append([predictions(["a"])])
    times = [NOON + 2 * SECOND, NOON, NOON + SECOND]
    store.append([truth(["x", "y", "z"], [1.0, 1.0, 1.0], time=times)])
    saved(store)

    assert [store.forget_truth(**{**EVER, "at_most": 2}) for _ in range(3)] == [2, 1, 0]


def test_traces_and_entities_hold_truth_too(store: Store) -> None:
    trace, other = b"t" * 16, b"u" * 16
    store.append([predictions(["a"], trace_id=[trace]), predictions(["b"], entity_id=["e"])])
    store.append([truth(None, [1.0, 1.0], trace_id=[trace, other])])
    store.append([truth(None, [1.0, 1.0], entity_id=["e", "f"])])
    store.append([truth(None, [1.0], entity_id=["e"], time=[NOON - DAY])])
    saved(store)

    assert store.forget_truth(**EVER) == 3

    store.append([truth(None, [0.0], trace_id=[trace]), truth(None, [0.0], entity_id=["e"])])
    assert sorted(changes(store, 4, 5)) == [("a", 0.0, 1.0), ("a", 1.0, -1.0), ("b", 0.0, 1.0), ("b", 1.0, -1.0)]


def test_numbers_and_order_go_on_after_a_restart(factory: Factory, tmp_path: Path) -> None:
    store = factory(tmp_path / "data", SETTINGS)
    if factory.__name__ == "memory":
        store.close()
        return
    store.append([predictions(["a", "b"])])
    store.append([truth(["b"], [0.0])])
    store.append([truth(["a"], [1.0])])
    saved(store)
    assert (rows_gone(store, NOON + SECOND), store.forget_truth(**EVER)) == (1, 1)
    store.close()

    store = factory(tmp_path / "data", SETTINGS)
    assert store.newest() == 3
    assert store.append([truth(["b"], [1.0])]).seq == 4
    assert changes(store, 3, 4) == [("b", 0.0, -1.0), ("b", 1.0, 1.0)]
    assert info_of(store).rows == 1
    store.close()
