"""Old rows are deleted once repeats of them need not be recognised; their statistics stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from miops_collector.config import Config
from miops_collector.config.load import load_config
from miops_collector.engine import Engine
from miops_collector.errors import ConfigError
from miops_collector.report import ModelKey
from miops_collector.retention import ENTRIES, Retention
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import HOUR
from tests.collector.stores.rows import NOON, predictions, truth

DAY = 24 * HOUR
KEEP, RECOGNISE = 30 * DAY, 7 * DAY
MODEL = ModelKey("credit", "1")


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(deduplicate_for=RECOGNISE))
    yield opened
    opened.close()


def rows(start: int, count: int = 200, prefix: str = "p") -> list[object]:
    random = np.random.default_rng(start % 1000)
    ids = [f"{prefix}-{start}-{i}" for i in range(count)]
    times = [start + i * HOUR // count for i in range(count)]
    return [predictions(ids, time=times, value_number=random.random(count), feature__x=random.random(count))]


def stored(store: DuckDBStore) -> int:
    return sum(model.rows for model in store.models())


def test_rows_go_and_their_statistics_stay(store: DuckDBStore) -> None:
    now = [NOON + HOUR]
    engine = Engine(store, Config(reference="explicit", minimum_rows=10), clock=lambda: now[0])
    retention = Retention(store, keep=KEEP, recognise=RECOGNISE)
    engine.append(rows(NOON))  # type: ignore[arg-type]
    for day in range(40):
        now[0] = NOON + HOUR + day * DAY
        engine.tick()
        retention.step(now[0])
        assert stored(store) == (200 if day < 30 else 0)
        if day == 35:
            shown, _ = store.observations(ObservationQuery(metric="miops.window.rows", window="1h"))
            assert sum(o.value for o in shown) == 200
            assert engine._watch(engine._info(MODEL)).model.pane_starts().size > 0
    engine.append(rows(now[0]))  # type: ignore[arg-type]
    assert stored(store) == 200


def test_rows_that_come_old_are_recognised_as_long_as_others(store: DuckDBStore) -> None:
    now = [NOON + 300 * DAY]
    retention = Retention(store, keep=KEEP, recognise=RECOGNISE)
    engine = Engine(store, Config(reference="explicit"), clock=lambda: now[0])
    retention.step(now[0])
    old = rows(NOON)
    engine.append(old)  # type: ignore[arg-type]
    for _ in range(6):
        now[0] += DAY
        engine.tick()
        retention.step(now[0])
        assert engine.append(old).stored[0].duplicates == 200  # type: ignore[arg-type]
    now[0] += 10 * DAY
    for _ in range(3):
        now[0] += DAY
        engine.tick()
        retention.step(now[0])

    assert stored(store) == 0


def test_the_ledger_is_short_and_survives(store: DuckDBStore) -> None:
    store.append(rows(NOON))  # type: ignore[arg-type]
    retention = Retention(store, keep=KEEP, recognise=RECOGNISE)
    for minute in range(3 * ENTRIES):
        retention.step(NOON + minute * RECOGNISE // ENTRIES // 2)
        retention.step(NOON + minute * RECOGNISE // ENTRIES // 2)

    again = Retention(store, keep=KEEP, recognise=RECOGNISE)

    assert again._ledger == retention._ledger
    assert ENTRIES < len(again._ledger) <= ENTRIES + 2


def test_rows_are_kept_unless_it_is_said_otherwise() -> None:
    assert Config().retention.rows is None


def test_keeping_rows_for_a_shorter_time_than_repeats_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("retention: {rows: 1d}\n")

    with pytest.raises(ConfigError, match="deduplicate_for"):
        load_config(file)


def test_truth_goes_after_the_predictions_it_is_about(store: DuckDBStore) -> None:
    now = [NOON + HOUR]
    engine = Engine(store, Config(reference="explicit", minimum_rows=10), clock=lambda: now[0])
    retention = Retention(store, keep=KEEP, recognise=RECOGNISE)
    engine.append(rows(NOON))  # type: ignore[arg-type]
    engine.append([truth([f"p-{NOON}-{i}" for i in range(200)], [0.5] * 200)])
    left = []
    for day in range(34):
        now[0] = NOON + HOUR + day * DAY
        for _ in range(2):
            engine.tick()
            retention.step(now[0])
        left.append((stored(store), _truth_rows(store)))

    assert left[:30] == [(200, 200)] * 30
    assert left[30:] == [(0, 200), (0, 0), (0, 0), (0, 0)]
    shown, _ = store.observations(ObservationQuery(metric="miops.window.labelled_share", window="1h"))
    assert {o.value for o in shown} == {1.0}


def _truth_rows(store: DuckDBStore) -> int:
    ((count,),) = store._database.fetch(f"SELECT count(*) FROM {store._registry.truth.path}")
    return int(count)
