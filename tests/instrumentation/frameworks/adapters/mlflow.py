"""MLflow: models saved in their flavours and of one's own, loaded as Python functions."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before it is imported
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow's, about its own type hints
    import mlflow
    import mlflow.pyfunc
    import mlflow.sklearn
import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.linear_model import LinearRegression, LogisticRegression

import miops
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

FOLDER = tempfile.mkdtemp()
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
_numbers = itertools.count()


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that there are no type hints, which MLflow would enforce

    class _Own(mlflow.pyfunc.PythonModel):
        """A function: the probability that the first column is above zero."""

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # hints would be enforced
            rows = np.asarray(model_input)
            if rows.shape[1] != 4:
                raise ValueError("four columns")
            return 1 / (1 + np.exp(-rows[:, 0]))


def _loaded(save: Callable[..., None], **settings: Any) -> Any:
    path = f"{FOLDER}/{next(_numbers)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about how it was saved
        save(path=path, pip_requirements=[], **settings)
        return mlflow.pyfunc.load_model(path, suppress_warnings=True)


def _sklearn(kind: Any, **settings: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        return _loaded(
            mlflow.sklearn.save_model, sk_model=kind().fit(x, y), serialization_format="cloudpickle", **settings
        )

    return fit


def _own(x: Any, y: Any) -> Any:
    model = _loaded(mlflow.pyfunc.save_model, python_model=_Own())
    miops.register(model, classes=("low", "high"))
    return model


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


def _named(result: Any) -> Expected:
    scores = np.asarray(result).tolist()
    return Expected(value=[("low", "high")[int(one >= 0.5)] for one in scores], score=scores)


def _polars(x: Any) -> Any:
    import polars as pl

    return _predict, pl.DataFrame(x, schema=list("abcd"))


BINARY = Way(
    "scikit-learn, predict_proba",
    _sklearn(LogisticRegression, pyfunc_predict_fn="predict_proba"),
    _predict,
    two_columns,
    "binary",
    classes=("0", "1"),
)
_WAYS = [
    BINARY,
    Way("scikit-learn, predict", _sklearn(LogisticRegression), _predict, decided, "binary", classes=("0", "1")),
    Way("a function", _own, _predict, _named, "binary", classes=("low", "high")),
    Way(
        "of three, predict_proba",
        _sklearn(LogisticRegression, pyfunc_predict_fn="predict_proba"),
        _predict,
        by_class(NAMES),
        "multiclass",
        target=NAMES[TARGETS["multiclass"]],
        classes=("high", "low", "mid"),
    ),
    Way(
        "of three, predict",
        _sklearn(LogisticRegression),
        _predict,
        decided,
        "multiclass",
        target=NAMES[TARGETS["multiclass"]],
        classes=("high", "low", "mid"),
    ),
    Way("a regression", _sklearn(LinearRegression), _predict, decided, "regression"),
    Way(
        "several",
        _sklearn(LinearRegression),
        _predict,
        several,
        "several outputs",
        wire_task="regression",
    ),
]

ADAPTER = Adapter(
    package="mlflow",
    ways=_WAYS,
    containers={
        "numpy": lambda x: (_predict, np.array(x)),
        "pandas": lambda x: (_predict, pd.DataFrame(x, columns=list("abcd"))),
        "polars": _polars,
        "sparse": lambda x: (_predict, scipy.sparse.csr_matrix(x)),
        "native": "MLflow has no container of its own",
    },
    patched=lambda: [(mlflow.pyfunc.PyFuncModel, "predict"), (mlflow.pyfunc, "load_model")],
    nested={"the model inside": (lambda: BINARY.model.predict(X[:3]), 3)},
)
