from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from miops_collector.accepting import Acceptance, accepted, drifted_window, last_accepted, read_accepted, remember
from miops_collector.config import AlarmConfig
from miops_collector.engine import Engine
from miops_collector.errors import InputError
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import DAY, HOUR, MODEL, START, Clock, config, predictions, reference, spread
from tests.collector.test_alarming import settle
from tests.collector.test_labelled import tell

ROWS_AN_HOUR = 100


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


@pytest.fixture
def engine(store: DuckDBStore) -> Engine:
    """Twenty hours as the reference is, ten in which ``x`` has moved; the truth of half of them is known."""
    settings = config(alarms=AlarmConfig(dependence="none"))
    made = Engine(store, settings, clock=Clock(START + 1000 * DAY))
    made.append([reference(2000)])
    serve(made, 0, 20)
    serve(made, 20, 10, shift=30.0)
    tell(made, range(2000, 2500))
    settle(made)
    return made


def serve(engine: Engine, first: int, hours: int, *, shift: float = 0.0) -> None:
    numbers = range(first * ROWS_AN_HOUR, (first + hours) * ROWS_AN_HOUR)
    times = spread(len(numbers), START + first * HOUR, hours * HOUR)
    engine.append([predictions(numbers, times, shift=shift)])


def firing(engine: Engine) -> set[str]:
    return {a.column for a in engine.report.alerts if a.rule == "drift" and a.state == "firing"}


def accept(engine: Engine, store: DuckDBStore) -> Acceptance:
    """What the server does."""
    window, columns = drifted_window(engine.report.alerts, MODEL)
    records = accepted(store, MODEL, window)
    taken = Acceptance(
        MODEL.name, MODEL.version, window.start, window.end, "ada", START, records.table.num_rows, columns
    )
    remember(store, taken)
    engine.append([records])
    settle(engine)
    return taken


def test_the_rows_since_the_alarm_are_taken_with_their_truth(engine: Engine, store: DuckDBStore) -> None:
    window, columns = drifted_window(engine.report.alerts, MODEL)
    records = accepted(store, MODEL, window)

    assert columns == ("x",)
    assert window == Window(START + 20 * HOUR, START + 29 * HOUR)
    assert records.table.num_rows == 9 * ROWS_AN_HOUR
    assert len(records.table["key"].unique()) == 9 * ROWS_AN_HOUR
    assert records.table["truth_number"].null_count == 9 * ROWS_AN_HOUR - 500
    assert "sign" not in records.table.column_names


def test_accepting_closes_the_alarm_and_what_was_drift_is_normal(engine: Engine, store: DuckDBStore) -> None:
    assert firing(engine) == {"x"}

    taken = accept(engine, store)
    assert firing(engine) == set()
    serve(engine, 30, 30, shift=30.0)
    settle(engine)

    assert firing(engine) == set()
    stored = store.reference(MODEL)
    assert stored is not None
    assert (stored.origin, stored.rows) == ("accepted", taken.rows)


def test_accepting_leaves_the_alarms_that_it_closed_and_earlier_ones_as_history(
    engine: Engine, store: DuckDBStore
) -> None:
    taken = accept(engine, store)

    (alert,) = (a for a in engine.report.alerts if a.rule == "drift" and a.column == "x")
    assert (alert.state, alert.evidence["closed_by"]) == ("resolved", "accepted as reference")
    assert (alert.since, alert.until) == (taken.start, taken.end)
    engine.close()
    again = Engine(store, config(alarms=AlarmConfig(dependence="none")), clock=Clock(START + 1000 * DAY))
    again.restore()
    settle(again)
    assert alert.identity in {a.identity for a in again.report.alerts if a.state == "resolved"}


def test_what_was_normal_before_is_drift_now(engine: Engine, store: DuckDBStore) -> None:
    accept(engine, store)
    serve(engine, 30, 10)
    settle(engine)

    assert firing(engine) == {"x"}


def test_it_holds_after_a_restart(engine: Engine, store: DuckDBStore) -> None:
    accept(engine, store)
    engine.close()
    again = Engine(store, config(alarms=AlarmConfig(dependence="none")), clock=Clock(START + 1000 * DAY))
    again.restore()
    serve(again, 30, 10, shift=30.0)
    settle(again)

    assert firing(again) == set()


def test_who_accepted_what_is_kept(engine: Engine, store: DuckDBStore) -> None:
    taken = accept(engine, store)
    remember(store, replace(taken, model="other"))

    assert read_accepted(store) == (taken, replace(taken, model="other"))
    assert last_accepted(store, MODEL) == taken
    assert (taken.by, taken.columns) == ("ada", ("x",))
    json.loads(store.state("accepted references"))


def test_without_an_open_alarm_the_rows_have_to_be_named(store: DuckDBStore) -> None:
    with pytest.raises(InputError, match="say start and end"):
        drifted_window((), MODEL)


def test_few_rows_and_unknown_models_are_refused(engine: Engine, store: DuckDBStore) -> None:
    with pytest.raises(InputError, match="0 rows between start and end are too few"):
        accepted(store, MODEL, Window(0, HOUR))
    with pytest.raises(InputError, match="no model 'nobody'"):
        accepted(store, replace(MODEL, name="nobody"), Window(0, HOUR))


def test_of_very_many_rows_some_are_taken_evenly(
    engine: Engine, store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miops_collector.accepting.MOST", 100)
    table = accepted(store, MODEL, Window(START, START + 10 * HOUR)).table

    assert isinstance(table, pa.Table)
    assert table.num_rows == 100
