"""Keras: sequential and functional models, predicting and called, on the backend that is installed."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault(
    "KERAS_BACKEND",
    next(name for name in ("torch", "jax", "tensorflow") if importlib.util.find_spec(name) is not None),
)
import keras
import numpy as np
import pandas as pd
import scipy.sparse

import miops
from tests.instrumentation.frameworks.adapter import NAMES, Adapter, Expected, Way, X, decided, several

BACKEND = keras.backend.backend()
if BACKEND == "torch":
    sys.modules["torch"].set_num_threads(1)
NUMBERS = np.arange(3)


def _net(outputs: int, ends: str | None, **said: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        keras.utils.set_random_seed(4)
        layers = [keras.layers.Input((4,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(outputs, ends)]
        net = keras.Sequential(layers)
        if said:
            miops.register(net, **said)
        return net

    return fit


_turns = threading.Lock()


@contextmanager
def _whole(model: Any) -> Iterator[None]:
    """With JAX the model has no weights while it predicts: threads take turns, and after an error nobody has any."""
    if BACKEND != "jax":
        yield
        return
    with _turns:
        weights = model.get_weights()
        try:
            yield
        except Exception:
            for variable, value in zip(model.weights, weights, strict=True):
                variable._value = keras.ops.convert_to_tensor(value)
            raise


def _predict(model: Any, data: Any) -> Any:
    with _whole(model):
        return model.predict(data, verbose=0, batch_size=1000)


def _on_batch(model: Any, data: Any) -> Any:
    with _whole(model):
        return model.predict_on_batch(data)


def _call(model: Any, data: Any) -> Any:
    return model.__call__(data)


def _tensor(x: Any) -> Any:
    return keras.ops.convert_to_tensor(np.ascontiguousarray(x, dtype=np.float32))


def _rows(result: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(result), dtype=np.float64)


def _positive(names: Any) -> Callable[[Any], Expected]:
    def expect(result: Any) -> Expected:
        flat = _rows(result).reshape(-1)
        return Expected(value=[names[int(one > 0.5)] for one in flat], score=flat.tolist())

    return expect


def _by_class(names: Any) -> Callable[[Any], Expected]:
    def expect(result: Any) -> Expected:
        matrix = _rows(result)
        return Expected(
            value=names[matrix.argmax(axis=1)].tolist(), score=matrix.max(axis=1).tolist(), scores=matrix.tolist()
        )

    return expect


def _training() -> None:
    net = _net(1, None, task="regression")(X, None)
    net.compile("sgd", "mse")
    net.fit(X, X[:, 0], epochs=1, verbose=0)
    net.evaluate(X, X[:, 0], verbose=0)
    net(_tensor(X[:3]), training=True)


def _unregistered() -> None:
    _net(2, None)(X, None)(_tensor(X[:3]))


def _built() -> None:
    """A registered model as a layer of another one that is put together, then asked."""
    given = keras.Input((4,))
    whole = keras.Model(given, keras.layers.Dense(1, "sigmoid")(CALLED.model(given)))
    whole.predict(X[:3], verbose=0)


def _compiled() -> None:
    net = _net(1, "sigmoid", classes=("no", "yes"))(X, None)
    net.compile(jit_compile=False)
    net.predict(X[:3], verbose=0)
    COMPILERS[BACKEND](net)(_tensor(X[:3]))


def _torch_compiled(net: Any) -> Any:
    return sys.modules["torch"].compile(net, backend="eager")


def _jax_compiled(net: Any) -> Any:
    return sys.modules["jax"].jit(lambda x: net(x) + net(np.ones((1, 4), dtype=np.float32)))


def _tensorflow_compiled(net: Any) -> Any:
    return sys.modules["tensorflow"].function(lambda x: net(x) + net(np.ones((1, 4), dtype=np.float32)))


COMPILERS = {"torch": _torch_compiled, "jax": _jax_compiled, "tensorflow": _tensorflow_compiled}
ASKED_COMPILED = 3 if BACKEND == "torch" else 0
"""Rows of a compiled model: with PyTorch it is called, JAX and TensorFlow only look at it and run something else."""


BINARY = Way("predict", _net(1, "sigmoid"), _predict, _positive((0, 1)), "binary", classes=("0", "1"))
CALLED = Way(
    "a call", _net(3, None, classes=NAMES), _call, _by_class(NAMES), "multiclass", _tensor, classes=NAMES.tolist()
)
_WAYS = [
    BINARY,
    Way(
        "predict_on_batch of named classes",
        _net(1, "sigmoid", classes=("bad", "good")),
        _on_batch,
        _positive(("bad", "good")),
        "binary",
        classes=("bad", "good"),
    ),
    Way("softmax", _net(3, "softmax"), _predict, _by_class(NUMBERS), "multiclass", classes=("0", "1", "2")),
    CALLED,
    Way("one number", _net(1, None, task="regression"), _predict, decided, "regression"),
    Way(
        "several",
        _net(2, None, task="regression"),
        _predict,
        several,
        "several outputs",
        wire_task="regression",
    ),
]


def _polars(x: Any) -> Any:
    import polars as pl

    return _predict, pl.DataFrame(x, schema=list("abcd"))


def _owner(name: str) -> Any:
    return next(cls for cls in keras.Model.__mro__ if name in vars(cls))


ADAPTER = Adapter(
    package="keras",
    ways=_WAYS,
    containers={
        "numpy": lambda x: (_predict, np.array(x)),
        "pandas": lambda x: (_predict, pd.DataFrame(x, columns=list("abcd"))),
        "polars": _polars,
        "sparse": lambda x: (_predict, scipy.sparse.csr_matrix(x)),
        "native": lambda x: (_on_batch, _tensor(x)),
    },
    patched=lambda: [
        (_owner(name), name)
        for name in ("predict", "predict_on_batch", "fit", "evaluate", "train_on_batch", "test_on_batch", "__call__")
    ],
    nested={
        "training and evaluating": (_training, 0),
        "a call without registration": (_unregistered, 0),
        "a model inside a model": (_built, 3),
        "asked, then compiled by the backend and asked": (_compiled, 3 + ASKED_COMPILED),
    },
)
