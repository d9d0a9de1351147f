"""scikit-learn itself; its own tests have many more of its estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.instrumentation.frameworks.adapter import (
    NAMES,
    TARGETS,
    Adapter,
    Way,
    X,
    by_class,
    decided,
    several,
    two_columns,
)


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _proba(model: Any, data: Any) -> Any:
    return model.predict_proba(data)


def _fit(kind: Any) -> Any:
    return lambda x, y: kind().fit(x, y)


def _polars(x: Any) -> Any:
    import polars as pl

    return _proba, pl.DataFrame(x, schema=list("abcd"))


def _pipeline() -> None:
    make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TARGETS["binary"]).predict(X[:3])


def _forest() -> None:
    RandomForestClassifier(5, n_jobs=2).fit(X, TARGETS["binary"]).predict(X[:3])


ADAPTER = Adapter(
    package="sklearn",
    ways=[
        Way(
            "predict_proba",
            _fit(LogisticRegression),
            _proba,
            two_columns,
            "binary",
            classes=("0", "1"),
            framework="scikit-learn",
        ),
        Way(
            "predict_proba of three",
            _fit(LogisticRegression),
            _proba,
            by_class(NAMES),
            "multiclass",
            target=NAMES[TARGETS["multiclass"]],
            classes=("high", "low", "mid"),
            framework="scikit-learn",
        ),
        Way("predict", _fit(LinearRegression), _predict, decided, "regression", framework="scikit-learn"),
        Way(
            "several",
            _fit(LinearRegression),
            _predict,
            several,
            "several outputs",
            framework="scikit-learn",
            wire_task="regression",
        ),
    ],
    containers={
        "numpy": lambda x: (_proba, np.array(x)),
        "pandas": lambda x: (_proba, pd.DataFrame(x, columns=list("abcd"))),
        "polars": _polars,
        "sparse": lambda x: (_proba, scipy.sparse.csr_matrix(x)),
        "native": "scikit-learn has no container of its own",
    },
    patched=lambda: [
        (owner, name)
        for start in (LogisticRegression, LinearRegression, RandomForestClassifier, Pipeline, BaseEstimator)
        for owner in start.__mro__
        for name in ("predict", "predict_proba", "decision_function", "fit")
        if name in vars(owner)
    ],
    nested={
        "a pipeline calls a classifier": (_pipeline, 3),
        "a forest calls its trees in threads": (_forest, 3),
        "boosting predicts while it fits": (
            lambda: GradientBoostingClassifier(n_estimators=2).fit(X, TARGETS["binary"]),
            0,
        ),
    },
)
