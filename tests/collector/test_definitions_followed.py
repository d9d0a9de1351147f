"""Verdicts of another tool's definitions, from a reference's rows to the report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from miops_collector.config import ModelConfig
from miops_collector.engine import Engine
from miops_collector.exporters.series import metrics_of
from miops_collector.report import Observation
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import DAY, HOUR, MODEL, START, Clock, config, predictions, spread

REFERENCE_HOURS, PER_HOUR = 8, 100
SHARE = "miops.drift.drifted_share"


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def followed(store: DuckDBStore, definitions: str) -> Engine:
    """Eight hours that become the reference, two like them, and two in which ``x`` is 60 higher."""
    models = {MODEL.name: ModelConfig.model_validate({"definitions": definitions})}
    settings = config(reference="auto", reference_rows=REFERENCE_HOURS * PER_HOUR, models=models, windows=("1h",))
    engine = Engine(store, settings, clock=Clock(START + DAY))
    for first, hours, shift in ((0, REFERENCE_HOURS + 2, 0.0), (REFERENCE_HOURS + 2, 2, 60.0)):
        rows = hours * PER_HOUR
        numbers = range(first * PER_HOUR, first * PER_HOUR + rows)
        engine.append([predictions(numbers, spread(rows, START + first * HOUR, hours * HOUR), shift=shift)])
        engine.tick()
    while not engine.idle():
        engine.tick()
    return engine


def of_hour(store: DuckDBStore, hour: int, metric: str, column: str = "") -> Observation:
    found, _ = store.observations(ObservationQuery(metric=metric, window="1h", limit=1000))
    at = Window(START + hour * HOUR, START + (hour + 1) * HOUR)
    return next(o for o in found if o.window == at and o.column == column)


def test_nannyml_s_threshold_is_that_of_the_reference_s_hours(store: DuckDBStore) -> None:
    engine = followed(store, "nannyml")

    metric = "miops.drift.jensen_shannon"
    like, shifted = (of_hour(store, hour, metric, "x") for hour in (REFERENCE_HOURS, REFERENCE_HOURS + 2))
    assert (like.status, shifted.status) == ("ok", "warning")
    assert "over 8 chunks of 1h of the reference; chosen by nannyml" in shifted.reason
    assert shifted.definition == "nannyml 0.13.1"
    assert not any(m.name == SHARE for m in metrics_of(engine.report))


def test_evidently_s_share_of_drifted_columns_is_stored_and_exported(store: DuckDBStore) -> None:
    engine = followed(store, "evidently")

    like, shifted = (of_hour(store, hour, SHARE) for hour in (REFERENCE_HOURS, REFERENCE_HOURS + 2))
    assert (like.status, shifted.status) == ("ok", "ok")
    assert shifted.value == pytest.approx(like.value + 1 / 3)
    assert "x" in shifted.reason.split(": ")[1].split(", ")
    (exported,) = (m for m in metrics_of(engine.report) if m.name == SHARE)
    assert {point.attributes["miops.definition"] for point in exported.points} == {"evidently 0.7.23"}
