from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from miops_collector import monitored
from miops_collector.adoption import given_reference, plain_layout
from miops_collector.compared_with import Reference, read_reference, store_reference
from miops_collector.errors import StoreError
from miops_collector.monitored import Monitored
from miops_collector.settings import Settings
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Marks, ModelInfo
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import (
    CONFIG,
    DAY,
    HOUR,
    MINUTE,
    MODEL,
    START,
    Clock,
    predictions,
    reference,
    spread,
    truth,
)

PANE = 5 * MINUTE
SETTINGS = Settings(PANE, (HOUR, DAY), MINUTE, ((PANE, 2 * DAY), (HOUR, 10 * DAY), (DAY, 0)))
NOW = START + 100 * DAY
NONE = np.empty(0, np.int64)
ALL = Window(0, 2**62)
FOR_EVER = 2**62


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def commit(store: DuckDBStore, model: Monitored | None, *numbers: int, time: int = START, room: int = 0) -> int:
    """Commit rows and, unless there is no model, give them to it as the writer does."""
    appended = store.append([predictions(numbers, time)])
    if model is not None:
        model.add(appended.seq, [(appended.stored[0].table, info(store))], NONE, NOW, room)
    return appended.seq


def info(store: DuckDBStore) -> ModelInfo:
    return store.models()[0]


def made(store: DuckDBStore) -> Monitored:
    model = Monitored(MODEL, SETTINGS, plain_layout(info(store), CONFIG))
    model.restore(store, info(store), NOW)
    return model


def a_reference(store: DuckDBStore, rows: int = 100) -> Reference:
    table = reference(rows).table
    return given_reference(table, MODEL, monitored_said(), CONFIG, origin="given", created_at=NOW)


def monitored_said() -> Any:
    from miops_collector.adoption import Said

    return Said("binary_classification", ("0", "1"), "1", ("g",))


def rows(model: Monitored, window: Window = ALL) -> float:
    return model.window(window).volume.rows


# --- rows are there once ---------------------------------------------------------------------------------------------


def test_a_commit_that_is_given_twice_counts_once(store: DuckDBStore) -> None:
    commit(store, None, 1, 2)
    model = made(store)
    seq = commit(store, model, 3, 4, 5)

    model.add(seq, [(predictions([3, 4, 5], START).table, info(store))], NONE, NOW)

    assert (rows(model), model.marks.rows) == (5, seq)


def test_a_rebuild_that_has_seen_a_commit_overtakes_the_writer(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    appended = store.append([predictions([2, 3], START)])

    model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), NOW)
    model.add(appended.seq, [(appended.stored[0].table, info(store))], NONE, NOW)

    assert rows(model) == 3


def test_repeats_count_even_if_a_rebuild_has_overtaken_the_writer(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    appended = store.append([predictions([1, 2], START)])
    model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), NOW)

    model.add(appended.seq, [(appended.stored[0].table, info(store))], np.array([START]), NOW)

    assert model.window(ALL).volume.sums[4] == 1


def test_few_rows_are_binned_together_when_somebody_looks(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, None, 1)
    model = made(store)
    binned = _counted(monkeypatch)

    for number in range(2, 10):
        commit(store, model, number, room=1 << 20)
    before = list(binned)

    assert (before, rows(model), binned) == ([], 9, [8])


def test_many_rows_are_binned_at_once(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, None, 1)
    model = made(store)
    binned = _counted(monkeypatch)
    monkeypatch.setattr(monitored, "ENOUGH", 3)

    commit(store, model, 2, 3, room=1 << 20)
    commit(store, model, 4, 5, room=1 << 20)

    assert binned == [4]


def test_no_more_rows_are_held_back_than_there_is_room_for(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, None, 1)
    model = made(store)
    binned = _counted(monkeypatch)

    commit(store, model, 2, room=0)

    assert binned == [1]


def test_a_rebuild_counts_held_rows_once(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    commit(store, model, 2, 3, room=1 << 20)

    model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), NOW)

    assert rows(model) == 3


def test_held_rows_are_due(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    model.update_agenda(NOW)
    model.agenda.done([w for queue in model.agenda.queues() for w in queue])
    assert not model.has_due

    commit(store, model, 2, room=1 << 20)

    assert model.has_due


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every table that is binned from now on."""
    counts: list[int] = []
    real = monitored.summarise

    def summarise(layout: Any, binned: Any, pane: int) -> Any:
        counts.append(len(binned))
        return real(layout, binned, pane)

    monkeypatch.setattr(monitored, "summarise", summarise)
    return counts


def test_truth_is_absorbed_once(store: DuckDBStore) -> None:
    commit(store, None, 1, 2, 3)
    model = made(store)
    store.append([truth([1, 2], [1, 0])])

    for _ in range(2):
        model.absorb_truth(store, info(store), store.newest())

    assert model.window(ALL).volume.labelled == 2
    assert model.marks.truth == store.newest()


def test_what_fails_half_way_is_never_saved(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, None, 1)
    model = made(store)
    monkeypatch.setattr(monitored, "summarise_duplicates", lambda *_: 1 / 0)
    appended = store.append([predictions([2], START)])

    with pytest.raises(ZeroDivisionError):
        model.add(appended.seq, [(appended.stored[0].table, info(store))], np.array([START]), NOW)
    save(model, store, closing=True)

    assert model.broken
    assert store.panes(MODEL, model.layout.id) == (Marks(), {})


def test_a_rebuild_that_fails_leaves_everything_as_it_was(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, None, 1, 2)
    model = made(store)
    before = model.layout
    monkeypatch.setattr(monitored, "summarise", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), NOW)

    assert (model.layout, model.broken, rows(model)) == (before, False, 2)


def test_a_window_and_its_reference_always_have_one_layout(store: DuckDBStore) -> None:
    commit(store, None, *range(50))
    model = made(store)
    assert model.compared(ALL)[0] is None

    given = a_reference(store)
    model.rebuild(given.layout, given, store, info(store), NOW)

    found, current = model.compared(ALL)
    assert found is given
    assert current.layout is given.summaries.layout


# --- restart ---------------------------------------------------------------------------------------------------------


def test_saved_panes_and_what_came_after_them_are_everything(store: DuckDBStore) -> None:
    commit(store, None, 1, 2)
    model = made(store)
    save(model, store)
    commit(store, model, 3, time=START + HOUR)

    again = made(store)

    assert (rows(again), again.marks) == (3, Marks(store.newest(), 0))
    assert again.first_seen == START


def test_the_watermark_does_not_go_back_with_a_restart(store: DuckDBStore) -> None:
    commit(store, None, 1, time=START + DAY)
    model = made(store)
    save(model, store)
    commit(store, model, 2, time=START)

    again = made(store)

    assert again.complete_before(NOW) == model.complete_before(NOW) == START + DAY - MINUTE


def test_a_new_layout_moves_no_watermark_back(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    later = NOW + 3 * HOUR
    before = model.complete_before(later)

    model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), later)

    assert model.complete_before(later) == before


def test_everything_is_due_after_a_new_layout(store: DuckDBStore) -> None:
    commit(store, None, 1)
    commit(store, None, 2, time=START + DAY)
    model = made(store)
    model.update_agenda(NOW)
    model.agenda.done([w for queue in model.agenda.queues() for w in queue])

    model.rebuild(a_reference(store).layout, a_reference(store), store, info(store), NOW)
    model.update_agenda(NOW)

    assert len([w for queue in model.agenda.queues() for w in queue]) == 4


def test_a_reference_reads_back_as_it_was(store: DuckDBStore) -> None:
    given = a_reference(store)

    read = read_reference(store_reference(given))

    assert read is not None
    assert (read.layout, read.rows, read.created_at) == (given.layout, 100, NOW)
    np.testing.assert_array_equal(read.summaries.vector, given.summaries.vector)
    np.testing.assert_array_equal(read.summaries.extremes, given.summaries.extremes)


def test_a_reference_of_a_release_that_summarised_other_things_is_not_read(store: DuckDBStore) -> None:
    stored = store_reference(a_reference(store))

    assert read_reference(replace(stored, vector=stored.vector[:-8])) is None


# --- saving ----------------------------------------------------------------------------------------------------------


class Recorder:
    """Remembers what is written, in order; fails where it is told to."""

    def __init__(self, store: DuckDBStore, failing: str = "") -> None:
        self.written: list[str] = []
        self._store, self._failing = store, failing

    def put_state(self, key: str, value: str) -> None:
        self._put("state", key, value)

    def put_panes(self, *args: Any) -> None:
        self._put("panes", *args)

    def _put(self, what: str, *args: Any) -> None:
        self.written.append(what)
        if what == self._failing:
            raise StoreError("full")
        getattr(self._store, f"put_{what}")(*args)


def save(model: Monitored, store: Any, now: int = NOW, **more: Any) -> None:
    unsaved = model.unsaved(now, **({"needed_from": FOR_EVER} | more))
    if unsaved is not None:
        model.save(store, unsaved)


def test_what_is_due_is_saved_before_the_panes_that_make_it_due(store: DuckDBStore) -> None:
    commit(store, None, 1)
    recorder = Recorder(store)

    save(made(store), recorder)

    assert recorder.written == ["state", "panes"]


@pytest.mark.parametrize("failing", ["state", "panes"])
def test_what_could_not_be_saved_is_saved_the_next_time(store: DuckDBStore, failing: str) -> None:
    commit(store, None, 1)
    model = made(store)
    with pytest.raises(StoreError):
        save(model, Recorder(store, failing))

    save(model, store)

    marks, panes = store.panes(MODEL, model.layout.id)
    assert (marks, len(panes)) == (model.marks, 1)


def test_nothing_new_is_not_saved(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    save(model, store)
    recorder = Recorder(store)

    save(model, recorder)

    assert recorder.written == []


def test_marks_that_moved_without_a_pane_are_saved_now_and_then_and_at_the_end(store: DuckDBStore) -> None:
    commit(store, None, 1)
    model = made(store)
    save(model, store)
    store.append([reference()])
    model.absorb_truth(store, info(store), store.newest())
    recorder = Recorder(store)

    save(model, recorder, NOW + MINUTE)
    assert recorder.written == []
    save(model, recorder, NOW + 11 * MINUTE)
    assert recorder.written == ["state", "panes"]
    store.append([reference(name="other")])
    model.absorb_truth(store, info(store), store.newest())
    save(model, recorder, NOW + 12 * MINUTE, closing=True)

    assert recorder.written == ["state", "panes"] * 2
    assert store.panes(MODEL, model.layout.id)[0] == model.marks


def test_panes_are_made_ready_a_few_at_a_time(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitored, "PACKED_AT_ONCE", 10)
    for day in range(25):
        commit(store, None, day, time=START + day * DAY)
    model = made(store)
    calls = iter([False, False, True])

    assert not model.pack(lambda: next(calls))
    assert model.pack(lambda: False)
    assert rows(model) == 25


def test_a_long_history_merges_month_by_month(store: DuckDBStore) -> None:
    for day in range(100):
        commit(store, None, day, time=START + day * DAY)
    model = made(store)
    model.update_agenda(NOW)
    model.agenda.done([w for queue in model.agenda.queues() for w in queue])
    resolved = []
    for _ in range(4):
        save(model, store)
        resolved.append(sum(model.resolves(Window.holding(START + day * DAY, HOUR)) for day in range(100)))

    assert resolved == [80, 50, 20, 12]


def test_panes_merge_as_they_age_but_not_where_they_are_needed(store: DuckDBStore) -> None:
    for i in range(100):
        commit(store, None, i, time=START + i * HOUR // 2)
    commit(store, None, 1000, time=START + 20 * DAY)
    model = made(store)
    model.update_agenda(NOW)
    model.agenda.done([w for queue in model.agenda.queues() for w in queue])

    save(model, store, needed_from=START + 5 * DAY)
    assert len(model.pane_starts()) == 51  # hours, and the newest row
    save(model, store)

    assert len(model.pane_starts()) == 4  # days
    assert rows(model) == 101


# --- what to look at -------------------------------------------------------------------------------------------------


def test_a_window_is_resolved_as_long_as_its_panes_divide_it(store: DuckDBStore) -> None:
    for day in range(0, 30, 3):
        commit(store, None, day, time=START + day * DAY)
    model = made(store)
    model.update_agenda(NOW)
    model.agenda.done([w for queue in model.agenda.queues() for w in queue])
    save(model, store)

    old, young = Window.holding(START, HOUR), Window.holding(START + 27 * DAY, HOUR)
    assert [model.resolves(w) for w in (old, Window.holding(START, DAY), young)] == [False, True, True]
    assert not model.resolves(Window(young.start + MINUTE, young.end + MINUTE))


def test_trailing_windows_end_with_the_pane_of_now(store: DuckDBStore) -> None:
    clock = Clock(START + 7 * MINUTE)
    store.append([predictions(range(10), spread(10, START, 6 * MINUTE))])
    model = Monitored(MODEL, SETTINGS, plain_layout(info(store), CONFIG))
    assert model.trailing_windows(clock.now) == []
    model.restore(store, info(store), clock.now)

    end = START + 10 * MINUTE
    assert model.trailing_windows(clock.now) == [Window(end - HOUR, end), Window(end - DAY, end)]
