"""A window some of whose truth has come: from the store's rows to what is shown of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from miops_collector.engine import Engine
from miops_collector.report import Observation
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ModelInfo, ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.web.model_page import Shown, model_page
from miops_collector.window import Window
from tests.collector.little_model import CONFIG, HOUR, MODEL, START, Clock, predictions, reference, spread, truth

ROWS, LABELLED = 600, 150


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def follow(store: DuckDBStore, labelled: int) -> Engine:
    engine = Engine(store, CONFIG, clock=Clock(START + HOUR))
    engine.append([reference(2000)])
    engine.append([predictions(range(ROWS), spread(ROWS, START, HOUR))])
    tell(engine, range(labelled))
    return engine


def tell(engine: Engine, numbers: range) -> None:
    """Truth by the chance of each row's own score, as in the reference."""
    scores = predictions(numbers, START).table.column("score").to_numpy()
    happened = np.random.default_rng(4).random(ROWS)[numbers.start : numbers.stop] < scores
    engine.append([truth(numbers, happened.astype(float))])
    for _ in range(100):
        engine.tick()
        if engine.idle():
            return
    raise AssertionError("the engine never comes to rest")


def of_hour(store: DuckDBStore, metric: str) -> Observation:
    found, _ = store.observations(ObservationQuery(metric=f"miops.{metric}", window="1h", limit=1000))
    return next(o for o in found if o.window == Window(START, START + HOUR))


def test_few_labels_and_all_predictions_give_an_interval_beside_what_labels_alone_say(store: DuckDBStore) -> None:
    follow(store, LABELLED)

    both, alone = of_hour(store, "prediction_powered.recall"), of_hour(store, "performance.recall")
    assert (both.n, both.status) == (LABELLED, "ok")
    assert both.reason.startswith("150 labels and 450 more predictions, λ = 0.")
    assert both.low < both.value < both.high
    assert both.standard_error < alone.standard_error
    assert abs(both.value - alone.value) < 2 * alone.standard_error


def test_when_the_rest_of_the_truth_has_come_it_is_taken_back(store: DuckDBStore) -> None:
    engine = follow(store, LABELLED)

    tell(engine, range(LABELLED, ROWS))

    both = of_hour(store, "prediction_powered.accuracy")
    assert np.isnan([both.value, both.low, both.high]).all()
    assert both.reason.startswith("all rows have their truth")
    assert of_hour(store, "performance.accuracy").n == ROWS


def test_the_page_of_the_model_shows_it(store: DuckDBStore) -> None:
    engine = follow(store, LABELLED)
    info = ModelInfo(MODEL, task="binary_classification", rows=ROWS, labelled=LABELLED)

    page = model_page(store, engine.report, info, Shown(window="1h", performance="recall"))

    figure = next(f for f in page.figures if f.name.endswith("while truth comes in"))
    assert figure.name.startswith("recall")
    assert "150 labels and 450 more predictions" in figure.beside
