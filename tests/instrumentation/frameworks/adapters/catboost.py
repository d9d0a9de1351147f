"""CatBoost: classifiers, regressors, and the general model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import catboost
import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.instrumentation.frameworks.adapter import (
    NAMES,
    TARGETS,
    Adapter,
    Expected,
    Way,
    X,
    by_class,
    decided,
    several,
    two_columns,
)

SETTINGS = {"iterations": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
FEATURES = ("0", "1", "2", "3")


def _fit(kind: Any, **settings: Any) -> Callable[[Any, Any], Any]:
    return lambda x, y: kind(**SETTINGS, **settings).fit(x, y)


def _general(x: Any, y: Any) -> Any:
    return catboost.CatBoost({**SETTINGS, "loss_function": "Logloss"}).fit(x, y)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _proba(model: Any, data: Any) -> Any:
    return model.predict_proba(data)


def _probability(model: Any, data: Any) -> Any:
    return model.predict(data, "Probability")


def _signed(result: Any) -> Expected:
    return Expected(value=(result > 0).astype(int).tolist(), score=result.tolist())


def _pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), catboost.CatBoostClassifier(**SETTINGS))
    pipeline.fit(X, TARGETS["binary"]).predict(X[:3])


def _one_by_one() -> None:
    BINARY.model.predict_proba(X[0])
    BINARY.model.predict(X[1].tolist())


def _both() -> None:
    given = X[:3].copy()
    BINARY.model.predict(given)
    BINARY.model.predict_proba(given)


def _polars(x: Any) -> Any:
    import polars as pl

    return _proba, pl.DataFrame(x, schema=list(FEATURES))


BINARY = Way(
    "CatBoostClassifier.predict_proba",
    _fit(catboost.CatBoostClassifier),
    _proba,
    two_columns,
    "binary",
    classes=("0", "1"),
    features=FEATURES,
)
_WAYS = [
    BINARY,
    Way(
        "prediction_type Probability",
        _fit(catboost.CatBoostClassifier),
        _probability,
        two_columns,
        "binary",
        classes=("0", "1"),
        features=FEATURES,
    ),
    Way("CatBoost.predict", _general, _predict, _signed, "binary", classes=("0", "1"), features=FEATURES),
    Way(
        "of three, predict_proba",
        _fit(catboost.CatBoostClassifier),
        _proba,
        by_class(NAMES),
        "multiclass",
        target=NAMES[TARGETS["multiclass"]],
        classes=("high", "low", "mid"),
        features=FEATURES,
    ),
    Way(
        "of three, predict",
        _fit(catboost.CatBoostClassifier),
        _predict,
        decided,
        "multiclass",
        target=NAMES[TARGETS["multiclass"]],
        classes=("high", "low", "mid"),
        features=FEATURES,
    ),
    Way("CatBoostRegressor", _fit(catboost.CatBoostRegressor), _predict, decided, "regression", features=FEATURES),
    Way(
        "MultiRMSE",
        _fit(catboost.CatBoostRegressor, loss_function="MultiRMSE"),
        _predict,
        several,
        "several outputs",
        features=FEATURES,
        wire_task="regression",
    ),
]

ADAPTER = Adapter(
    package="catboost",
    ways=_WAYS,
    containers={
        "numpy": lambda x: (_proba, np.array(x)),
        "pandas": lambda x: (_proba, pd.DataFrame(x, columns=list(FEATURES))),
        "polars": _polars,
        "sparse": lambda x: (_proba, scipy.sparse.csr_matrix(x)),
        "native": lambda x: (_proba, catboost.Pool(x)),
    },
    patched=lambda: [
        (owner, name)
        for owner in (
            catboost.CatBoost,
            catboost.CatBoostClassifier,
            catboost.CatBoostRegressor,
            catboost.CatBoostRanker,
        )
        for name in ("predict", "predict_proba", "fit", "score")
        if name in vars(owner)
    ],
    nested={
        "a pipeline calls a classifier": (_pipeline, 3),
        "score predicts": (lambda: BINARY.model.score(X, TARGETS["binary"]), 0),
        "single rows": (_one_by_one, 2),
        "decision and probabilities of one input": (_both, 3),
    },
    in_frame=FEATURES,
    spoiled=lambda x: np.full(x.shape, "no number", dtype=object),
)
