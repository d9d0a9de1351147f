"""The promises of the scikit-learn instrumentor, on estimators as people use them."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from opentelemetry import context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from sklearn import ensemble, svm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import miops
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops.testing import Harness

RNG = np.random.default_rng(7)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] + 0.3 * RNG.normal(size=60) > 0).astype(int)
Y3 = np.array(["low", "mid", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "LogisticRegression": LogisticRegression,
    "DecisionTreeClassifier": DecisionTreeClassifier,
    "RandomForestClassifier": lambda: ensemble.RandomForestClassifier(5, n_jobs=1),
    "RandomForestClassifier n_jobs=2": lambda: ensemble.RandomForestClassifier(5, n_jobs=2),
    "HistGradientBoostingClassifier": lambda: ensemble.HistGradientBoostingClassifier(max_iter=3),
    "GradientBoostingClassifier": lambda: ensemble.GradientBoostingClassifier(n_estimators=3),
    "AdaBoostClassifier": lambda: ensemble.AdaBoostClassifier(n_estimators=3),
    "BaggingClassifier": lambda: ensemble.BaggingClassifier(n_estimators=3),
    "VotingClassifier": lambda: ensemble.VotingClassifier(
        [("a", LogisticRegression()), ("b", DecisionTreeClassifier())], voting="soft"
    ),
    "StackingClassifier": lambda: ensemble.StackingClassifier([("a", LogisticRegression())], cv=2),
    "CalibratedClassifierCV": lambda: CalibratedClassifierCV(LogisticRegression(), cv=2),
    "OneVsRestClassifier": lambda: OneVsRestClassifier(LogisticRegression()),
    "GridSearchCV": lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
    "Pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "SVC": svm.SVC,
    "KNeighborsClassifier": KNeighborsClassifier,
    "MLPClassifier": lambda: MLPClassifier((3,), max_iter=5000, tol=0.1),
    "DummyClassifier": DummyClassifier,
}
OTHERS: dict[str, Callable[[], Any]] = {
    "LinearRegression": LinearRegression,
    "RandomForestRegressor": lambda: ensemble.RandomForestRegressor(3),
    "GaussianProcessRegressor": GaussianProcessRegressor,
    "IsolationForest": lambda: ensemble.IsolationForest(n_estimators=3),
    "KMeans": lambda: KMeans(2, n_init=1),
    "GaussianMixture": lambda: GaussianMixture(2),
}


@pytest.mark.parametrize("name", [*CLASSIFIERS, *OTHERS])
def test_every_outermost_predict_is_one_record_with_the_values_returned(sklearn: Harness, name: str) -> None:
    model = {**CLASSIFIERS, **OTHERS}[name]().fit(X, Y)
    assert sklearn.rows() == []

    returned = model.predict(X[:3])

    rows = sklearn.rows()
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert [row["value"] for row in rows] == returned.tolist()
    assert [[row[f"feature.x{i}"] for i in range(4)] for row in rows] == X[:3].tolist()
    assert sklearn.events()[0].attributes["miops.model.name"] == type(model).__name__
    assert sklearn.faults == {}


@pytest.mark.parametrize("name", [name for name in CLASSIFIERS if name != "SVC"])
def test_binary_score_is_of_the_positive_class(sklearn: Harness, name: str) -> None:
    model = CLASSIFIERS[name]().fit(X, Y)

    probabilities = model.predict_proba(X[:3])

    rows = sklearn.rows()
    assert [row["score"] for row in rows] == probabilities[:, 1].tolist()
    assert [row["value"] for row in rows] == probabilities.argmax(axis=1).tolist()
    assert sklearn.events()[0].attributes["miops.model.task"] == "binary_classification"


def test_margins_are_scores_too(sklearn: Harness) -> None:
    model = svm.SVC().fit(X, np.array(["no", "yes"])[Y])

    margins = model.decision_function(X[:5])

    rows = sklearn.rows()
    assert [row["score"] for row in rows] == margins.tolist()
    assert [row["value"] for row in rows] == model.predict(X[:5]).tolist()


@pytest.mark.parametrize("first", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("second", ["predict", "predict_proba", "decision_function"])
def test_decision_and_scores_of_the_same_input_are_one_row(sklearn: Harness, first: str, second: str) -> None:
    model = LogisticRegression().fit(X, Y3)
    one = X[:1].copy()

    getattr(model, first)(one)
    getattr(model, second)(one)

    rows = sklearn.rows()
    assert len(rows) == (2 if first == second else 1)
    if first != second and "predict_proba" in (first, second):
        row = rows[0]
        probabilities = model.predict_proba(one)[0]
        assert row["value"] == model.predict(one)[0]
        assert [row[f"scores.{i}"] for i in range(3)] == probabilities.tolist()
        assert row["score"] == probabilities.max()


def test_decision_margin_and_probability_are_one_row(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    one = X[:1].copy()

    model.predict(one)
    model.decision_function(one)
    model.predict_proba(one)

    assert [row["score"] for row in sklearn.rows()] == [model.predict_proba(one)[0, 1]]


def test_other_inputs_other_contents_and_other_threads_are_not_merged(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    reused = X[:1].copy()
    model.predict(reused)
    reused[:] = X[1]
    model.predict_proba(reused)
    model.predict(X[2:3])
    model.predict_proba(X[3:4])
    third = X[5:6]
    model.predict(third)
    thread = threading.Thread(target=model.predict_proba, args=(third,))
    thread.start()
    thread.join()

    assert len(sklearn.rows()) == 6


def test_a_held_call_goes_out_without_its_thread_coming_back(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    thread = threading.Thread(target=lambda: model.predict(X[:1]))
    thread.start()
    thread.join()

    assert len(sklearn.rows()) == 1


def test_registered_positive_class_and_classes_win(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, np.array(["bad", "good"])[Y])
    miops.register(model, name="credit", version="3", positive_class="bad", sensitive=["age"], role="canary")

    probabilities = model.predict_proba(X[:2])

    event = sklearn.events()[0]
    assert [row["score"] for row in event.rows] == probabilities[:, 0].tolist()
    assert event.attributes == {
        "miops.model.name": "credit",
        "miops.model.version": "3",
        "miops.model.task": "binary_classification",
        "miops.model.framework": "scikit-learn",
        "miops.model.classes": ["bad", "good"],
        "miops.model.positive_class": "bad",
        "miops.model.sensitive_features": ["age"],
        "miops.model.role": "canary",
        "miops.schema.version": "1",
    }


def test_a_tuned_threshold_decides_and_is_recorded(sklearn: Harness) -> None:
    model = TunedThresholdClassifierCV(LogisticRegression(), cv=2).fit(X, Y)

    model.predict_proba(X[:20])

    rows = sklearn.rows()
    assert {row["threshold"] for row in rows} == {float(model.best_threshold_)}
    assert [row["value"] for row in rows] == model.predict(X[:20]).tolist()


@pytest.mark.parametrize(
    ("labels", "first"), [([0, 1], 0), (["a", "b"], "a"), ([False, True], False), ([1.0, 2.0], 1.0)]
)
def test_the_value_is_the_class_as_the_user_sees_it(sklearn: Harness, labels: list[Any], first: Any) -> None:
    model = LogisticRegression().fit(X, np.array(labels)[Y])
    negative = X[Y == 0][:1]

    model.predict(negative)
    model.predict_proba(negative.copy())

    for row in sklearn.rows():
        assert row["value"] == first
        assert type(row["value"]) is type(first)


def test_labels_of_object_type_are_text(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, np.array(["a", "b"], dtype=object)[Y])
    returned = model.predict(X[:4])

    assert [row["value"] for row in sklearn.rows()] == returned.tolist()


def test_names_come_from_the_frame_or_from_what_the_model_was_fitted_on(sklearn: Harness) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    model = LogisticRegression().fit(frame, Y)

    model.predict(frame[:1])
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X[:1])

    for row in sklearn.rows():
        assert [row[f"feature.{name}"] for name in "abcd"] == X[0].tolist()


def test_frames_of_mixed_types(sklearn: Harness) -> None:
    frame = pd.DataFrame(
        {
            "number": [1.5, np.nan, 2.5],
            "integer": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "category": pd.Categorical(["x", None, "y"]),
            "text": ["ä", "b", None],
            "mixed": ["a", 1, 2.5],
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
        }
    )
    model = DummyClassifier(strategy="constant", constant=1).fit(frame, [0, 1, 1])

    model.predict(frame)
    for i in range(3):
        model.predict(frame.iloc[[i]])

    expected = [
        (1.5, 1.0, True, "x", "ä", 1577836800.0),
        (None, None, False, None, "b", None),
        (2.5, 3.0, True, "y", None, 1578009600.0),
    ]
    rows = sklearn.rows()
    names = ("number", "integer", "flag", "category", "text", "when")
    seen = [tuple(_none(row[f"feature.{name}"]) for name in names) for row in rows]
    assert seen[:3] == expected
    assert seen[3:] == expected
    assert [row["feature.mixed"] for row in rows[:3]] == ["a", "1", "2.5"]


def _none(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def test_sparse_list_integer_and_float32_inputs(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)

    for values in (scipy.sparse.csr_matrix(X[:2]), X[:2].tolist(), X[:2].astype(np.float32), np.asfortranarray(X[:2])):
        model.predict(values)
    whole = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    model.predict(whole)

    rows = [[row[f"feature.x{i}"] for i in range(4)] for row in sklearn.rows()]
    np.testing.assert_allclose(rows[:8], np.tile(X[:2], (4, 1)), rtol=1e-6)
    assert rows[8:] == whole.tolist()
    assert sklearn.faults == {}


def test_several_outputs_are_context_columns(sklearn: Harness) -> None:
    model = LinearRegression().fit(X, np.c_[X[:, 0], X[:, 1]])

    returned = model.predict(X[:2])

    rows = sklearn.rows()
    assert [[row["context.output.0"], row["context.output.1"]] for row in rows] == returned.tolist()
    assert "value" not in rows[0]


def test_return_std_records_the_mean(sklearn: Harness) -> None:
    model = GaussianProcessRegressor().fit(X, X[:, 0])

    mean, _ = model.predict(X[:2], return_std=True)

    assert [row["value"] for row in sklearn.rows()] == mean.tolist()


def test_regression_of_whole_numbers_is_double(sklearn: Harness) -> None:
    model = DecisionTreeClassifier().fit(X, Y)
    miops.register(model, task="regression", name="r")
    model.predict(X[:1])

    assert type(sklearn.rows()[0]["value"]) is float


def test_no_rows_are_no_record(sklearn: Harness) -> None:
    class Nothing(BaseEstimator):
        def predict(self, X: Any) -> Any:
            return np.array([])

    assert len(Nothing().predict(X[:0])) == 0
    assert sklearn.rows() == []
    assert sklearn.faults == {}


def test_batches_larger_than_a_flush_and_a_request_arrive_whole(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    many = RNG.normal(size=(60_000, 4))

    returned = model.predict(many)

    events = sklearn.events()
    rows = [row for event in events for row in event.rows]
    assert max(len(event.body) for event in events) < 4_000_000
    assert [row["value"] for row in rows] == returned.tolist()
    assert [row["feature.x2"] for row in rows] == many[:, 2].tolist()
    assert len({row["prediction_id"] for row in rows}) == 60_000


def test_errors_of_the_model_leave_unmodified(sklearn: Harness) -> None:
    error = RuntimeError("broken")

    class Broken(BaseEstimator):
        def predict(self, X: Any) -> Any:
            raise error

    with pytest.raises(RuntimeError) as caught:
        Broken().predict(X)

    assert caught.value is error
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert {row["error.type"] for row in sklearn.rows()} == {"RuntimeError"}
    model = LogisticRegression().fit(X, Y)
    sklearn.forget()
    model.predict(X[:1])
    assert len(sklearn.rows()) == 1


def test_the_very_object_returned_and_arguments_neither_changed_nor_kept(sklearn: Harness) -> None:
    result = np.array([1.0])

    class Constant(BaseEstimator):
        def predict(self, X: Any) -> Any:
            return result

    makers: list[Callable[[], Any]] = [
        lambda: X[:1].copy(),
        lambda: pd.DataFrame(X[:1]),
        lambda: pd.DataFrame({"a": [1.0], "b": ["x"]}),
    ]
    for make in makers:
        given = make()
        before = given.copy()
        watched = weakref.ref(given)
        assert Constant().predict(given) is result
        assert np.array_equal(before, given) if isinstance(given, np.ndarray) else before.equals(given)
        del given
        gc.collect()
        assert watched() is None


def test_a_copy_is_recorded_whatever_the_owner_does_next(sklearn: Harness) -> None:
    class Constant(BaseEstimator):
        def predict(self, X: Any) -> Any:
            return np.zeros(len(X))

    array, frame = np.ones((1, 2)), pd.DataFrame({"a": [1.0], "b": ["x"]})
    result = Constant().predict(array)
    Constant().predict(frame)
    array[:] = result[:] = 9.0
    frame.loc[0, "a"] = 9.0
    frame.loc[0, "b"] = "changed"

    first, second = sklearn.rows()
    assert (first["value"], first["feature.x0"]) == (0.0, 1.0)
    assert (second["feature.a"], second["feature.b"]) == (1.0, "x")


def test_classes_defined_later_and_calls_of_super_are_recorded_once(sklearn: Harness) -> None:
    class Mine(LogisticRegression):
        def predict(self, X: Any) -> Any:
            return super().predict(X)

    class Own(ClassifierMixin, BaseEstimator):
        classes_ = np.array([0, 1])

        def fit(self, X: Any, y: Any) -> Any:
            self.predict(X)
            return self

        def predict(self, X: Any) -> Any:
            return np.zeros(len(X), dtype=int)

    Mine().fit(X, Y).predict(X[:2])
    Own().fit(X, Y).predict(X[:1])

    assert [e.attributes["miops.model.name"] for e in sklearn.events()] == ["Mine", "Own"]
    assert len(sklearn.rows()) == 3


def test_users_own_parallel_predictions_are_each_recorded(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)

    joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(model.predict)(X[i : i + 1]) for i in range(4))

    assert len(sklearn.rows()) == 4


def test_models_and_classes_of_main_survive_pickling(sklearn: Harness) -> None:
    class Local(LogisticRegression):
        def predict(self, X: Any) -> Any:
            return super().predict(X)

    Local.__module__ = "__main__"
    model = cloudpickle.loads(cloudpickle.dumps(Local().fit(X, Y)))
    pipeline = joblib.hash(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y))
    again = cloudpickle.loads(cloudpickle.dumps(make_pipeline(LogisticRegression()).fit(X, Y)))

    model.predict(X[:1])
    again.predict(X[:1])

    assert pipeline
    assert len(sklearn.rows()) == 2


def test_loky_workers_run_instrumented_models(sklearn: Harness) -> None:
    model = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, n_jobs=2).fit(X, Y)

    model.predict(X[:1])

    assert len(sklearn.rows()) == 1


def test_available_if_still_decides(sklearn: Harness) -> None:
    pipeline = make_pipeline(StandardScaler(), svm.LinearSVC()).fit(X, Y)

    assert not hasattr(pipeline, "predict_proba")
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as caught:
        pipeline.predict_proba(X)
    assert caught.value.__cause__ is not None
    assert pipeline.predict.__name__ == "predict"


def test_suppression_and_the_current_context_are_honoured(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    before = context.get_current()

    with suppress_instrumentation():
        model.predict(X[:1])

    assert context.get_current() is before
    assert sklearn.rows() == []


def test_refitting_changes_classes_and_names(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)
    model.predict_proba(X[:1])
    model.fit(pd.DataFrame(X, columns=list("abcd")), Y3)
    model.predict_proba(pd.DataFrame(X[:1], columns=list("abcd")))

    first, second = sklearn.events()
    assert first.attributes["miops.model.classes"] == ["0", "1"]
    assert second.attributes["miops.model.classes"] == ["high", "low", "mid"]


def test_uninstrument_restores_the_identical_objects() -> None:
    instrumentor = SklearnInstrumentor()
    watched = [(owner, name) for owner in _classes() for name in ("predict", "predict_proba", "fit", "__call__")]
    before = [vars(owner).get(name) for owner, name in watched]
    hook = "__init_subclass__" in vars(BaseEstimator)

    with miops.testing.record():
        instrumentor.instrument()
        replaced = LogisticRegression.predict
        instrumentor.uninstrument()

    assert all(vars(owner).get(name) is was for (owner, name), was in zip(watched, before, strict=True))
    assert ("__init_subclass__" in vars(BaseEstimator)) is hook
    assert replaced is not LogisticRegression.predict


def _classes() -> list[type]:
    found: set[type] = {joblib.Parallel}
    waiting: list[type] = [BaseEstimator]
    while waiting:
        one = waiting.pop()
        found.update(one.__mro__)
        waiting += one.__subclasses__()
    return list(found - {object})


def test_wrappers_that_stay_behind_are_inert() -> None:
    with miops.testing.record() as harness:
        instrumentor = SklearnInstrumentor()
        instrumentor.instrument()
        left_behind = LogisticRegression.predict
        model = LogisticRegression().fit(X, Y)
        bound = model.predict
        instrumentor.uninstrument()

        assert left_behind(model, X[:1]).tolist() == model.predict(X[:1]).tolist()
        bound(X[:1])

        assert harness.rows() == []


def test_others_wrappers_on_top_of_ours_stay() -> None:
    with miops.testing.record() as harness:
        instrumentor = SklearnInstrumentor()
        instrumentor.instrument()
        owner = next(c for c in LinearRegression.__mro__ if "predict" in vars(c))
        inner = vars(owner)["predict"]

        def theirs(self: Any, X: Any) -> Any:
            return inner(self, X)

        owner.predict = theirs  # type: ignore[attr-defined]
        instrumentor.uninstrument()
        try:
            assert vars(owner)["predict"] is theirs
            LinearRegression().fit(X, Y).predict(X[:1])
            assert harness.rows() == []
        finally:
            owner.predict = inner.__wrapped__  # type: ignore[attr-defined]


def test_instrumenting_twice_changes_nothing(sklearn: Harness, caplog: pytest.LogCaptureFixture) -> None:
    SklearnInstrumentor().instrument()
    miops.instrument()
    LogisticRegression().fit(X, Y).predict(X[:1])

    assert len(sklearn.rows()) == 1
    assert "already instrumented" in caplog.text


def test_threads_record_every_call(sklearn: Harness) -> None:
    model = LogisticRegression().fit(X, Y)

    def work() -> None:
        for _ in range(200):
            model.predict(X[:1])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = sklearn.rows()
    assert len(rows) == 1600
    assert len({row["prediction_id"] for row in rows}) == 1600


def test_a_fault_of_ours_never_reaches_the_user(sklearn: Harness, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(BaseEstimator):
        @property
        def classes_(self) -> Any:
            raise ValueError("not yet")

        @property
        def __sklearn_tags__(self) -> Any:  # type: ignore[override]
            raise KeyError("tags")

        def predict(self, X: Any) -> Any:
            return object()

    assert Odd().predict([object()]) is not None
    for _ in range(3):
        Odd().predict({"a": object()})

    assert len([r for r in caplog.records if r.name == "miops"]) <= 2


def test_too_many_features_are_counted_and_left_out(sklearn: Harness) -> None:
    class Wide(BaseEstimator):
        def predict(self, X: Any) -> Any:
            return np.zeros(X.shape[0])

    wide = np.zeros((1, 2001))
    for values in (wide, pd.DataFrame(wide), scipy.sparse.csr_matrix(wide)):
        Wide().predict(values)

    assert [set(row) & {"feature.x0", "feature.0"} for row in sklearn.rows()] == [set()] * 3
    assert sklearn.faults == {"too_many_features": 3}
