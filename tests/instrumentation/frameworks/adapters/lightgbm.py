"""LightGBM: estimators and boosters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import scipy.sparse
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
    two_columns,
)

NUMBERS = np.arange(3)
COLUMNS = tuple(f"Column_{i}" for i in range(4))


def _booster(objective: str, **params: Any) -> Callable[[Any, Any], Any]:
    settings = {"objective": objective, "verbose": -1, "num_threads": 1, **params}
    return lambda x, y: lightgbm.train(settings, lightgbm.Dataset(x, y), 3)


def _loaded(objective: str) -> Callable[[Any, Any], Any]:
    return lambda x, y: lightgbm.Booster(model_str=_booster(objective)(x, y).model_to_string())


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _proba(model: Any, data: Any) -> Any:
    return model.predict_proba(data)


def _raw(model: Any, data: Any) -> Any:
    return model.predict(data, raw_score=True)


def _signed(result: Any) -> Expected:
    return Expected(value=(result > 0).astype(int).tolist(), score=result.tolist())


def _not_predictions() -> None:
    for option in ("pred_leaf", "pred_contrib"):
        BINARY.model.predict(X[:3], **{option: True})


def _pipeline() -> None:
    estimator = lightgbm.LGBMClassifier(n_estimators=2, n_jobs=1, verbose=-1)
    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), estimator)
    pipeline.fit(X, TARGETS["binary"]).predict(X[:3])


def _fit(kind: Any) -> Callable[[Any, Any], Any]:
    return lambda x, y: kind(n_estimators=3, n_jobs=1, verbose=-1).fit(pd.DataFrame(x, columns=list(COLUMNS)), y)


def _frame(x: Any) -> pd.DataFrame:
    return pd.DataFrame(x, columns=list(COLUMNS[: x.shape[1]]))


def _polars(x: Any) -> Any:
    import polars as pl

    return _predict, pl.DataFrame(x, schema=list("abcd"))


BINARY = Way("Booster.predict", _booster("binary"), _predict, positive, "binary", classes=("0", "1"), features=COLUMNS)
_NATIVE = [
    BINARY,
    Way("loaded", _loaded("binary"), _predict, positive, "binary", classes=("0", "1"), features=COLUMNS),
    Way("raw scores", _booster("binary"), _raw, _signed, "binary", classes=("0", "1"), features=COLUMNS),
    Way(
        "multiclass",
        _booster("multiclass", num_class=3),
        _predict,
        by_class(NUMBERS),
        "multiclass",
        classes=("0", "1", "2"),
        features=COLUMNS,
    ),
    Way("regression", _booster("l2"), _predict, decided, "regression", features=COLUMNS),
]
_ESTIMATORS = [
    Way(
        "LGBMClassifier.predict_proba",
        _fit(lightgbm.LGBMClassifier),
        _proba,
        two_columns,
        "binary",
        _frame,
        classes=("0", "1"),
        features=COLUMNS,
    ),
    Way(
        "LGBMClassifier.predict_proba of three",
        _fit(lightgbm.LGBMClassifier),
        _proba,
        by_class(NUMBERS),
        "multiclass",
        _frame,
        classes=("0", "1", "2"),
        features=COLUMNS,
    ),
    Way(
        "LGBMRegressor.predict", _fit(lightgbm.LGBMRegressor), _predict, decided, "regression", _frame, features=COLUMNS
    ),
]

ADAPTER = Adapter(
    package="lightgbm",
    ways=[*_NATIVE, *_ESTIMATORS],
    containers={
        "numpy": lambda x: (_predict, np.array(x)),
        "pandas": lambda x: (_predict, pd.DataFrame(x, columns=list("abcd"))),
        "polars": _polars,
        "sparse": lambda x: (_predict, scipy.sparse.csr_matrix(x)),
        "native": "LightGBM refuses to predict from its Dataset",
    },
    patched=lambda: [
        (lightgbm.Booster, name) for name in ("predict", "update", "eval", "eval_train", "eval_valid", "refit")
    ],
    nested={
        "an estimator calls its booster": (lambda: _ESTIMATORS[0].model.predict(_frame(X[:3])), 3),
        "a pipeline calls an estimator": (_pipeline, 3),
        "leaves and contributions": (_not_predictions, 0),
    },
    cannot={"several outputs": "LightGBM has no models of several outputs"},
)
