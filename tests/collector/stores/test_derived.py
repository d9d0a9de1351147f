"""What every store owes about panes, references, observations and state."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from miops_collector.errors import InputError
from miops_collector.report import ModelKey, Observation
from miops_collector.stores._store import Marks, ObservationQuery, PaneChanges, Store, StoredReference
from miops_collector.window import Window
from tests.collector.stores.rows import MODEL, SECOND, predictions

HOUR = 3600 * SECOND
OTHER = ModelKey('it\'s "x"', "")
OBSERVATION = Observation("miops.drift.psi", MODEL, Window(0, HOUR), 0.25, 100.0, "ok", computed_at=5)


def same(left: Observation, right: Observation) -> bool:
    """Equal, with nan equal to nan."""
    return repr(left) == repr(right)


# Panes


def test_panes_come_back_with_their_marks(store: Store) -> None:
    store.append([predictions(["a"])])
    store.put_panes(MODEL, "layout", Marks(1, 1), {(300, 0): b"one", (300, 300): b""}, [])

    assert store.panes(MODEL, "layout") == (Marks(1, 1), {(300, 0): b"one", (300, 300): b""})
    assert store.panes(OTHER, "layout") == (Marks(), {})


def test_saving_panes_replaces_and_removes(store: Store) -> None:
    for name in "abc":
        store.append([predictions([name])])
    store.put_panes(MODEL, "layout", Marks(1, 0), {(300, 0): b"old", (300, 300): b"gone"}, [])
    store.put_panes(MODEL, "layout", Marks(2, 1), {(300, 0): b"new", (3600, 0): b"\0\xff"}, [(300, 300), (300, 600)])
    store.put_panes(OTHER, "layout", Marks(1, 1), {(300, 0): b"other"}, [])

    assert store.panes(MODEL, "layout") == (Marks(2, 1), {(300, 0): b"new", (3600, 0): b"\0\xff"})


def test_marks_move_without_panes(store: Store) -> None:
    store.append([predictions(["a"])])
    store.put_panes(MODEL, "layout", Marks(1, 0), {(300, 0): b"one"}, [])
    store.put_panes(MODEL, "layout", Marks(1, 1), {}, [])

    assert store.panes(MODEL, "layout") == (Marks(1, 1), {(300, 0): b"one"})


def test_panes_of_another_layout_are_gone(store: Store) -> None:
    store.append([predictions(["a"])])
    store.put_panes(MODEL, "old", Marks(1, 1), {(300, 0): b"one"}, [])
    assert store.panes(MODEL, "new") == (Marks(), {})

    store.put_panes(MODEL, "new", Marks(1, 0), {(300, 300): b"two"}, [])

    assert store.panes(MODEL, "new") == (Marks(1, 0), {(300, 300): b"two"})
    assert store.panes(MODEL, "old") == (Marks(), {})


# References


def test_a_reference_comes_back_and_is_replaced(store: Store) -> None:
    first = StoredReference("{}", b"\0\1", b"", "auto", 3, 17)
    assert store.reference(MODEL) is None

    store.put_reference(MODEL, first, None)
    assert store.reference(MODEL) == first

    store.put_reference(MODEL, replace(first, origin="file"), predictions(["a"], truth_number=[1.0]).table)
    assert store.reference(MODEL) == replace(first, origin="file")
    assert store.reference(OTHER) is None
    assert store.models() == ()


# Observations


def test_an_observation_comes_back_as_it_was(store: Store) -> None:
    full = Observation(
        "miops.fairness.x", OTHER, Window(HOUR, 2 * HOUR), math.nan, 7.0, "insufficient_data", computed_at=9,
        n_reference=5.0, reference=0.5, column="a", segment="b", sensitive_feature="c", group="d", p_value=0.01,
        standard_error=math.nan, complete=True, reason="too few", definition="evidently 0.7.23",
    )  # fmt: skip
    store.put_observations([full])

    ((back,), cursor) = store.observations(ObservationQuery())

    assert same(full, back)
    assert cursor == ""


def test_an_observation_computed_again_replaces_the_old_one(store: Store) -> None:
    store.put_observations([OBSERVATION, replace(OBSERVATION, window=Window(HOUR, 2 * HOUR))])
    store.put_observations([replace(OBSERVATION, value=0.5, computed_at=6), replace(OBSERVATION, group="g")])
    store.put_observations([])

    found, _ = store.observations(ObservationQuery())

    assert [(o.window.start, o.group, o.value) for o in found] == [(HOUR, "", 0.25), (0, "", 0.5), (0, "g", 0.25)]


def test_segments_that_a_window_names_no_more_go(store: Store) -> None:
    def named(segment: str, hour: int = 0, model: ModelKey = MODEL) -> Observation:
        return replace(OBSERVATION, segment=segment, window=Window(hour * HOUR, (hour + 1) * HOUR), model=model)

    store.put_observations(
        [named("age=18"), named("age=40"), named("age=18", 1), named("age=18", model=OTHER), named("")]
    )

    store.put_observations([named("age=40"), named("sex=F")])

    found, _ = store.observations(ObservationQuery())
    assert sorted((o.model, o.window.start // HOUR, o.segment) for o in found) == sorted(
        [(MODEL, 0, ""), (MODEL, 0, "age=40"), (MODEL, 0, "sex=F"), (MODEL, 1, "age=18"), (OTHER, 0, "age=18")]
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ObservationQuery(model="credit"), 6),
        (ObservationQuery(model="churn"), 1),
        (ObservationQuery(version="1", metric="miops.drift.psi"), 6),
        (ObservationQuery(metric="miops.drift.hellinger"), 1),
        (ObservationQuery(column="age"), 1),
        (ObservationQuery(segment="s"), 1),
        (ObservationQuery(window="1h"), 7),
        (ObservationQuery(window="2h"), 1),
        (ObservationQuery(start=2 * HOUR), 3),
        (ObservationQuery(end=2 * HOUR), 5),
        (ObservationQuery(start=HOUR, end=2 * HOUR, window="1h"), 1),
        (ObservationQuery(metric="miops.drift.psi'; DROP TABLE derived.main.observations; --"), 0),
    ],
)
def test_observations_are_filtered(store: Store, query: ObservationQuery, expected: int) -> None:
    store.put_observations(
        [
            replace(OBSERVATION, window=Window(i * HOUR, (i + 1) * HOUR), column="age" if i == 4 else "")
            for i in range(5)
        ]
        + [replace(OBSERVATION, model=ModelKey("churn", "1"), segment="s")]
        + [replace(OBSERVATION, metric="miops.drift.hellinger")]
        + [replace(OBSERVATION, window=Window(0, 2 * HOUR), model=ModelKey("old", "2"))]
    )

    assert len(store.observations(query)[0]) == expected


def test_pages_hold_every_observation_once_newest_first(store: Store) -> None:
    windows = [Window(i * HOUR, (i + 1) * HOUR) for i in range(7)] + [Window(0, 2 * HOUR)]
    every = [replace(OBSERVATION, window=w, group=g) for w in windows for g in ("a", "b", "c")]
    store.put_observations(every)

    found: list[Observation] = []
    cursor = ""
    while True:
        page, cursor = store.observations(ObservationQuery(limit=5, cursor=cursor))
        found += page
        if not cursor:
            break

    assert sorted(map(repr, every)) == sorted(map(repr, found))
    assert [o.window.end for o in found] == sorted((o.window.end for o in every), reverse=True)


@pytest.mark.parametrize("cursor", ["x", "é", "MS4y", "MS4yLm4="])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InputError, match="is no cursor"):
        store.observations(ObservationQuery(cursor=cursor))


# State


def test_state_is_kept_by_key(store: Store) -> None:
    assert store.state("book") == ""

    store.put_state("book", "{}")
    store.put_state("book", '{"a": "é"}')
    store.put_state("other", "1")

    assert (store.state("book"), store.state("other")) == ('{"a": "é"}', "1")


def test_panes_of_many_models_and_texts_are_saved_together(store: Store) -> None:
    store.append([predictions(["a"]), predictions(["b"], model=OTHER)])
    store.put_panes(MODEL, "old", Marks(1, 0), {(300, 0): b"old", (300, 300): b"layout"}, [])
    store.put_panes(OTHER, "layout", Marks(1, 0), {(300, 0): b"one", (300, 300): b"two", (300, 600): b"kept"}, [])
    store.put_state("key", "before")

    store.put_many_panes(
        [
            PaneChanges(MODEL, "new", Marks(1, 1), {(300, 0): b"new"}, []),
            PaneChanges(OTHER, "layout", Marks(1, 1), {(300, 0): b"1"}, [(300, 300)]),
        ],
        {"key": "after", "other": "text"},
    )

    assert store.panes(MODEL, "new") == (Marks(1, 1), {(300, 0): b"new"})
    assert store.panes(OTHER, "layout") == (Marks(1, 1), {(300, 0): b"1", (300, 600): b"kept"})
    assert [store.state(key) for key in ("key", "other")] == ["after", "text"]
    store.put_many_panes([], {})
