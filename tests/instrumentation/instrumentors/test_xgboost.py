"""What is particular to XGBoost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import miops
from miops.instrumentors.xgboost import XGBoostInstrumentor
from miops.testing import Harness

xgboost = pytest.importorskip("xgboost", reason="xgboost is not installed")

X = np.random.default_rng(3).normal(size=(50, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def recorded(harness: Harness) -> Iterator[Harness]:
    instrumentor = XGBoostInstrumentor()
    instrumentor.instrument()
    try:
        yield harness
    finally:
        instrumentor.uninstrument()


def _booster(objective: str = "binary:logistic") -> xgboost.Booster:
    return xgboost.train({"objective": objective, "nthread": 1}, xgboost.DMatrix(X, Y), 2)


def test_what_a_dmatrix_does_not_hold_is_missing_and_zero_is_zero(recorded: Harness) -> None:
    given = np.array([[1.0, np.nan, 0.0]], dtype=np.float32)

    _booster().predict(xgboost.DMatrix(given))

    (row,) = recorded.rows()
    assert (row["feature.x0"], row["feature.x2"]) == (1.0, 0.0)
    assert np.isnan(row["feature.x1"])


def test_registered_classes_name_the_numbers_and_the_positive_one(recorded: Harness) -> None:
    model = _booster()
    miops.register(model, name="credit", classes=["good", "bad"], positive_class="good")

    returned = model.predict(xgboost.DMatrix(X[:4]))

    rows = recorded.rows()
    assert [row["score"] for row in rows] == pytest.approx((1 - returned).tolist())
    assert [row["value"] for row in rows] == np.where(returned >= 0.5, "bad", "good").tolist()


def test_names_of_the_training_data_are_used(recorded: Harness) -> None:
    names = ["age", "income", "debt"]
    model = xgboost.train({"nthread": 1}, xgboost.DMatrix(X, Y, feature_names=names), 2)

    model.predict(xgboost.DMatrix(X[:1], feature_names=names))

    assert [recorded.rows()[0][f"feature.{name}"] for name in names] == X[0].tolist()


def test_training_on_makes_known_what_changed(recorded: Harness) -> None:
    model = _booster()
    model.predict(xgboost.DMatrix(X[:1]))
    model.load_model(_booster("reg:squarederror").save_raw())
    model.predict(xgboost.DMatrix(X[:1]))

    tasks = [event.attributes["miops.model.task"] for event in recorded.events()]
    assert sorted(tasks) == ["binary_classification", "regression"]


def test_margins_of_a_regression_are_no_prediction_and_no_fault(recorded: Harness) -> None:
    _booster("count:poisson").predict(xgboost.DMatrix(X[:1]), output_margin=True)

    assert recorded.rows() == []
    assert recorded.faults == {}
