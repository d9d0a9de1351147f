"""statsmodels: linear, generalised linear, binary, unordered and ordered outcomes, with matrices and formulas."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.base.model import Results
from statsmodels.discrete.discrete_model import DiscreteResults
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.multivariate import multivariate_ols

import miops
from tests.instrumentation.frameworks.adapter import Adapter, Expected, Way, X, by_class, decided, positive, several

FEATURES = ("x1", "x2", "x3", "x4")
_NOISE = np.random.default_rng(11)
MAYBE = (X[:, 0] + _NOISE.normal(size=len(X)) > 0).astype(np.int64)
"""Not to be told apart by any plane, or the likelihood has no maximum."""
LEVELS = np.digitize(X[:, 0] + _NOISE.normal(size=len(X)), [-0.5, 0.5])
NUMBERS = np.arange(3)


def _fit(kind: Any, **settings: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        options = {} if kind in (sm.OLS, sm.GLM) else {"disp": 0, "method": "bfgs"}
        return kind(y, x, **settings).fit(**options)

    return fit


def _binomial(x: Any, y: Any) -> Any:
    return sm.GLM(y, x, family=sm.families.Binomial()).fit()


def _formula(x: Any, y: Any) -> Any:
    return smf.ols("y ~ a + b + c + d", pd.DataFrame(x, columns=list("abcd")).assign(y=y)).fit()


def _frame(x: Any) -> Any:
    return pd.DataFrame(x, columns=list("abcd")[: x.shape[1]])


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _linear(model: Any, data: Any) -> Any:
    return model.predict(data, which="linear")


def _signed(result: Any) -> Expected:
    return Expected(value=(np.asarray(result) > 0).astype(int).tolist(), score=np.asarray(result).tolist())


def _polars(x: Any) -> Any:
    import polars as pl

    return _predict, pl.DataFrame(x, schema=list("abcd"))


def _intervals() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        BINARY.model.get_prediction(X[:3]).summary_frame()
        LINEAR.model.get_prediction(X[:3]).summary_frame()


def _fitted_rows() -> None:
    BINARY.model.predict()
    LINEAR.model.predict()


def _registered() -> None:
    """What was said of the wrapper that fitting returns holds for what it wraps."""
    model = sm.Logit(MAYBE, X).fit(disp=0)
    miops.register(model, task="ranking", classes=("no",))
    model.predict(X[:3])
    model.predict(X[0])


BINARY = Way("Logit", _fit(sm.Logit), _predict, positive, "binary", target=MAYBE, classes=("0", "1"), features=FEATURES)
LINEAR = Way("OLS", _fit(sm.OLS), _predict, decided, "regression", features=FEATURES)
_WAYS = [
    BINARY,
    Way("Probit", _fit(sm.Probit), _predict, positive, "binary", target=MAYBE, classes=("0", "1"), features=FEATURES),
    Way("Binomial", _binomial, _predict, positive, "binary", target=MAYBE, classes=("0", "1"), features=FEATURES),
    Way(
        "Logit, linear", _fit(sm.Logit), _linear, _signed, "binary", target=MAYBE, classes=("0", "1"), features=FEATURES
    ),
    Way(
        "MNLogit",
        _fit(sm.MNLogit),
        _predict,
        by_class(NUMBERS.astype(str)),
        "multiclass",
        target=LEVELS,
        classes=("0", "1", "2"),
        features=FEATURES,
    ),
    Way(
        "OrderedModel",
        _fit(OrderedModel, distr="logit"),
        _predict,
        by_class(NUMBERS),
        "multiclass",
        target=LEVELS,
        classes=("0", "1", "2"),
        features=FEATURES,
    ),
    LINEAR,
    Way("GLM", _fit(sm.GLM), _predict, decided, "regression", target=X[:, 0] + LEVELS, features=FEATURES),
    Way("OLS by formula", _formula, _predict, decided, "regression", _frame, features=("a", "b", "c", "d")),
]

_SEVERAL = Way(
    "MultivariateLS",
    lambda x, y: multivariate_ols.MultivariateLS(y, x).fit(),
    _predict,
    several,
    "several outputs",
    features=FEATURES,
    wire_task="regression",
)
_HAS_SEVERAL = hasattr(multivariate_ols, "MultivariateLS")

ADAPTER = Adapter(
    package="statsmodels",
    ways=[*_WAYS, _SEVERAL] if _HAS_SEVERAL else _WAYS,
    cannot={} if _HAS_SEVERAL else {"several outputs": "statsmodels has models of several outputs from 0.15 on"},
    containers={
        "numpy": lambda x: (_predict, np.array(x)),
        "pandas": lambda x: (_predict, _frame(x)),
        "polars": _polars,
        "sparse": "statsmodels takes no sparse matrices",
        "native": "statsmodels has no container of its own",
    },
    patched=lambda: [(Results, "predict"), (DiscreteResults, "get_prediction")],
    nested={
        "intervals": (_intervals, 0),
        "the rows of fitting": (_fitted_rows, 0),
        "a flat row of a registered model": (_registered, 4),
    },
    inner=lambda model: getattr(model, "_results", model),
)
