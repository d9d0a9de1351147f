from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from miops_collector import watched
from miops_collector.config import AlarmConfig
from miops_collector.engine import Engine
from miops_collector.labelled import Labelled, Losses
from miops_collector.report import Alert
from miops_collector.scanning import Scanning
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import DAY, HOUR, START, Clock, _truths, config, predictions, reference, spread, truth
from tests.collector.test_alarming import settle

ROWS_AN_HOUR = 100


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(START + 1000 * DAY)


def started(store: DuckDBStore, clock: Clock, **alarms: Any) -> Engine:
    engine = Engine(store, config(alarms=AlarmConfig(**alarms)), clock=clock)
    engine.restore()
    return engine


def numbers(first: int, hours: int) -> list[int]:
    return list(range(first * ROWS_AN_HOUR, (first + hours) * ROWS_AN_HOUR))


def serve(engine: Engine, first: int, hours: int) -> None:
    chosen = numbers(first, hours)
    engine.append([predictions(chosen, spread(len(chosen), START + first * HOUR, hours * HOUR))])


def tell(engine: Engine, chosen: Sequence[int], *, worse: bool = False) -> None:
    """Their truth; where it is ``worse`` every other is the contrary."""
    values = _truths(np.array(chosen))
    if worse:
        values = np.where(np.arange(len(values)) % 2 == 0, 1.0 - values, values)
    engine.append([truth(list(chosen), values.tolist())])


def tell_better(engine: Engine, chosen: Sequence[int]) -> None:
    """Truth by which every other decision is right, whatever else it would have been."""
    decided = predictions(chosen, START).table["value_number"].to_numpy()
    values = np.where(np.arange(len(decided)) % 2 == 0, decided, _truths(np.array(chosen)))
    engine.append([truth(list(chosen), values.tolist())])


def about_accuracy(engine: Engine) -> list[Alert]:
    return [a for a in engine.report.alerts if (a.rule, a.metric) == ("performance", "miops.performance.accuracy")]


@pytest.fixture
def only_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but truth is looked at, so that many windows cost little."""
    monkeypatch.setattr(watched, "evaluate_all", lambda *_: ())
    monkeypatch.setattr(Scanning, "may_be_due", lambda *_: False)


def detector(engine: Engine) -> Labelled:
    (watched,) = engine._watched.values()
    assert watched._alarming is not None
    return watched._alarming.labelled


def test_truth_as_good_as_the_references_is_no_alarm(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 40))
    settle(engine)

    assert about_accuracy(engine) == []
    assert detector(engine)._labels == 39 * ROWS_AN_HOUR


def test_worse_truth_raises_an_alarm_that_says_all_of_it(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 20))
    tell(engine, numbers(20, 20), worse=True)
    settle(engine)

    (alert,) = about_accuracy(engine)
    assert alert.state == "firing"
    assert START + 20 * HOUR <= alert.since <= START + 24 * HOUR
    assert alert.value < alert.threshold < alert.evidence["reference"]
    wanted = {"statistic", "effect", "effect_low", "effect_high", "n", "n_reference", "dispersion", "e_value"}
    assert wanted <= alert.evidence.keys()
    assert float(alert.evidence["effect_high"]) < 0.0
    json.dumps(dict(alert.evidence), allow_nan=False)


def test_a_window_waits_for_nine_of_ten_labels(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 30)
    tell(engine, numbers(0, 1)[:89])
    tell(engine, numbers(1, 1)[:90])
    settle(engine)

    assert detector(engine)._labels == 90


def test_after_a_week_labels_count_as_they_are_and_later_ones_together(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 1)
    serve(engine, 24 * 8, 2)
    tell(engine, numbers(0, 1)[:10])
    settle(engine)
    assert detector(engine)._labels == 10

    tell(engine, numbers(0, 1)[10:30])
    settle(engine)
    tell(engine, numbers(0, 1)[30:50])
    settle(engine)
    assert detector(engine)._labels == 30

    serve(engine, 24 * 8 + 2, 2)
    settle(engine)
    assert detector(engine)._labels == 50


def test_no_label_counts_twice_after_a_restart(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 20))
    settle(engine)
    engine.close()

    again = started(store, clock)
    tell(again, numbers(20, 10))
    settle(again)

    assert detector(again)._labels == 30 * ROWS_AN_HOUR
    assert detector(again)._evidence.log_value > -50.0


def test_without_truth_of_the_reference_nothing_is_claimed(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    serve(engine, 0, 40)
    tell(engine, numbers(0, 40), worse=True)
    settle(engine)

    assert about_accuracy(engine) == []
    assert np.isnan(detector(engine).bound)


def drifting(engine: Engine, right: int, worse: int) -> None:
    """So many hours of truth as in the reference, then so many in which every other is the contrary."""
    engine.append([reference(5000)])
    serve(engine, 0, right + worse)
    tell(engine, numbers(0, right))
    tell(engine, numbers(right, worse), worse=True)
    settle(engine)


def stated(engine: Engine) -> float:
    (alert,) = about_accuracy(engine)
    return float(alert.evidence["dispersion"])


@pytest.mark.usefixtures("only_truth")
def test_drift_does_not_pass_for_dependence(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    drifting(engine, 60, 40)

    assert 1.0 <= detector(engine)._dispersion < 1.5
    assert stated(engine) == detector(engine)._dispersion
    assert detector(engine)._worse_since == START + 60 * HOUR


@pytest.mark.usefixtures("only_truth")
def test_drift_before_anything_could_be_learned_leaves_rows_independent(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    drifting(engine, 20, 80)

    assert stated(engine) == 1.0


@pytest.mark.usefixtures("only_truth")
def test_rows_declared_independent_are_taken_to_be(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock, dependence="none")
    engine.append([reference(5000)])
    serve(engine, 0, 100)
    for first in range(0, 100, 2):
        tell(engine, numbers(first, 1), worse=first % 8 == 0)
        tell(engine, numbers(first + 1, 1))
    settle(engine)

    assert detector(engine)._dispersion == 1.0


def test_what_was_learned_does_not_count_once_rows_are_declared_independent(store: DuckDBStore, clock: Clock) -> None:
    detector_of = {
        "dispersion": 26.0,
        "measured_at": 1,
        "counted": [],
        "evidence": [None] * 5,
        "labels": 0,
        "late_at": 0,
    }
    declared, learning = (Labelled(None, window=HOUR, waits=DAY, learns=learns) for learns in (False, True))
    declared.load(detector_of)
    learning.load(detector_of)

    assert (declared._dispersion, learning._dispersion) == (1.0, 26.0)


@pytest.mark.usefixtures("only_truth")
def test_bad_hours_that_end_are_learned_from(store: DuckDBStore, clock: Clock) -> None:
    """A season's worse hours are dependence: were they left out, they would alarm every time."""
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 101)
    for first in range(0, 100, 10):
        tell(engine, numbers(first, 2), worse=True)
        tell(engine, numbers(first + 2, 8))
    settle(engine)

    assert detector(engine)._worse_since == 0
    assert detector(engine)._dispersion > 5.0


@pytest.mark.usefixtures("only_truth")
def test_after_a_week_of_drift_only_what_came_since_is_learned_from(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 261)
    tell(engine, numbers(0, 20))
    tell(engine, numbers(20, 180), worse=True)
    tell_better(engine, numbers(200, 60))
    settle(engine)

    assert detector(engine)._history_from == START + 202 * HOUR
    assert 1.0 <= detector(engine)._dispersion < 1.5


@pytest.mark.usefixtures("only_truth")
def test_it_remembers_over_a_restart_since_when_losses_are_worse(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    drifting(engine, 60, 40)
    engine.close()

    again = started(store, clock)
    settle(again)

    assert detector(again)._worse_since == START + 60 * HOUR


def test_corrected_truth_raises_the_alarm_that_it_would_have_raised_at_once(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 40))
    settle(engine)
    assert about_accuracy(engine) == []

    tell(engine, numbers(20, 19), worse=True)
    settle(engine)

    (alert,) = about_accuracy(engine)
    assert alert.state == "firing"
    assert START + 20 * HOUR <= alert.since <= START + 24 * HOUR
    assert detector(engine)._labels == 39 * ROWS_AN_HOUR  # none counts twice


def test_corrections_of_hours_that_are_over_tell_of_an_alarm_that_is_over(store: DuckDBStore, clock: Clock) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 25))
    tell_better(engine, numbers(25, 15))
    settle(engine)

    tell(engine, numbers(10, 15), worse=True)
    settle(engine)

    (alert,) = about_accuracy(engine)
    assert (alert.state, alert.evidence["raised"]) == ("resolved", 1)
    assert START + 10 * HOUR <= alert.since < alert.until <= START + 30 * HOUR


def test_corrected_evidence_is_that_of_truth_that_was_right_at_once(store: DuckDBStore, clock: Clock) -> None:
    engine, other = started(store, clock), DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    at_once = started(other, clock)
    for each in (engine, at_once):
        each.append([reference(5000)])
        serve(each, 0, 40)
    tell(engine, numbers(0, 40))
    settle(engine)
    engine.close()
    restarted = started(store, clock)
    tell(restarted, numbers(10, 2), worse=True)
    settle(restarted)
    tell(at_once, numbers(0, 10))
    tell(at_once, numbers(10, 2), worse=True)
    tell(at_once, numbers(12, 28))
    settle(at_once)

    found, wanted = (detector(e) for e in (restarted, at_once))
    other.close()
    assert found._evidence.log_values == pytest.approx(wanted._evidence.log_values)
    assert found._counted == wanted._counted


def test_corrections_that_were_taken_but_not_weighed_are_weighed_after_a_restart(
    store: DuckDBStore, clock: Clock
) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 40)
    tell(engine, numbers(0, 40))
    settle(engine)
    tell(engine, numbers(20, 19), worse=True)
    (watching,) = engine._watched.values()
    watching.model.absorb_truth(store, store.models()[0], store.newest())
    engine.close()

    restarted = started(store, clock)
    settle(restarted)

    (alert,) = about_accuracy(restarted)
    assert alert.state == "firing"


def test_a_reference_that_losses_cannot_be_compared_with_says_why() -> None:
    assert Labelled(None, window=HOUR, waits=HOUR).unwatched == "there is no reference with truth"


def test_a_regression_that_was_never_off_says_that_its_losses_are_not_watched(
    store: DuckDBStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = started(store, clock)
    engine.append([reference(5000)])
    serve(engine, 0, 2)
    settle(engine)
    (plan,) = engine.report.plans
    assert plan.unwatched == {}

    monkeypatch.setattr(detector(engine), "_is_share", False)
    monkeypatch.setattr(detector(engine), "_reference", Losses(5000.0, 0.0, 0.0))
    monkeypatch.setattr(detector(engine), "_deviation", 0.0)
    settle(engine)

    (plan,) = engine.report.plans
    assert plan.unwatched == {"performance": "the reference has no error at all, so there is no scale for larger ones"}
