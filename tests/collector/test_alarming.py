from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from miops_collector import scanning, watched
from miops_collector.config import AlarmConfig, RuleConfig
from miops_collector.engine import Engine
from miops_collector.report import Alert, Observation
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ModelInfo, ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import (
    DAY,
    HOUR,
    MINUTE,
    MODEL,
    START,
    Clock,
    _truths,
    config,
    other_version,
    predictions,
    reference,
    spread,
    truth,
)

ROWS_AN_HOUR = 60
FAR = 500.0
"""Added to ``x``: beyond everything the reference has."""


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(START + 1000 * DAY)


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """Every window the drift scan has looked at, in order."""
    seen: list[Window] = []
    real = scanning.drift_findings

    def findings(evidence: Any, *, model: Any, window: Window) -> Any:
        seen.append(window)
        return real(evidence, model=model, window=window)

    monkeypatch.setattr(scanning, "drift_findings", findings)
    return seen


@pytest.fixture
def unevaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the scan is looked at, and windows cost nothing."""
    monkeypatch.setattr(watched, "evaluate_all", lambda *_: ())


def started(store: DuckDBStore, clock: Clock, **changes: Any) -> Engine:
    engine = Engine(store, config(**changes), clock=clock)
    engine.restore()
    return engine


def serve(engine: Engine, first: int, hours: int, *, shift: float = 0.0, rows: int = ROWS_AN_HOUR) -> None:
    """So many rows in each of these hours."""
    numbers = range(first * 1000, first * 1000 + hours * rows)
    engine.append([predictions(numbers, spread(hours * rows, START + first * HOUR, hours * HOUR), shift=shift)])


def settle(engine: Engine) -> None:
    for _ in range(200):
        engine.tick()
        if engine.idle():
            return
    raise AssertionError("the engine never comes to rest")


def hours(*numbers: int) -> list[Window]:
    return [Window(START + n * HOUR, START + (n + 1) * HOUR) for n in numbers]


def about(engine: Engine, column: str, rule: str = "drift") -> list[Alert]:
    return [a for a in engine.report.alerts if (a.rule, a.column) == (rule, column)]


def statuses(store: DuckDBStore, metric: str, column: str = "", window: str = "1h") -> dict[Window, str]:
    query = ObservationQuery(metric=metric, column=column, window=window, limit=100_000)
    return {o.window: o.status for o in store.observations(query)[0]}


def shown(engine: Engine, metric: str, column: str = "", window: str = "1h") -> list[Observation]:
    return [o for o in engine.report.observations if (o.metric, o.column, o.window.label) == (metric, column, window)]


# --- scanning ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unevaluated")
def test_every_window_is_scanned_once_in_the_order_of_event_time(
    store: DuckDBStore, clock: Clock, scanned: list[Window]
) -> None:
    engine = started(store, clock)
    engine.append([reference()])
    serve(engine, 0, 300, rows=4)

    settle(engine)
    settle(engine)

    assert scanned == hours(*range(299))


@pytest.mark.usefixtures("unevaluated")
def test_hours_without_rows_are_passed_over(store: DuckDBStore, clock: Clock, scanned: list[Window]) -> None:
    engine = started(store, clock)
    engine.append([reference()])
    for first in (0, 5, 400):
        serve(engine, first, 2)
    settle(engine)
    serve(engine, 405, 2)
    settle(engine)

    assert scanned == hours(0, 1, 5, 6, 400, 401, 405)


@pytest.mark.usefixtures("unevaluated")
def test_late_rows_are_not_scanned_again(store: DuckDBStore, clock: Clock, scanned: list[Window]) -> None:
    engine = started(store, clock)
    engine.append([reference()])
    serve(engine, 10, 5)
    settle(engine)
    serve(engine, 3, 1)
    serve(engine, 11, 1)
    settle(engine)

    assert scanned == hours(10, 11, 12, 13)


@pytest.mark.parametrize("saved", [True, False])
def test_a_restart_goes_on_where_it_was(store: DuckDBStore, clock: Clock, scanned: list[Window], saved: bool) -> None:
    engine = started(store, clock)
    engine.append([reference()])
    serve(engine, 0, 5)
    settle(engine)
    clock.now += 60 * 10**9
    settle(engine)
    if saved:
        engine.close()
    engine = started(store, clock)
    serve(engine, 5, 5)
    settle(engine)

    assert scanned == hours(*range(9))


def test_a_live_window_is_not_scanned_before_it_is_complete(
    store: DuckDBStore, clock: Clock, scanned: list[Window]
) -> None:
    clock.now = START + 50 * MINUTE
    engine = started(store, clock)
    engine.append([reference()])
    serve(engine, 0, 1)
    settle(engine)
    assert scanned == []

    clock.now = START + HOUR + 12 * MINUTE
    settle(engine)

    assert scanned == hours(0)


@pytest.mark.usefixtures("unevaluated")
def test_panes_that_have_merged_are_not_taken_for_one_window(
    store: DuckDBStore, clock: Clock, scanned: list[Window]
) -> None:
    """The state was lost: what is left of old hours is whole days, which no hour may be said to be."""
    merging = {"ageing": {"1d": "3d"}}
    engine = started(store, clock, **merging)
    engine.append([reference()])
    serve(engine, 0, 400, rows=4)
    settle(engine)
    engine.close()
    scanned.clear()
    store.put_state(json.dumps(["alarms", MODEL.name, MODEL.version]), "")

    settle(started(store, clock, **merging))

    assert scanned[0].start > START
    assert scanned == hours(*range((scanned[0].start - START) // HOUR, 399))


def test_a_look_back_is_only_as_long_as_there_have_been_rows(
    store: DuckDBStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[list[int]] = []
    real = scanning.Scan.evaluate

    def evaluate(self: Any, look_backs: Any) -> Any:
        counts.append([n for n, _ in look_backs])
        assert [s.volume.rows for _, s in look_backs] == [n * 4 for n, _ in look_backs]
        return real(self, look_backs)

    monkeypatch.setattr(scanning.Scan, "evaluate", evaluate)
    engine = started(store, clock, alarms=AlarmConfig(dependence="none"))
    engine.append([reference()])
    serve(engine, 0, 171, rows=4)
    settle(engine)

    assert [len(c) for c in counts] == [1, 2, 2, *[3] * 4, *[4] * 16, *[5] * 144, *[6] * 3]


# --- alarms --------------------------------------------------------------------------------------------------------


def drifting(store: DuckDBStore, clock: Clock, **changes: Any) -> Engine:
    """Ten quiet hours, then a column far out for five."""
    engine = started(store, clock, **changes)
    engine.append([reference()])
    serve(engine, 0, 10)
    settle(engine)
    serve(engine, 10, 5, shift=FAR)
    serve(engine, 16, 1, shift=FAR, rows=1)
    settle(engine)
    return engine


def test_a_drift_alarm_names_its_column_and_shows_predictions(store: DuckDBStore, clock: Clock) -> None:
    engine = drifting(store, clock)

    (alert,) = about(engine, "x")
    assert (alert.state, alert.since) == ("firing", START + 10 * HOUR)
    assert alert is engine.report.alerts[0]
    assert len(alert.examples) == 5
    shifted = [store.prediction(example) for example in alert.examples]
    assert all(p is not None and p["features"]["x"] >= FAR for p in shifted)


def test_an_alarm_closes_when_the_column_is_quiet_again(store: DuckDBStore, clock: Clock) -> None:
    engine = drifting(store, clock, windows=("1h",))
    serve(engine, 17, 40)
    settle(engine)

    (alert,) = about(engine, "x")
    assert alert.state == "resolved"


def outcome(lost: str = "") -> list[tuple[object, ...]]:
    """Alarms of a history with a crash in it after which this was not saved."""
    rule = RuleConfig(name="wrong", metric="miops.performance.accuracy", comparison="<", threshold=0.7)
    alarms = config().alarms.model_copy(update={"rules": (rule,)})
    store, clock = DuckDBStore(None, StoreSettings(minimum_free_mib=1)), Clock(START + 1000 * DAY)
    engine = drifting(store, clock, alarms=alarms)
    engine.append([truth(range(10_000, 10_250), [0.0] * 250)])
    settle(engine)
    if lost:
        _save_but(engine, store, lost)
        engine = started(store, clock, alarms=alarms)
    serve(engine, 17, 3, shift=FAR)
    settle(engine)
    store.close()
    return [(a.identity, a.state, a.since, a.until, a.window, a.value) for a in engine.report.alerts]


@pytest.fixture(scope="module")
def undisturbed() -> list[tuple[object, ...]]:
    return outcome()


@pytest.mark.parametrize("lost", ["agenda", "panes", "alarms", "all"])
def test_alarms_are_the_same_whatever_a_crash_left_unsaved(lost: str, undisturbed: list[tuple[object, ...]]) -> None:
    """The book may be older than the panes, or the panes older than the book."""
    assert outcome(lost) == undisturbed
    assert {"drift", "wrong"} <= {identity[0] for identity, *_ in undisturbed}  # type: ignore[index]


def _save_but(engine: Engine, store: DuckDBStore, lost: str) -> None:
    real_state, real_panes = store.put_state, store.put_panes
    if lost in ("panes", "all"):
        store.put_panes = lambda *_: None  # type: ignore[method-assign]
    if lost != "panes":
        store.put_state = (  # type: ignore[method-assign]
            lambda key, value: None if lost == "all" or f'"{lost}"' in key else real_state(key, value)
        )
    engine.close()
    store.put_state, store.put_panes = real_state, real_panes  # type: ignore[method-assign]


def test_another_reference_starts_the_alarms_anew(store: DuckDBStore, clock: Clock, scanned: list[Window]) -> None:
    engine = drifting(store, clock)
    scanned.clear()

    engine.append([reference(300, seed=1, name="other")])
    settle(engine)

    assert scanned == hours(*range(15))
    assert len(about(engine, "x")) == 1


def test_the_same_reference_again_starts_nothing_anew(store: DuckDBStore, clock: Clock, scanned: list[Window]) -> None:
    engine = drifting(store, clock)
    engine.close()
    before = engine.report.alerts
    scanned.clear()

    engine.append([reference(name="again")])
    settle(engine)

    assert scanned == []
    assert engine.report.alerts == before


def test_new_columns_of_a_model_without_reference_keep_its_alarms(store: DuckDBStore, clock: Clock) -> None:
    rule = RuleConfig(name="few", metric="miops.window.rows", comparison="<", threshold=1000.0)
    rules = config().alarms.model_copy(update={"rules": (rule,)})
    engine = started(store, clock, alarms=rules)
    serve(engine, 0, 3)
    settle(engine)
    engine.append([predictions([9_999_999], START + 3 * HOUR, late=[1.0])])
    settle(engine)
    engine.close()
    engine = started(store, clock, alarms=rules)
    engine.tick()

    assert [(a.rule, a.since) for a in engine.report.alerts if a.window.label == "1h"] == [("few", START)]


def test_without_the_defaults_only_rules_of_ones_own_alarm(
    store: DuckDBStore, clock: Clock, scanned: list[Window]
) -> None:
    rule = RuleConfig.model_validate(
        {"name": "mine", "metric": "miops.drift.psi", "threshold": 0.5, "match": {"column": "x"}, "for": "2h"}
    )
    alarms = config().alarms.model_copy(update={"rules": (rule,), "defaults": False})
    engine = drifting(store, clock, alarms=alarms, windows=("1h",), ageing={"1d": "3d"})

    assert scanned == []
    assert [(a.rule, a.column, a.state, a.since) for a in engine.report.alerts] == [
        ("mine", "x", "firing", START + 10 * HOUR)
    ]
    serve(engine, 500, 2)
    settle(engine)
    engine.close()
    assert len(engine._watched[MODEL].model.pane_starts()) < 50


def test_one_rule_on_two_lengths_is_two_alarms(store: DuckDBStore, clock: Clock) -> None:
    rule = RuleConfig(name="few", metric="miops.window.rows", comparison="<", threshold=1e6)
    engine = started(store, clock, alarms=config().alarms.model_copy(update={"rules": (rule,)}))
    serve(engine, 0, 50, rows=4)
    settle(engine)

    assert sorted(a.window.label for a in engine.report.alerts) == ["1d", "1h"]


def test_alarms_of_two_versions_are_told_apart(store: DuckDBStore, clock: Clock) -> None:
    engine = drifting(store, clock)
    second = other_version(MODEL, "2")
    engine.append([reference(model=second, name="second")])
    engine.append([predictions(np.arange(600) + 10**7, spread(600, START, 12 * HOUR), model=second)])
    settle(engine)

    assert {a.model for a in engine.report.alerts if a.column == "x"} == {MODEL}


# --- statuses ------------------------------------------------------------------------------------------------------


def test_drifted_windows_are_marked_in_every_drift_statistic(store: DuckDBStore, clock: Clock) -> None:
    drifting(store, clock)

    found = statuses(store, "miops.drift.psi", "x")
    assert [found[w] for w in hours(8, 9)] == ["ok", "ok"]
    assert [found[w] for w in hours(10, 11, 12, 13, 14)] == ["alert"] * 5
    assert set(statuses(store, "miops.drift.psi", "c").values()) <= {"ok", "insufficient_data"}


def test_windows_computed_before_their_scan_are_marked_after_it(
    store: DuckDBStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan of 5 ms and an evaluation of 50 ms, both in their halves of a tick, do not keep pace with one another."""
    monkeypatch.setattr(scanning, "SCANS_PER_TICK", 1)
    engine = started(store, clock)
    engine.append([reference()])
    serve(engine, 0, 10)
    serve(engine, 10, 5, shift=FAR)
    serve(engine, 16, 1, rows=1)

    settle(engine)

    found = statuses(store, "miops.drift.psi", "x")
    assert [found[w] for w in hours(*range(15))] == ["ok"] * 10 + ["alert"] * 5


def test_a_restated_window_keeps_its_status(store: DuckDBStore, clock: Clock) -> None:
    engine = drifting(store, clock)
    serve(engine, 17, 60)
    settle(engine)
    before = statuses(store, "miops.drift.psi", "x")

    engine.append([truth(range(10_000, 10_100), [1.0] * 100)])
    settle(engine)

    assert statuses(store, "miops.drift.psi", "x") == before
    assert before[hours(11)[0]] == "alert"


def test_a_gauge_says_alert_as_long_as_the_column_drifts(store: DuckDBStore, clock: Clock) -> None:
    """In every minute of the hour, also in those in which the newest window has not been scanned yet."""
    clock.now = START
    engine = started(store, clock)
    engine.append([reference()])
    found = []
    for step in range(36):
        clock.now = START + step * 5 * MINUTE
        numbers = range(step * 100, step * 100 + 30)
        engine.append([predictions(numbers, clock.now - MINUTE, shift=FAR)])
        engine.tick()
        found.append({o.status for o in shown(engine, "miops.drift.psi", "x")})

    first = found.index({"alert"})
    assert first <= 14
    assert found[first:] == [{"alert"}] * (36 - first)


def test_a_gauge_shows_the_open_alarm_of_its_series(store: DuckDBStore, clock: Clock) -> None:
    rule = RuleConfig(name="few", metric="miops.window.rows", comparison="<", threshold=50.0, match={"window": "1h"})
    engine = started(store, clock, alarms=config().alarms.model_copy(update={"rules": (rule,)}))
    serve(engine, 0, 3, rows=20)
    settle(engine)

    assert [o.status for o in shown(engine, "miops.window.rows")] == ["alert"]
    assert [o.status for o in shown(engine, "miops.window.rows", window="1d")] == ["ok"]


def test_what_is_stored_of_a_window_that_goes_on_is_what_its_gauge_shows(store: DuckDBStore, clock: Clock) -> None:
    """Truth of the hour before opens its alarm after this hour was evaluated."""
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 3, rows=400)
    told, verdict = _truths(np.arange(1200)), "miops.verdict.concept_drift"
    engine.append([truth(range(1200), told.tolist())])
    settle(engine)
    before = statuses(store, verdict)[hours(2)[0]]
    engine.append([truth(range(400, 800), (1.0 - told[400:800]).tolist())])
    settle(engine)

    assert (before, statuses(store, verdict)[hours(2)[0]]) == ("ok", "alert")
    assert [o.status for o in shown(engine, verdict)] == ["alert"]


def test_an_alarm_that_closes_is_not_left_on_a_window_that_goes_on(store: DuckDBStore, clock: Clock) -> None:
    rule = RuleConfig(name="bad", metric="miops.performance.accuracy", comparison="<", threshold=0.5)
    alarms = AlarmConfig(rules=(rule,), defaults=False)
    engine = started(store, clock, alarms=alarms)
    engine.append([reference()])
    serve(engine, 0, 3, rows=400)
    told = _truths(np.arange(1200))
    engine.append([truth(range(1200), told.tolist())])
    found = []
    for i, changed in enumerate((told, 1.0 - told, told)):
        engine.append([truth(range(400, 800), changed[400:800].tolist(), time=START + i * MINUTE)])
        settle(engine)
        found.append(statuses(store, "miops.performance.accuracy")[hours(2)[0]])

    assert found == ["ok", "alert", "ok"]


# --- state ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unevaluated")
def test_state_stays_small_over_a_long_life(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock, windows=("1h",), ageing={})
    engine.append([reference()])
    for i in range(15):
        serve(engine, i * 20, 10, rows=40)
        serve(engine, i * 20 + 10, 10, rows=40, shift=FAR)
    settle(engine)
    engine.close()

    text = store.state(json.dumps(["alarms", MODEL.name, MODEL.version]))
    agenda = store.state(json.dumps(["agenda", MODEL.name, MODEL.version]))
    assert 0 < len(text) < 60_000
    assert len(agenda) < 500


def test_nothing_is_written_when_nothing_has_changed(store: DuckDBStore, clock: Clock, monkeypatch: Any) -> None:
    engine = drifting(store, clock)
    engine.close()
    written: list[str] = []
    monkeypatch.setattr(store, "put_state", lambda key, value: written.append(key))

    engine.close()

    assert written == []


# --- the budget ----------------------------------------------------------------------------------------------------


def test_versions_in_use_share_the_budget_of_their_model(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    other = other_version(MODEL, "2")
    engine.append([reference(), reference(model=other)])
    serve(engine, 0, 2)
    settle(engine)
    alone = engine._watched[MODEL]._alarming
    assert alone is not None
    assert alone.scanning.scan is not None
    level = alone.scanning.scan.settings.alpha

    engine.append([predictions(range(10**6, 10**6 + 60), spread(60, START + HOUR, HOUR), model=other)])
    settle(engine)

    for key in (MODEL, other):
        shared = engine._watched[key]._alarming
        assert shared is not None
        assert shared.scanning.scan is not None
        assert shared.scanning.scan.settings.alpha == pytest.approx(level / 2)
    assert {(p.model, p.per_month, p.versions) for p in engine.report.plans} == {(MODEL, 0.5, 2), (other, 0.5, 2)}


def test_a_version_that_is_silent_for_a_month_leaves_its_part_to_the_others() -> None:
    def info(version: str, last: int) -> ModelInfo:
        return ModelInfo(other_version(MODEL, version), last_seen=last)

    models = [info("1", 10 * DAY), info("2", 35 * DAY), info("3", 41 * DAY), info("4", 0)]

    assert watched.versions_in_use(models) == {MODEL.name: 2}
    assert watched.versions_in_use([info("1", 0)]) == {MODEL.name: 1}


# --- silence -------------------------------------------------------------------------------------------------------


def silent(engine: Engine) -> list[str]:
    return [a.state for a in engine.report.alerts if a.rule == "silence"]


@pytest.mark.usefixtures("unevaluated")
def test_a_model_that_falls_silent_raises_an_alarm_until_rows_come(store: DuckDBStore, clock: Clock) -> None:
    clock.now = START + 60 * HOUR
    engine = started(store, clock)
    serve(engine, 0, 60, rows=4)
    settle(engine)
    assert silent(engine) == []

    clock.now += 5 * HOUR
    settle(engine)
    assert silent(engine) == []

    clock.now += 4 * HOUR
    settle(engine)
    assert silent(engine) == ["firing"]

    serve(engine, 69, 2, rows=4)
    clock.now += 3 * HOUR
    settle(engine)
    assert silent(engine) == ["resolved"]


@pytest.mark.usefixtures("unevaluated")
def test_a_version_that_another_one_has_replaced_is_not_missed(store: DuckDBStore, clock: Clock) -> None:
    clock.now = START + 60 * HOUR
    engine = started(store, clock)
    serve(engine, 0, 60, rows=4)
    times = spread(40, START + 60 * HOUR, 10 * HOUR)
    engine.append([predictions(range(10**6, 10**6 + 40), times, model=other_version(MODEL, "2"))])
    clock.now += 10 * HOUR
    settle(engine)

    assert silent(engine) == []


@pytest.mark.usefixtures("unevaluated")
def test_silence_may_be_what_is_wanted(store: DuckDBStore, clock: Clock) -> None:
    clock.now = START + 60 * HOUR
    engine = started(store, clock, alarms=AlarmConfig(silence=False))
    serve(engine, 0, 60, rows=4)
    settle(engine)
    clock.now += 20 * HOUR
    settle(engine)

    assert silent(engine) == []
