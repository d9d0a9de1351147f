"""Rows sampled through the real engine: real survey rows, and a day of which one column is shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from miops import semconv
from miops_collector.config import Config, RuleConfig
from miops_collector.config.alarms import AlarmConfig
from miops_collector.config.multivariate import MultivariateConfig
from miops_collector.engine import Engine
from miops_collector.exporters.series import metrics_of
from miops_collector.otlp.ids import key_of
from miops_collector.report import ModelKey, Observation
from miops_collector.sampling import Sampling, reference_sample
from miops_collector.schema import Records
from miops_collector.signals.multivariate import METRICS
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import DAY, HOUR, START, Clock

MODEL = ModelKey("employment", "1")
SAID: dict[str, Any] = {"task": "binary_classification", "classes": ("0", "1"), "positive_class": "1"}
FEATURES = ("AGEP", "SCHL", "MAR", "RELP", "DIS", "MIL", "NATIVITY", "DREM", "SEX", "CIT")
ROWS = 3000
RULES = (
    RuleConfig(name="torn", metric=semconv.METRIC_RECONSTRUCTION_SHIFT, comparison="abs>", threshold=3),
    RuleConfig(name="pairs", metric=semconv.METRIC_CHANGED_CORRELATIONS, comparison=">=", threshold=1),
)
CONFIG = Config(reference="explicit", bins=20, windows=("1d",), alarms=AlarmConfig(rules=RULES))
BROKEN = Window(START + DAY, START + 2 * DAY)


def survey() -> pa.Table:
    """A few thousand rows of one year, in random order."""
    path = files("miops_collector").joinpath("data", "employment_ma.parquet")
    rows = pq.read_table(str(path), filters=[("year", "=", 2015)])
    return rows.take(pa.array(np.random.default_rng(5).permutation(rows.num_rows)[: 4 * ROWS]))


def records(
    rows: pa.Table, first: int, start: int, *, length: int = DAY, kind: Any = "predictions", **said: Any
) -> Records:
    n = rows.num_rows
    columns: dict[str, Any] = {f"feature.{name}": rows.column(name).combine_chunks() for name in FEATURES}
    columns |= {
        "key": pa.array([key_of(f"p{first + i}") for i in range(n)], pa.binary(16)),
        "id_text": [f"p{first + i}" for i in range(n)],
        "time": pa.array(start + np.arange(n) * (length // n)),
        "value_number": rows.column("prediction").cast(pa.float64()),
        "score": rows.column("predicted_probability"),
    }
    if kind == "reference":
        columns["truth_number"] = rows.column("employed").cast(pa.float64())
    return Records(kind, MODEL.name, pa.table(columns), version=MODEL.version, **SAID, **said)


def mixed_up(rows: pa.Table, name: str) -> pa.Table:
    """The same values of one column, each in another row: no column by itself can tell."""
    at = rows.schema.get_field_index(name)
    order = pa.array(np.random.default_rng(6).permutation(rows.num_rows))
    return rows.set_column(at, name, rows.column(name).take(order))


def serve(store: DuckDBStore, config: Config, *, now: int = START + 2 * DAY + 2 * HOUR) -> Engine:
    """A reference, a day like it, a day of which the ages are mixed up, and two hours of the next one."""
    rows = survey()
    given = records(
        rows.slice(0, ROWS), 10**6, START - DAY, kind="reference", reference_id="r", reference_last=True
    )  # fmt: skip
    engine = Engine(store, config, clock=Clock(now))
    engine.append([given])
    engine.append([records(rows.slice(ROWS, ROWS), 0, START)])
    engine.append([records(mixed_up(rows.slice(2 * ROWS, ROWS), "AGEP"), ROWS, BROKEN.start)])
    engine.append([records(rows.slice(3 * ROWS, 500), 2 * ROWS, BROKEN.end, length=HOUR)])
    settle(engine)
    return engine


def settle(engine: Engine) -> None:
    engine.tick()
    while not engine.idle():
        engine.tick()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    engine = serve(store, CONFIG)
    yield engine
    store.close()


def stored(engine: Engine, metric: str, window: Window) -> list[Observation]:
    query = ObservationQuery(MODEL.name, MODEL.version, metric=metric, start=window.start, end=window.end)
    return [o for o in engine._store.observations(query)[0] if o.window == window]


def one(engine: Engine, metric: str, window: Window) -> Observation:
    (found,) = stored(engine, metric, window)
    return found


QUIET = Window(START, START + DAY)


def test_a_day_like_the_reference_shows_nothing(engine: Engine) -> None:
    assert abs(one(engine, semconv.METRIC_RECONSTRUCTION_SHIFT, QUIET).value) < 3
    assert one(engine, semconv.METRIC_DOMAIN_CLASSIFIER, QUIET).value == pytest.approx(0.5, abs=0.04)
    assert one(engine, semconv.METRIC_MEAN_DISCREPANCY, QUIET).p_value > 0.01
    assert one(engine, semconv.METRIC_CHANGED_CORRELATIONS, QUIET).value == 0


def test_a_column_that_belongs_to_other_rows_shows_in_all_columns_together(engine: Engine) -> None:
    shift = one(engine, semconv.METRIC_RECONSTRUCTION_SHIFT, BROKEN)
    error = one(engine, semconv.METRIC_RECONSTRUCTION_ERROR, BROKEN)

    assert abs(shift.value) > 3
    assert error.reason.startswith("outside the reference's band")
    assert (error.value > error.reference) == (shift.value > 0)
    assert one(engine, semconv.METRIC_MEAN_DISCREPANCY, BROKEN).p_value == pytest.approx(0.005)
    pairs = one(engine, semconv.METRIC_CHANGED_CORRELATIONS, BROKEN)
    assert pairs.value >= 1
    assert "AGEP" in pairs.reason.split(";")[0]


def test_no_column_by_itself_shows_it(engine: Engine) -> None:
    drift = [o for o in stored(engine, "miops.drift.psi", BROKEN) if o.column in FEATURES]

    assert len(drift) == len(FEATURES)
    assert max(o.value for o in drift) < 0.05
    assert {o.status for o in drift} <= {"ok"}


def test_how_many_rows_it_rests_on_is_said(engine: Engine) -> None:
    for metric in METRICS:
        o = one(engine, metric, BROKEN)
        assert (o.n, o.n_reference, o.complete) == (2000, 2000, True)


def test_nothing_alarms_but_a_rule_of_the_users_own(engine: Engine) -> None:
    firing = {a.rule for a in engine.report.alerts if a.state == "firing"}

    assert firing == {"torn", "pairs"}


def test_a_gauge_shows_the_newest_complete_window(engine: Engine) -> None:
    shown = {o.metric: o.window for o in engine.report.observations if o.metric in METRICS}
    exported = {m.name for m in metrics_of(engine.report)}

    assert shown == dict.fromkeys(METRICS, BROKEN)
    assert set(METRICS) <= exported


def test_a_test_has_its_p_value_beside_it(engine: Engine) -> None:
    (metric,) = [m for m in metrics_of(engine.report) if m.name == semconv.METRIC_DRIFT_P_VALUE]
    tests = {dict(p.attributes).get(semconv.TEST) for p in metric.points}

    assert {"mean_discrepancy", "domain_classifier", "reconstruction_error", "changed_correlations"} <= tests


def test_an_unfinished_window_is_not_sampled(engine: Engine) -> None:
    assert not stored(engine, METRICS[0], Window(BROKEN.end, BROKEN.end + DAY))


def test_after_a_restart_a_gauge_shows_what_was_stored_and_windows_are_compared_with_the_same_rows(
    tmp_path: Any,
) -> None:
    store = DuckDBStore(tmp_path, StoreSettings(minimum_free_mib=1))
    before = serve(store, CONFIG)
    was = [one(before, metric, BROKEN) for metric in METRICS]
    before.close()
    store.close()

    store = DuckDBStore(tmp_path, StoreSettings(minimum_free_mib=1))
    again = Engine(store, CONFIG, clock=Clock(START + 2 * DAY + 3 * HOUR))
    again.restore()
    settle(again)
    shown = {o.metric: o.value for o in again.report.observations if o.metric in METRICS}
    watched = again._watched[MODEL]
    watched.model.touch(BROKEN)
    settle(again)
    now = [one(again, metric, BROKEN) for metric in METRICS]
    store.close()

    assert shown == {o.metric: o.value for o in was}
    assert [repr(replace(o, computed_at=0)) for o in now] == [repr(replace(o, computed_at=0)) for o in was]
    assert now[0].computed_at > was[0].computed_at


def test_a_window_with_as_many_rows_as_before_is_not_sampled_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(engine._store, "sample", lambda *a, **k: asked.append((a, k)))
    engine._watched[MODEL].model.touch(BROKEN)
    settle(engine)

    assert asked == []


def test_a_reference_without_a_sample_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.adoption.reference_sample", lambda *_: b"")
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    engine = serve(store, CONFIG)
    found = [one(engine, metric, BROKEN) for metric in METRICS]
    store.close()

    assert {o.status for o in found} == {"insufficient_data"}
    assert all(o.reason.startswith("no reference sample") for o in found)


def test_it_can_be_turned_off() -> None:
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    off = CONFIG.model_copy(update={"multivariate": MultivariateConfig(rows=0)})
    engine = serve(store, off)
    found = [o for metric in METRICS for o in stored(engine, metric, BROKEN)]
    reference = store.reference(MODEL)
    store.close()

    assert found == []
    assert reference is not None
    assert reference.sample == b""


def test_the_sample_of_a_reference_is_bounded_in_rows_and_columns(engine: Engine) -> None:
    layout = engine._watched[MODEL].model.layout
    table = records(survey(), 0, START).table
    few = CONFIG.model_copy(update={"multivariate": MultivariateConfig(rows=100, columns=3)})

    found = pa.ipc.open_stream(reference_sample(table, layout, few)).read_all()

    assert found.shape == (100, 3)
    assert reference_sample(table, layout, few) == reference_sample(table, layout, few)
    assert reference_sample(table.select(["key"]), layout, few) == b""


def test_what_was_said_of_a_window_long_ago_is_shown_no_more(engine: Engine) -> None:
    sampling = Sampling(MODEL, CONFIG, engine._store)
    near, far = (Window(BROKEN.end + d, BROKEN.end + d + DAY) for d in (HOUR, DAY))

    assert len(sampling.shown([near])) == len(METRICS)
    assert sampling.shown([far]) == sampling.shown([]) == ()
