from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from miops_collector import monitored, watched
from miops_collector.engine import TICK_BUDGET_SECONDS, Engine
from miops_collector.errors import StoreError
from miops_collector.layout import Summaries
from miops_collector.report import ModelKey, Observation
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
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
    config,
    other_version,
    predictions,
    reference,
    spread,
    truth,
)

SETTINGS = StoreSettings(minimum_free_mib=1)
ROWS = "miops.window.rows"


class Spy(DuckDBStore):
    """A store that counts what it is asked, and fails when it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failing: dict[str, Exception] = {}
        super().__init__(None, SETTINGS)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]

    def put_panes(self, *args: Any, **more: Any) -> None:
        self._called("put_panes")
        super().put_panes(*args, **more)

    def put_many_panes(self, *args: Any, **more: Any) -> None:
        self._called("put_many_panes")
        super().put_many_panes(*args, **more)

    def put_observations(self, observations: Any) -> None:
        self._called("put_observations")
        super().put_observations(observations)

    def put_state(self, key: str, value: str) -> None:
        self._called("put_state")
        super().put_state(key, value)

    def truth_changes(self, *args: Any, **more: Any) -> Iterator[Any]:
        self._called("truth_changes")
        yield from super().truth_changes(*args, **more)


@pytest.fixture
def store() -> Iterator[Spy]:
    opened = Spy()
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(START + HOUR)


@pytest.fixture
def engine(store: Spy, clock: Clock) -> Engine:
    return Engine(store, CONFIG, clock=clock)


def again(store: Spy, clock: Clock, **changes: Any) -> Engine:
    """As after a crash."""
    engine = Engine(store, config(**changes), clock=clock)
    engine.restore()
    return engine


def rows_in(engine: Engine, model: ModelKey = MODEL) -> float:
    return engine._watched[model].model.window(Window(0, 2**62)).volume.rows


def stored(store: Spy, metric: str = ROWS, window: str = "1h") -> dict[Window, Observation]:
    found, _ = store.observations(ObservationQuery(metric=metric, window=window, limit=100_000))
    return {o.window: o for o in found}


def shown(engine: Engine, metric: str = ROWS, window: str = "1h") -> list[Observation]:
    return [o for o in engine.report.observations if o.metric == metric and o.window.label == window]


def settle(engine: Engine) -> int:
    """Tick until nothing waits; how many ticks that took."""
    for count in range(1, 2000):
        engine.tick()
        if engine.idle():
            return count
    raise AssertionError("the engine never comes to rest")


# --- ingest --------------------------------------------------------------------------------------------------------


def test_rows_are_in_the_report_of_the_next_tick(engine: Engine) -> None:
    engine.append([predictions(range(50), START + 10 * MINUTE)])

    engine.tick()

    assert [o.value for o in shown(engine)] == [50.0]


@pytest.mark.parametrize("enough", [20, 1000])
def test_a_failure_in_the_panes_fails_no_request_and_loses_no_row(
    engine: Engine, store: Spy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, enough: int
) -> None:
    engine.append([predictions(range(10), START)])
    engine.tick()
    _fail_at_second_call(monkeypatch)
    monkeypatch.setattr(monitored, "ENOUGH", enough)

    engine.append([predictions(range(10, 20), START), predictions(range(20, 30), START + MINUTE, more=[1.0] * 10)])
    if enough == 20:
        assert "could not be put into panes" in caplog.text
    else:
        with pytest.raises(ExceptionGroup):
            engine.tick()
    monkeypatch.undo()
    engine.close()  # what was added in part must not be saved
    engine.tick()

    assert rows_in(engine) == 30
    assert rows_in(again(store, Clock(START + HOUR))) == 30


def _fail_at_second_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter([False, True, True])
    real = monitored.summarise

    def summarise(*args: Any) -> Any:
        if next(calls):
            raise MemoryError
        return real(*args)

    monkeypatch.setattr(monitored, "summarise", summarise)


def test_rows_are_in_the_panes_even_if_what_is_due_cannot_be_noted(engine: Engine, store: Spy) -> None:
    engine.append([predictions(range(10), START)])
    store.failing["put_state"] = StoreError("full")

    with pytest.raises(StoreError, match="full"):
        engine.append([predictions(range(10, 20), START), reference()])
    store.failing.clear()
    engine.append([predictions(range(20, 30), START)])

    assert rows_in(engine) == 30


def test_repeats_are_counted_once_in_the_window_of_their_own_time(engine: Engine) -> None:
    engine.append([predictions([1, 1, 2], [START, START + 2 * HOUR, START])])
    engine.append([predictions([1, 2, 3], [START, START + 3 * HOUR, START])])

    def repeats(start: int) -> float:
        return float(engine._watched[MODEL].model.window(Window(start, start + HOUR)).volume.sums[4])

    assert [repeats(START + i * HOUR) for i in range(4)] == [1.0, 0.0, 1.0, 1.0]


def test_repeats_are_still_counted_after_a_new_layout(engine: Engine) -> None:
    engine.append([predictions(range(60), spread(60, START, HOUR))])
    engine.append([predictions(range(60), spread(60, START, HOUR))])

    engine.append([reference()])
    engine.tick()

    model = engine._watched[MODEL].model
    assert model.reference is not None
    assert model.window(Window(START, START + HOUR)).volume.sums[4] == 60


def test_a_model_that_cannot_be_loaded_keeps_no_other_from_starting(
    engine: Engine, store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModelKey("other", "1")
    engine.append([predictions(range(10), START), predictions(range(20), START, model=other)])
    real = monitored.Monitored.restore

    def restore(self: monitored.Monitored, *args: Any) -> None:
        if self.key == MODEL:
            raise ValueError("damaged")
        real(self, *args)

    monkeypatch.setattr(monitored.Monitored, "restore", restore)
    fresh = again(store, clock)

    with pytest.raises(ExceptionGroup) as caught:
        fresh.tick()
    assert "damaged" in str(caught.value.exceptions[0])
    assert [(o.model, o.value) for o in shown(fresh)] == [(other, 20.0)]
    monkeypatch.undo()
    fresh.tick()
    assert {(o.model, o.value) for o in shown(fresh)} == {(MODEL, 10.0), (other, 20.0)}


def test_the_writer_may_add_rows_while_everything_is_laid_out_anew(store: Spy, clock: Clock) -> None:
    """One thread commits, one ticks, while references come and go: every row is there once in the end."""
    engine = Engine(store, CONFIG, clock=clock)
    commits, size = 150, 7
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for i in range(commits):
                numbers = range(i * size, (i + 1) * size)
                engine.append(
                    [predictions(numbers, spread(size, START + i * MINUTE, MINUTE), **{f"new{i // 50}": [1.0] * size})]
                )
                if i % 5 == 0:
                    engine.append([truth(numbers, [i % 2] * size)])
                if i % 30 == 10:
                    engine.append([reference(60 + i, seed=i, name=f"r{i}")])
        except BaseException as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        engine.tick()
        engine.observe(MODEL, Window(START, START + HOUR))
    writer.join()
    settle(engine)

    assert failed == []
    volume = engine._watched[MODEL].model.window(Window(0, 2**62)).volume
    assert (volume.rows, volume.labelled) == (commits * size, commits // 5 * size)
    engine.close()
    assert rows_in(again(store, clock)) == commits * size


# --- references ----------------------------------------------------------------------------------------------------


def drifts(engine: Engine, model: ModelKey = MODEL) -> list[Observation]:
    return [o for o in engine.report.observations if o.metric == "miops.drift.psi" and o.model == model]


def test_a_reference_that_came_before_a_restart_is_adopted_after_it(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([predictions(range(50), START)])
    engine.append([reference()])

    fresh = again(store, clock)
    fresh.tick()

    assert {o.column for o in drifts(fresh)} >= {"x", "c", "g", "score", "prediction"}


def test_a_reference_of_every_version_serves_versions_that_have_none_of_their_own(engine: Engine) -> None:
    second, third = other_version(MODEL, "2"), other_version(MODEL, "3")
    engine.append([reference(100, name="own"), predictions(range(50), START)])
    engine.append([predictions(range(50, 100), START, model=second)])
    engine.append([reference(200, model=other_version(MODEL, ""), name="every")])
    engine.tick()
    engine.append([predictions(range(100, 150), START, model=third)])
    engine.tick()

    found = {m: engine._watched[m].model.reference for m in (MODEL, second, third)}
    assert {m: r.rows for m, r in found.items() if r} == {MODEL: 100, second: 200, third: 200}


def test_a_reference_of_another_release_is_summarised_again_from_its_rows(
    engine: Engine, store: Spy, clock: Clock
) -> None:
    engine.append([predictions(range(50), START), reference()])
    engine.tick()
    before = engine._watched[MODEL].model.reference
    stored = store.reference(MODEL)
    assert before is not None
    assert stored is not None

    store.put_reference(MODEL, replace(stored, vector=stored.vector[:-80]), None)
    fresh = again(store, clock)
    fresh.tick()

    found = fresh._watched[MODEL].model.reference
    assert found is not None
    np.testing.assert_array_equal(found.summaries.vector, before.summaries.vector)
    assert (found.layout.id, found.rows, found.sample) == (before.layout.id, before.rows, before.sample)
    assert store.reference(MODEL) == stored


def test_one_whose_rows_are_not_there_has_to_be_added_again(
    engine: Engine, store: Spy, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    engine.append([predictions(range(50), START), reference()])
    engine.tick()
    stored = store.reference(MODEL)
    assert stored is not None

    store.put_reference(MODEL, replace(stored, vector=stored.vector[:-80], rows=stored.rows + 1), None)
    fresh = again(store, clock)
    fresh.tick()

    assert fresh._watched[MODEL].model.reference is None
    assert "add it again" in caplog.text


def test_the_first_rows_are_a_reference_until_one_is_given(store: Spy, clock: Clock) -> None:
    engine = Engine(store, config(reference="auto", reference_rows=100), clock=clock)
    engine.append([predictions(range(99), START)])
    engine.tick()
    assert engine._watched[MODEL].model.reference is None

    engine.append([predictions(range(99, 150), START)])
    engine.tick()
    own = engine._watched[MODEL].model.reference
    assert own is not None
    assert (own.rows, own.layout.origin) == (100, "auto")

    engine.append([reference(300)])
    engine.tick()
    given = engine._watched[MODEL].model.reference
    assert given is not None
    assert (given.rows, given.layout.origin) == (300, "given")


@pytest.mark.parametrize("rows", [0, 10])
def test_a_reference_that_is_too_small_is_refused_once_and_stops_nothing(
    engine: Engine, rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    engine.append([predictions(range(50), START)])
    engine.append([reference(rows)])

    engine.tick()
    engine.tick()

    assert caplog.text.count("is too small") == 1
    assert [o.value for o in shown(engine)] == [50.0]
    assert engine.idle()


def test_a_reference_waits_while_the_store_cannot_take_it(
    engine: Engine, store: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.append([predictions(range(50), START), reference()])
    with monkeypatch.context() as patch:
        patch.setattr(store, "put_reference", _raising(StoreError("full")))
        with pytest.raises(ExceptionGroup):
            engine.tick()
        assert not engine.idle()

    engine.tick()

    assert drifts(engine)


def test_a_reference_that_makes_no_sense_is_reported_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.append([predictions(range(50), START), reference()])
    monkeypatch.setattr("miops_collector.engine.given_reference", _raising(ZeroDivisionError()))

    with pytest.raises(ExceptionGroup):
        engine.tick()

    assert [o.value for o in shown(engine)] == [50.0]
    engine.tick()


def _raising(error: Exception) -> Callable[..., Any]:
    def raising(*args: Any, **more: Any) -> Any:
        raise error

    return raising


def test_a_new_column_is_watched_from_its_first_row_on(engine: Engine) -> None:
    engine.append([predictions(range(20), START)])
    engine.tick()
    engine.append([predictions(range(20, 40), START, late=[1.0] * 20)])
    engine.tick()

    missing = [
        o for o in engine.report.observations if o.metric == "miops.quality.missing_share" and o.column == "late"
    ]
    assert {o.value for o in missing} == {0.5}


def test_new_columns_do_not_take_all_the_time(store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]
    engine = Engine(store, CONFIG, clock=clock, monotonic=lambda: seconds[0])
    rebuilt = []
    real = monitored.Monitored.rebuild

    def rebuild(self: monitored.Monitored, *args: Any) -> None:
        rebuilt.append(seconds[0])
        seconds[0] += 3.0
        real(self, *args)

    monkeypatch.setattr(monitored.Monitored, "rebuild", rebuild)
    for i in range(40):
        engine.append([predictions([i], START, **{f"new{i}": [1.0]})])
        seconds[0] += 1.0
        engine.tick()

    assert len(rebuilt) == 2  # 3 s of work, then 30 s of rest
    settle_after = seconds[0] = seconds[0] + 60
    engine.tick()
    assert rebuilt[-1] == settle_after


# --- tick ----------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_of_the_store_when_nothing_has_changed(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([predictions(range(50), START), reference()])
    settle(engine)
    clock.now += 30 * 10**9
    settle(engine)
    store.calls.clear()

    for _ in range(10):
        engine.tick()
        clock.now += 20 * 10**9

    assert store.calls == []


def test_only_what_changed_is_computed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.append([predictions(range(100), spread(100, START - 3 * DAY, 3 * DAY))])
    settle(engine)
    evaluated = _spy_on_evaluation(monkeypatch)

    engine.append([predictions([1000], START - 2 * DAY + 30 * MINUTE)])
    settle(engine)

    trailing = engine._watched[MODEL].model.trailing_windows(engine._clock())
    assert set(evaluated) - set(trailing) == {Window.holding(START - 2 * DAY, length) for length in (HOUR, DAY)}


def _spy_on_evaluation(monkeypatch: pytest.MonkeyPatch, cost: Callable[[], None] = lambda: None) -> list[Window]:
    evaluated: list[Window] = []

    def evaluate(context: Any, reference: object, current: Summaries) -> tuple[Observation, ...]:
        cost()
        evaluated.append(context.window)
        rows = current.volume.rows
        return (Observation(ROWS, context.model, context.window, rows, rows, "ok", context.computed_at),)

    monkeypatch.setattr(watched, "evaluate_all", evaluate)
    return evaluated


def backfill(engine: Engine, windows: int, model: ModelKey = MODEL) -> None:
    """One row in each of so many hours before the start."""
    engine.append([predictions(range(windows), START - np.arange(windows) * HOUR - HOUR // 2, model=model)])


def slow_engine(store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> tuple[Engine, list[Window], list[float]]:
    """An evaluation takes 50 ms."""
    seconds = [0.0]

    def cost() -> None:
        seconds[0] += 0.05

    engine = Engine(store, config(ageing={}), clock=clock, monotonic=lambda: seconds[0])
    return engine, _spy_on_evaluation(monkeypatch, cost), seconds


def test_a_backfill_is_computed_little_by_little_and_wholly(
    store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, evaluated, seconds = slow_engine(store, clock, monkeypatch)
    backfill(engine, 1000)
    longest, count = 0.0, 0
    while not engine.idle():
        started = seconds[0]
        engine.tick()
        longest, count = max(longest, seconds[0] - started), count + 1

    aligned = [w for w in evaluated if w == Window.holding(w.start, w.length)]
    hours = [w for w in aligned if w.length == HOUR]
    assert len(hours) == len(set(hours)) == 1000
    assert hours[1:] == sorted(hours[1:])
    assert longest <= TICK_BUDGET_SECONDS + 0.05 * 6
    assert count <= 1050 * 0.05 / TICK_BUDGET_SECONDS * 1.3
    assert len(stored(store)) == 1000


def test_a_backfill_keeps_no_other_model_waiting(store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, _, _ = slow_engine(store, clock, monkeypatch)
    others = [ModelKey(f"other{i}", "1") for i in range(5)]
    for i, model in enumerate(others[:2]):
        engine.append([predictions([i], START, model=model)])
    backfill(engine, 500)
    for i, model in enumerate(others[2:]):
        engine.append([predictions([100 + i], START, model=model)])

    engine.tick()

    assert {o.model for o in engine.report.observations} == {MODEL, *others}
    assert all(store.observations(ObservationQuery(model=m.name))[0] for m in others)
    assert all(engine._watched[m].model.agenda.is_empty for m in others)


def test_restating_everything_all_the_time_keeps_no_window_waiting(
    store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truth that comes for a month of predictions at once touches every window at every tick."""
    engine, evaluated, _ = slow_engine(store, clock, monkeypatch)
    backfill(engine, 200)
    settle(engine)
    evaluated.clear()

    for i in range(8):
        engine.append([truth(range(200), [float(i % 2)] * 200)])
        clock.now += 10 * MINUTE
        engine.append([predictions([10_000 + i], clock.now)])
        engine.tick()

    hours = {w for w in evaluated if w.length == HOUR}
    assert hours >= {Window.holding(START - i * HOUR - HOUR // 2, HOUR) for i in range(200)}
    assert Window.holding(clock.now, HOUR) in hours


@pytest.mark.parametrize("saved", [True, False])
def test_what_was_not_yet_computed_is_computed_after_a_restart(
    store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    engine, _, _ = slow_engine(store, clock, monkeypatch)
    backfill(engine, 300)
    engine.tick()
    clock.now += 60 * 10**9
    engine.tick()
    if saved:
        engine.close()

    settle(again(store, clock, ageing={}))

    assert len(stored(store)) == 300


def test_panes_do_not_merge_before_their_windows_are_computed(
    store: Spy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, _, _ = slow_engine(store, clock, monkeypatch)
    engine = Engine(store, config(ageing={"1d": "3d"}), clock=clock, monotonic=slow._monotonic)
    backfill(engine, 300)
    while not engine.idle():
        clock.now += 60 * 10**9
        engine.tick()

    found = stored(store)
    assert len(found) == 300
    assert {o.value for o in found.values()} == {1.0}
    engine.close()
    assert len(engine._watched[MODEL].model.pane_starts()) < 250


def test_panes_do_not_merge_before_their_windows_are_known_to_be_due(store: Spy, clock: Clock) -> None:
    engine = Engine(store, config(ageing={"1d": "3d"}), clock=clock)
    backfill(engine, 200)
    engine.close()

    settle(again(store, clock, ageing={"1d": "3d"}))

    assert len(stored(store)) == 200


def test_what_could_not_be_stored_is_computed_again(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([predictions(range(50), START)])
    store.failing["put_observations"] = StoreError("full")

    with pytest.raises(ExceptionGroup):
        engine.tick()
    assert [o.value for o in shown(engine)] == [50.0]
    assert not engine.idle()
    store.failing.clear()
    engine.tick()

    assert [o.value for o in stored(store).values()] == [50.0]


def test_panes_that_could_not_be_saved_are_saved_later(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([predictions(range(50), START)])
    store.failing["put_panes"] = StoreError("full")
    with pytest.raises(ExceptionGroup):
        engine.tick()
    store.failing.clear()
    engine.close()

    _, panes = store.panes(MODEL, engine._watched[MODEL].model.layout.id)
    assert len(panes) == 1


def test_one_model_that_fails_does_not_look_alive(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModelKey("other", "1")
    engine.append([predictions(range(50), START), predictions(range(20), START, model=other)])
    engine.tick()
    real = watched.evaluate_all

    def evaluate(context: Any, *args: Any) -> Any:
        if context.model == MODEL:
            raise ZeroDivisionError
        return real(context, *args)

    monkeypatch.setattr(watched, "evaluate_all", evaluate)
    clock.now += 10 * MINUTE
    engine.append([predictions([1000], clock.now), predictions([1001], clock.now, model=other)])
    with pytest.raises(ExceptionGroup):
        engine.tick()

    assert {o.model for o in engine.report.observations} == {other}


# --- windows and time ----------------------------------------------------------------------------------------------


def test_the_last_window_of_an_idle_model_closes(engine: Engine, store: Spy, clock: Clock) -> None:
    clock.now = START
    engine.append([predictions(range(50), START)])
    clock.now = START + 59 * MINUTE
    engine.tick()
    assert not stored(store)[Window(START, START + HOUR)].complete

    clock.now = START + HOUR + MINUTE
    engine.tick()

    assert stored(store)[Window(START, START + HOUR)].complete


def test_a_window_that_closed_while_the_collector_was_down_is_closed_after_it(
    engine: Engine, store: Spy, clock: Clock
) -> None:
    engine.append([predictions(range(50), START + 50 * MINUTE)])
    clock.now = START + 51 * MINUTE
    engine.tick()
    clock.now += 5 * HOUR
    fresh = again(store, clock)
    fresh.tick()
    clock.now += 20 * MINUTE

    fresh.tick()

    assert stored(store)[Window(START, START + HOUR)].complete


def test_a_replay_closes_its_windows_in_event_time(engine: Engine, store: Spy, clock: Clock) -> None:
    clock.now = START + 1000 * DAY
    engine.append([predictions(range(480), spread(480, START, 2 * DAY))])

    settle(engine)

    assert [o.complete for _, o in sorted(stored(store).items())] == [True] * 47 + [False]


def test_one_fast_clock_ruins_no_gauge_and_closes_no_window(engine: Engine, store: Spy, clock: Clock) -> None:
    clock.now = START + 30 * MINUTE
    engine.append([predictions(range(50), START + 29 * MINUTE)])
    engine.append([predictions([1000], START + 23 * HOUR)])

    settle(engine)

    assert [o.value for o in shown(engine)] == [50.0]
    assert not stored(store)[Window(START, START + HOUR)].complete


def test_late_rows_restate_their_own_window(engine: Engine, store: Spy, clock: Clock) -> None:
    clock.now = START + 3 * HOUR
    engine.append([predictions(range(50), START), predictions(range(50, 60), START + 3 * HOUR)])
    engine.tick()
    clock.now += MINUTE
    engine.append([predictions([1000], START + 30 * MINUTE)])
    engine.tick()

    restated = stored(store)[Window(START, START + HOUR)]
    assert (restated.value, restated.computed_at, restated.complete) == (51.0, clock.now, True)


def test_a_model_without_rows_disappears(engine: Engine, clock: Clock) -> None:
    engine.append([predictions(range(50), START + HOUR)])
    engine.tick()
    assert len(shown(engine, window="1h")) == len(shown(engine, window="1d")) == 1

    clock.now = START + 3 * HOUR
    engine.tick()
    assert (len(shown(engine, window="1h")), len(shown(engine, window="1d"))) == (0, 1)

    clock.now = START + 2 * DAY
    engine.tick()
    assert engine.report.observations == ()


def test_no_gauge_ever_shows_a_window_that_has_passed(engine: Engine, clock: Clock) -> None:
    for step in range(40):
        if step < 10:
            engine.append([predictions(range(step * 5, step * 5 + 5), clock.now)])
        clock.now += 7 * MINUTE
        engine.tick()

        for o in engine.report.observations:
            assert clock.now - MINUTE < o.window.end + MINUTE
            assert o.window.end <= clock.now + 5 * MINUTE


def test_truth_is_in_the_performance_of_its_prediction_s_window(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([reference()])
    engine.append([predictions(range(50), START)])
    clock.now = START + 2 * DAY
    settle(engine)
    engine.append([truth(range(40), [1.0] * 40)])
    settle(engine)

    share = stored(store, "miops.window.labelled_share")[Window(START, START + HOUR)]
    assert share.value == 0.8


# --- the end -------------------------------------------------------------------------------------------------------


def test_closing_saves_marks_so_that_nothing_is_read_again(engine: Engine, store: Spy, clock: Clock) -> None:
    engine.append([predictions(range(50), START)])
    settle(engine)
    engine.append([predictions(range(50), START, model=ModelKey("other", "1"))])
    settle(engine)
    engine.close()

    marks, _ = store.panes(MODEL, engine._watched[MODEL].model.layout.id)
    assert marks.truth == store.newest()


def test_one_model_that_cannot_be_saved_keeps_no_other_from_it(
    engine: Engine, store: Spy, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModelKey("other", "1")
    engine.append([predictions(range(50), START), predictions(range(5), START, model=other)])
    real = store.put_panes

    def put_panes(model: ModelKey, *args: Any) -> None:
        if model == MODEL:
            raise StoreError("full")
        real(model, *args)

    monkeypatch.setattr(store, "put_panes", put_panes)
    store.failing["put_many_panes"] = StoreError("full")

    with caplog.at_level(logging.ERROR), pytest.raises(ExceptionGroup):
        engine.close()

    assert store.panes(other, engine._watched[other].model.layout.id)[1]
