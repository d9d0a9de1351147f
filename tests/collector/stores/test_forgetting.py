"""Old rows are deleted in steps, never before panes contain them, and nothing else changes by it."""

from __future__ import annotations

from pathlib import Path

from miops_collector.report import ModelKey
from miops_collector.stores._store import Marks, ModelInfo, Store
from tests.collector.stores.conftest import SETTINGS, Factory
from tests.collector.stores.rows import MODEL, NOON, SECOND, all_rows, changes, predictions, truth

OTHER = ModelKey("other", "1")


def saved(store: Store) -> None:
    """As if panes with everything had been saved."""
    for info in store.models():
        store.put_panes(info.key, "layout", Marks(store.newest(), store.newest()), {(300, 0): b"pane"}, [])


def left(store: Store, model: ModelKey = MODEL) -> list[str]:
    return [row["id_text"] for row in all_rows(store, model)]


def info_of(store: Store) -> ModelInfo:
    return next(m for m in store.models() if m.key == MODEL)


def test_the_oldest_rows_go_first_and_in_steps(store: Store) -> None:
    store.append([predictions(list("abcdef")), predictions(["x"], model=OTHER)])
    saved(store)
    before = NOON + 5 * SECOND

    counts = [store.forget(MODEL, before=before, upto=store.newest(), at_most=2) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert left(store) == ["f"]
    assert left(store, OTHER) == ["x"]
    assert (info_of(store).rows, info_of(store).first_seen) == (1, NOON + 5 * SECOND)
    assert store.panes(MODEL, "layout")[1] == {(300, 0): b"pane"}
    assert store.prediction("a") is None
    assert store.prediction("f") is not None


def test_rows_stay_until_saved_panes_contain_them_and_their_truth(store: Store) -> None:
    store.append([predictions(["a"])])
    store.append([predictions(["b"], time=[NOON - SECOND])])
    everything = {"before": NOON + 60 * SECOND, "upto": 99, "at_most": 10}
    assert store.forget(MODEL, **everything) == 0

    store.put_panes(MODEL, "layout", Marks(2, 1), {}, [])
    assert store.forget(MODEL, **everything) == 1
    assert left(store) == ["b"]

    store.put_panes(MODEL, "layout", Marks(2, 2), {}, [])
    assert store.forget(MODEL, **{**everything, "upto": 1}) == 0
    assert store.forget(MODEL, **everything) == 1
    assert left(store) == []


def test_truth_of_rows_that_are_gone_changes_nothing(store: Store) -> None:
    store.append([predictions(["a", "b"])])
    store.append([truth(["a"], [1.0])])
    assert changes(store, 0, 2) == [("a", 1.0, 1.0)]
    saved(store)
    assert store.forget(MODEL, before=NOON + SECOND, upto=2, at_most=10) == 1
    assert info_of(store).labelled == 0

    store.append([truth(["a", "b"], [0.0, 1.0])])

    assert changes(store, 2, 3) == [("b", 1.0, 1.0)]
    assert info_of(store).labelled == 1


def test_rows_that_are_left_are_still_recognised_and_new_ones_come(store: Store) -> None:
    store.append([predictions(["a", "b"])])
    saved(store)
    store.forget(MODEL, before=NOON + SECOND, upto=1, at_most=10)

    again = store.append([predictions(["b", "c"], time=[NOON + SECOND, NOON + 2 * SECOND])])

    assert again.stored[0].duplicates == 1
    assert left(store) == ["b", "c"]


def test_everything_is_gone_and_numbers_go_on_after_a_restart(factory: Factory, tmp_path: Path) -> None:
    store = factory(tmp_path / "data", SETTINGS)
    if factory.__name__ == "memory":
        store.close()
        return
    for name in "abc":
        store.append([predictions([name])])
    saved(store)
    assert store.forget(MODEL, before=NOON + SECOND, upto=3, at_most=10) == 3
    store.close()

    store = factory(tmp_path / "data", SETTINGS)

    assert store.newest() == 3
    assert store.panes(MODEL, "layout") == (Marks(3, 3), {(300, 0): b"pane"})
    assert (info_of(store).rows, left(store)) == (0, [])
    assert store.append([predictions(["a"])]).seq == 4
    store.close()
