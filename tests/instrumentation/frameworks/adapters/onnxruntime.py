"""ONNX Runtime: sessions on converted scikit-learn models, in all the ways converters write them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.instrumentation.frameworks.adapter import NAMES, TARGETS, Adapter, Expected, Way, X, decided, several


def _session(kind: Any, **options: Any) -> Callable[[Any, Any], Any]:
    from skl2onnx import to_onnx

    def fit(x: Any, y: Any) -> Any:
        model = kind().fit(x, y)
        chosen = {id(model): options} if options else None
        told = to_onnx(model, x[:1].astype(np.float32), options=chosen, target_opset={"": 17, "ai.onnx.ml": 3})
        told.ir_version = 9  # with these operators the newest that the oldest supported runtime reads
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 2
        return onnxruntime.InferenceSession(told.SerializeToString(), settings)

    return fit


def _feed(x: Any) -> dict[str, Any]:
    return {"X": np.array(x, dtype=np.float32)}


def _run(model: Any, feed: Any) -> Any:
    return model.run(None, feed)


def _run_async(model: Any, feed: Any) -> Any:
    done, answer = threading.Event(), []

    def callback(results: Any, user_data: Any, error: str) -> None:
        answer.append((results, user_data, error))
        done.set()

    model.run_async(None, feed, callback, "mine")
    assert done.wait(30)
    results, user_data, error = answer[0]
    assert user_data == "mine"
    if error:
        raise RuntimeError(error)
    return results


def _labelled(names: Any) -> Callable[[Any], Expected]:
    def expect(results: Any) -> Expected:
        labels, scores = results
        if isinstance(scores, list):
            scores = [[row[name] for name in names.tolist()] for row in scores]
        matrix = np.asarray(scores, dtype=np.float64).reshape(len(labels), -1)
        if len(names) == 2:
            return Expected(value=labels.tolist(), score=matrix[:, 1].tolist())
        return Expected(value=labels.tolist(), score=matrix.max(axis=1).tolist(), scores=matrix.tolist())

    return expect


def _first(results: Any) -> Expected:
    return decided(results[0])


class _Wraps(BaseEstimator):
    """An estimator that asks a session."""

    def fit(self, x: Any, y: Any) -> Any:
        return self

    def predict(self, x: Any) -> Any:
        return BINARY.model.run(None, _feed(x))[0]


NUMBERS = np.arange(2)
THREE = NAMES[TARGETS["multiclass"]]
BINARY = Way(
    "run",
    _session(LogisticRegression),
    _run,
    _labelled(NUMBERS),
    "binary",
    _feed,
    classes=("0", "1"),
)
_WAYS = [
    BINARY,
    Way(
        "run without ZipMap",
        _session(LogisticRegression, zipmap=False),
        _run,
        _labelled(NUMBERS),
        "binary",
        _feed,
        classes=("0", "1"),
    ),
    Way("run_async", _session(LogisticRegression), _run_async, _labelled(NUMBERS), "binary", _feed, classes=("0", "1")),
    Way(
        "run of three",
        _session(LogisticRegression),
        _run,
        _labelled(NAMES),
        "multiclass",
        _feed,
        target=THREE,
        classes=("high", "low", "mid"),
    ),
    Way(
        "run of three without ZipMap",
        _session(LogisticRegression, zipmap=False),
        _run,
        _labelled(NAMES),
        "multiclass",
        _feed,
        target=THREE,
        classes=("high", "low", "mid"),
    ),
    Way("run of a regression", _session(LinearRegression), _run, _first, "regression", _feed),
    Way(
        "run of several outputs",
        _session(LinearRegression),
        _run,
        lambda results: several(results[0]),
        "several outputs",
        _feed,
        wire_task="regression",
    ),
]

_DENSE = "ONNX Runtime takes tensors; whoever has {} makes an array of it first"

ADAPTER = Adapter(
    package="onnxruntime",
    ways=_WAYS,
    containers={
        "numpy": lambda x: (_run, _feed(x)),
        "pandas": _DENSE.format("a frame"),
        "polars": _DENSE.format("a frame"),
        "sparse": _DENSE.format("a sparse matrix"),
        "native": lambda x: (_run, {"X": onnxruntime.OrtValue.ortvalue_from_numpy(_feed(x)["X"])}),
    },
    patched=lambda: [
        (next(owner for owner in onnxruntime.InferenceSession.__mro__ if name in vars(owner)), name)
        for name in ("run", "run_async")
    ],
    nested={"an estimator asks a session": (lambda: _Wraps().predict(X[:3]), 3)},
    watched=lambda feed: feed["X"],
)
