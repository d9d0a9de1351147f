"""Explanations of a sample of rows: right, within the budget, and never at the price of a row."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import miops
from miops import runtime
from miops.config import Config
from miops.explainers import Task, built
from miops.testing import Harness

pytestmark = pytest.mark.filterwarnings("ignore")  # SHAP's and LIME's own imports are not free of warnings
PREFIX = "attribution."


@pytest.fixture
def harness() -> Iterator[Harness]:
    with miops.testing.record(Config(flush_interval=0.05)) as harness:
        miops.instrument()
        yield harness
    miops.uninstrument()


@pytest.fixture(scope="module")
def shap() -> Any:
    """Imported before it is timed: a flush waits half a second for explanations, its first import takes longer."""
    return pytest.importorskip("shap", reason="shap is not installed")


def wait_until_sent() -> None:
    """Without asking for a flush, which waits half a second for explanations and no longer."""
    deadline = time.monotonic() + 60
    while runtime.recorder is not None and runtime.recorder.queued and time.monotonic() < deadline:
        time.sleep(0.02)


def data(n: int = 200, k: int = 4, seed: int = 0) -> tuple[Any, Any]:
    x = np.random.default_rng(seed).normal(size=(n, k))
    return x, x[:, 0] + 0.5 * x[:, 1] ** 2


def attributed(rows: list[dict[str, Any]], k: int = 4) -> Any:
    return np.array([[row[f"{PREFIX}x{i}"] for i in range(k)] for row in rows], dtype=np.float64)


def test_contributions_of_trees_add_up_to_the_prediction(harness: Harness, shap: Any) -> None:
    x, y = data()
    model = RandomForestRegressor(10, random_state=0).fit(x, y)
    miops.explain(model, ratio=1.0, budget_ms=10_000, background=x)

    predicted = model.predict(x[:20])
    wait_until_sent()
    rows = harness.rows()

    base = float(np.ravel(shap.TreeExplainer(model).expected_value)[0])
    assert {row[f"{PREFIX}method"] for row in rows} == {"shap"}
    np.testing.assert_allclose(attributed(rows).sum(axis=1) + base, predicted, rtol=1e-6)


@pytest.mark.usefixtures("shap")
def test_of_two_classes_the_positive_one_is_explained(harness: Harness) -> None:
    x, y = data()
    model = RandomForestClassifier(10, random_state=0).fit(x, np.where(y > 0, "no", "yes"))
    miops.register(model, positive_class="no")
    miops.explain(model, ratio=1.0, budget_ms=10_000, background=x)

    scores = model.predict_proba(x[:20])[:, 0]
    wait_until_sent()
    rows = harness.rows()

    share = float(np.mean([tree.tree_.value[0, 0, 0] for tree in model.estimators_]))
    np.testing.assert_allclose(attributed(rows).sum(axis=1) + share, scores, atol=1e-6)


@pytest.mark.usefixtures("shap")
def test_boosted_trees_are_explained_in_log_odds(harness: Harness) -> None:
    x, y = data()
    model = GradientBoostingClassifier(n_estimators=10, random_state=0).fit(x, y > 0)
    miops.explain(model, ratio=1.0, budget_ms=10_000, background=x)

    model.predict_proba(x[:20])
    wait_until_sent()
    found = attributed(harness.rows()).sum(axis=1)

    differences = found - model.decision_function(x[:20])
    np.testing.assert_allclose(differences, differences[0], atol=1e-6)


@pytest.mark.usefixtures("shap")
def test_linear_models_are_explained_exactly(harness: Harness) -> None:
    x, y = data()
    model = LinearRegression().fit(x, y)
    miops.explain(model, ratio=1.0, budget_ms=10_000, background=x[:100])

    model.predict(x[:10])
    wait_until_sent()

    expected = model.coef_ * (x[:10] - x[:100].mean(axis=0))
    np.testing.assert_allclose(attributed(harness.rows()), expected, atol=1e-9)


@pytest.mark.usefixtures("shap")
def test_any_model_is_explained_by_asking_it_and_its_answers_are_no_predictions(harness: Harness) -> None:
    x, y = data(k=3)
    model = KNeighborsClassifier().fit(x, np.digitize(y, [-0.5, 0.5]))
    miops.explain(model, ratio=1.0, budget_ms=10_000, background=x)

    scores = model.predict_proba(x[:2])
    wait_until_sent()
    rows = harness.rows()

    base = model.predict_proba(x[:20]).mean(axis=0)
    best = scores.argmax(axis=1)
    assert len(rows) == 2
    np.testing.assert_allclose(attributed(rows, 3).sum(axis=1) + base[best], scores.max(axis=1), atol=1e-6)


def test_a_callable_gets_inputs_as_the_model_takes_them(harness: Harness) -> None:
    x, y = data(k=2)
    frame = pd.DataFrame(x, columns=["age", "income"])
    model = LinearRegression().fit(frame, y)
    given: list[Any] = []

    def mine(inputs: Any) -> Any:
        given.append(inputs)
        return inputs.to_numpy() * 2.0

    miops.explain(model, explainer=mine, ratio=1.0)
    model.predict(frame[:3])
    wait_until_sent()
    rows = harness.rows()

    assert list(given[0].columns) == ["age", "income"]
    assert [row[f"{PREFIX}age"] for row in rows] == pytest.approx((2 * frame["age"][:3]).tolist())
    assert {row[f"{PREFIX}method"] for row in rows} == {"mine"}


def test_the_ratio_says_how_many_rows_are_explained(harness: Harness) -> None:
    x, y = data(20_000)
    model = LinearRegression().fit(x, y)
    miops.explain(model, explainer=lambda inputs: inputs, ratio=0.1, budget_ms=60_000, seed=3)

    model.predict(x)
    wait_until_sent()
    rows = harness.rows()

    explained = [row for row in rows if row[f"{PREFIX}x0"] is not None]
    assert len(rows) == len(x)
    assert abs(len(explained) / len(x) - 0.1) < 0.01
    assert all(row[f"{PREFIX}x3"] == row["feature.x3"] for row in explained)
    assert all(row[f"{PREFIX}method"] is None for row in rows if row[f"{PREFIX}x0"] is None)


def test_what_is_over_budget_is_sent_without(harness: Harness) -> None:
    x, y = data()
    model = LinearRegression().fit(x, y)
    calls = 0

    def slow(inputs: Any) -> Any:
        nonlocal calls
        calls += 1
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
        return inputs

    miops.explain(model, explainer=slow, ratio=1.0, budget_ms=1.0)
    for i in range(50):
        model.predict(x[i : i + 1])
    wait_until_sent()
    rows = harness.rows()

    assert len({row["prediction_id"] for row in rows}) == len(rows) == 50
    assert 1 <= calls == sum(row.get(f"{PREFIX}x0") is not None for row in rows) < 25


def test_an_explainer_that_fails_costs_no_row_and_is_given_up(harness: Harness) -> None:
    x, y = data()
    model = LinearRegression().fit(x, y)
    calls = 0

    def broken(_: Any) -> Any:
        nonlocal calls
        calls += 1
        raise RuntimeError("no explanation")

    miops.explain(model, explainer=broken, ratio=1.0, budget_ms=10_000)
    for i in range(6):
        model.predict(x[i : i + 1])
        wait_until_sent()

    assert len(harness.rows()) == 6
    assert calls == 3
    assert harness.faults == {"not_explained": 3}


def test_an_explainer_of_the_wrong_shape_is_a_fault(harness: Harness) -> None:
    x, y = data()
    model = LinearRegression().fit(x, y)
    miops.explain(model, explainer=lambda inputs: inputs[:, :2], ratio=1.0)

    model.predict(x[:5])

    assert not any(name.startswith(PREFIX) for row in harness.rows() for name in row)
    assert harness.faults == {"not_explained": 1}


def test_an_explainer_that_hangs_holds_nothing_back(harness: Harness) -> None:
    x, y = data()
    model = LinearRegression().fit(x, y)
    go_on = threading.Event()

    def hanging(inputs: Any) -> Any:
        go_on.wait(30)
        return inputs

    miops.explain(model, explainer=hanging, ratio=1.0)
    model.predict(x[:5])
    model.predict(x[5:6])
    try:
        assert len(harness.rows()) == 6
    finally:
        go_on.set()
    time.sleep(0.1)
    assert len(harness.rows()) == 6


def test_attributions_of_columns_that_are_kept_back_are_kept_back() -> None:
    x, y = data(k=2)
    model = LinearRegression().fit(pd.DataFrame(x, columns=["age", "income"]), y)
    with miops.testing.record(Config(capture_deny=("age",))) as harness:
        miops.instrument()
        miops.explain(model, explainer=lambda inputs: inputs.to_numpy(), ratio=1.0)
        model.predict(pd.DataFrame(x[:3], columns=["age", "income"]))
        wait_until_sent()
        rows = harness.rows()
    miops.uninstrument()

    assert all(f"{PREFIX}income" in row and f"{PREFIX}age" not in row for row in rows)


def test_attributions_of_the_users_own_explainer_are_recorded(harness: Harness) -> None:
    miops.record_prediction(
        "credit", value="good", attributions={"age": 0.4, "income": -0.1}, attribution_method="lime"
    )
    miops.record_prediction("credit", value=["good", "bad"], attributions={"age": [0.1, 0.2]})
    with miops.prediction("credit") as p:
        p.value, p.attributions = "good", {"income": 1.0}
    miops.record_prediction("credit", value="good", attributions={"age": [0.1, 0.2]})

    rows = harness.rows()
    assert [(r[f"{PREFIX}age"], r[f"{PREFIX}income"], r[f"{PREFIX}method"]) for r in rows] == [
        (0.4, -0.1, "lime"), (0.1, None, "shap"), (0.2, None, "shap"), (None, 1.0, "shap")
    ]  # fmt: skip
    assert harness.faults == {"prediction_not_recorded": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"explainer": "shapley"}, "shapley"),
        ({"ratio": 0.0}, "ratio"),
        ({"ratio": 1.5}, "ratio"),
        ({"budget_ms": 0}, "budget"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        miops.explain(LogisticRegression(), **arguments)


def test_lime_explains_too(harness: Harness) -> None:
    pytest.importorskip("lime", reason="lime is not installed")
    x, y = data(k=3)
    model = LogisticRegression().fit(x, y > 0)
    miops.explain(model, explainer="lime", ratio=1.0, budget_ms=10_000, background=x)

    model.predict_proba(x[:1])
    wait_until_sent()
    (row,) = harness.rows()

    assert row[f"{PREFIX}method"] == "lime"
    assert row[f"{PREFIX}x0"] > abs(row[f"{PREFIX}x2"])


@pytest.mark.parametrize(
    ("kind", "library", "command"),
    [("auto", "shap", "pip install 'miops[explain]'"), ("linear", "shap", "pip install 'miops[explain]'"),
     ("lime", "lime", "pip install lime")],
)  # fmt: skip
def test_an_explainer_that_is_not_installed_names_the_command(
    monkeypatch: pytest.MonkeyPatch, kind: str, library: str, command: str
) -> None:
    x, y = data()
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ModuleNotFoundError, match=re.escape(f"the explainer {kind!r} needs {library}: {command}")):
        built(kind, Task(LinearRegression().fit(x, y), x, 1, ("a", "b", "c", "d")))
