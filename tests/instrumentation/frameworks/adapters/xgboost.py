"""XGBoost: estimators, boosters on ``DMatrix``, boosters in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
import xgboost
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.instrumentation.frameworks.adapter import (
    TARGETS,
    Adapter,
    Expected,
    Way,
    X,
    by_class,
    decided,
    positive,
    several,
    two_columns,
)

NUMBERS = np.arange(3)


def _booster(objective: str, **params: Any) -> Callable[[Any, Any], Any]:
    return lambda x, y: xgboost.train({"objective": objective, "nthread": 1, **params}, xgboost.DMatrix(x, y), 3)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _proba(model: Any, data: Any) -> Any:
    return model.predict_proba(data)


def _inplace(model: Any, data: Any) -> Any:
    return model.inplace_predict(data)


def _margin(model: Any, data: Any) -> Any:
    return model.predict(data, output_margin=True)


def _signed(result: Any) -> Expected:
    margin = np.asarray(result, dtype=np.float64)
    return Expected(value=(margin > 0).astype(int).tolist(), score=margin.tolist())


def _custom_objective() -> None:
    def squared(predicted: Any, data: Any) -> tuple[Any, Any]:
        return predicted - data.get_label(), np.ones_like(predicted)

    def metric(predicted: Any, data: Any) -> tuple[str, float]:
        return "mine", float(np.abs(predicted - data.get_label()).mean())

    data = xgboost.DMatrix(X, TARGETS["regression"])
    xgboost.train(
        {"nthread": 1}, data, 3, obj=squared, custom_metric=metric, evals=[(data, "train")], verbose_eval=False
    )


def _not_predictions() -> None:
    model, data = BINARY.model, xgboost.DMatrix(X[:3])
    for option in ("pred_leaf", "pred_contribs", "pred_interactions"):
        model.predict(data, **{option: True})


def _pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=2, n_jobs=1))
    pipeline.fit(X, TARGETS["binary"]).predict(X[:3])


def _polars(x: Any) -> Any:
    import polars as pl

    return _inplace, pl.DataFrame(x, schema=list("abcd"))


BINARY = Way(
    "Booster.predict binary:logistic",
    _booster("binary:logistic"),
    _predict,
    positive,
    "binary",
    xgboost.DMatrix,
    classes=("0", "1"),
)
_NATIVE = [
    BINARY,
    Way("margins", _booster("binary:logistic"), _margin, _signed, "binary", xgboost.DMatrix, classes=("0", "1")),
    Way("logitraw", _booster("binary:logitraw"), _predict, _signed, "binary", xgboost.DMatrix, classes=("0", "1")),
    Way("hinge", _booster("binary:hinge"), _predict, decided, "binary", xgboost.DMatrix, classes=("0", "1")),
    Way("inplace", _booster("binary:logistic"), _inplace, positive, "binary", classes=("0", "1")),
    Way(
        "softprob",
        _booster("multi:softprob", num_class=3),
        _predict,
        by_class(NUMBERS),
        "multiclass",
        xgboost.DMatrix,
        classes=("0", "1", "2"),
    ),
    Way(
        "softmax",
        _booster("multi:softmax", num_class=3),
        _predict,
        decided,
        "multiclass",
        xgboost.DMatrix,
        classes=("0", "1", "2"),
    ),
    Way("squarederror", _booster("reg:squarederror"), _predict, decided, "regression", xgboost.DMatrix),
    Way("inplace regression", _booster("reg:squarederror"), _inplace, decided, "regression"),
    Way(
        "ranking",
        _booster("rank:pairwise"),
        _predict,
        decided,
        "binary",
        xgboost.DMatrix,
        wire_task="ranking",
    ),
    Way(
        "several",
        _booster("reg:squarederror"),
        _predict,
        several,
        "several outputs",
        xgboost.DMatrix,
        wire_task="regression",
    ),
]
_ESTIMATORS = [
    Way(
        "XGBClassifier.predict_proba",
        lambda x, y: xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(x, y),
        _proba,
        two_columns,
        "binary",
        classes=("0", "1"),
    ),
    Way(
        "XGBClassifier.predict_proba of three",
        lambda x, y: xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(x, y),
        _proba,
        by_class(NUMBERS),
        "multiclass",
        classes=("0", "1", "2"),
    ),
    Way(
        "XGBRegressor.predict",
        lambda x, y: xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(x, y),
        _predict,
        decided,
        "regression",
    ),
]

ADAPTER = Adapter(
    package="xgboost",
    ways=[*_NATIVE, *_ESTIMATORS],
    containers={
        "numpy": lambda x: (_inplace, np.array(x)),
        "pandas": lambda x: (_inplace, pd.DataFrame(x, columns=list("abcd"))),
        "polars": _polars,
        "sparse": lambda x: (_inplace, scipy.sparse.csr_matrix(x)),
        "native": lambda x: (_predict, xgboost.DMatrix(x)),
    },
    patched=lambda: [
        (xgboost.Booster, name)
        for name in ("predict", "inplace_predict", "update", "boost", "eval", "eval_set", "load_model")
    ],
    nested={
        "an estimator calls its booster": (lambda: _ESTIMATORS[0].model.predict(X[:3]), 3),
        "a pipeline calls an estimator": (_pipeline, 3),
        "a custom objective and metric in training": (_custom_objective, 0),
        "leaves, contributions, interactions": (_not_predictions, 0),
    },
    spoiled=lambda x: np.c_[x, x],  # fewer columns count as missing ones
)
