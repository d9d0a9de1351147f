"""Keras on the backend that is installed; what holds for all backends is in the conformance suite."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import miops
from miops.testing import Harness

if importlib.util.find_spec("keras") is None:  # it can only be imported once it is known on which backend
    pytest.skip("keras is not installed: make test-frameworks", allow_module_level=True)
from tests.instrumentation.frameworks.adapters.keras import BACKEND, keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras' own, of PyTorch's tensors
CLASSES = ["no", "yes"]
X = np.array([[1.0, 0.0, -2.0, 0.5], [0.0, 0.25, 0.0, 0.0], [3.0, -1.0, 0.0, 2.0]], dtype=np.float32)
"""Numbers that are the same in half precision."""


@pytest.fixture
def instrumented(harness: Harness) -> Iterator[Harness]:
    miops.instrument()
    yield harness
    miops.uninstrument()


def net(**settings: Any) -> Any:
    keras.utils.set_random_seed(4)
    made = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1, "sigmoid", **settings)])
    miops.register(made, classes=CLASSES)
    return made


def seen(harness: Harness) -> list[list[float]]:
    return [[row[f"feature.x{i}"] for i in range(4)] for row in harness.rows()]


def _jax_ways(model: Any) -> list[Callable[[], Any]]:
    import jax

    return [
        lambda: jax.jit(model)(X),
        lambda: jax.jit(lambda number: model(X) + number)(1.0),
        lambda: jax.grad(lambda x: model(x).sum())(X),
        lambda: jax.vmap(lambda row: model(row[None]))(X),
    ]


def _tensorflow_ways(model: Any) -> list[Callable[[], Any]]:
    import tensorflow as tf

    return [
        lambda: tf.function(model)(tf.constant(X)),
        lambda: tf.function(lambda number: model(X) + number)(1.0),
        lambda: list(tf.data.Dataset.from_tensor_slices(X).batch(2).map(model)),
    ]


WAYS = {"jax": _jax_ways, "tensorflow": _tensorflow_ways, "torch": lambda _: []}
"""Ways in which a compiler looks at what a model does, with numbers or with what stands for them."""


def test_what_a_compiler_looks_at_is_not_recorded(instrumented: Harness) -> None:
    model = net()
    for look in WAYS[BACKEND](model):
        look()

    assert instrumented.rows() == []
    assert instrumented.faults == {}
    model(X)
    assert seen(instrumented) == X.tolist()


def test_half_precision_is_recorded_as_the_numbers_that_it_stands_for(instrumented: Harness) -> None:
    result = net(dtype="bfloat16")(keras.ops.convert_to_tensor(X, "bfloat16"))

    assert seen(instrumented) == X.tolist()
    scores = keras.ops.convert_to_numpy(keras.ops.cast(result, "float32")).reshape(-1)
    assert [row["score"] for row in instrumented.rows()] == scores.tolist()
    assert instrumented.faults == {}


def _jax_sparse(x: NDArray[np.float32]) -> Any:
    from jax.experimental.sparse import BCOO

    return BCOO.fromdense(x)


def _tensorflow_sparse(x: NDArray[np.float32]) -> Any:
    import tensorflow as tf

    return tf.sparse.from_dense(x)


SPARSE = {"jax": _jax_sparse, "tensorflow": _tensorflow_sparse}


def test_sparse_tensors_of_the_backend_are_recorded_with_their_zeros(instrumented: Harness) -> None:
    if BACKEND not in SPARSE:
        pytest.skip("Keras takes no sparse tensors of PyTorch")
    net()(SPARSE[BACKEND](X))

    assert seen(instrumented) == X.tolist()
    assert instrumented.faults == {}


def test_columns_of_the_backends_tensors_are_recorded_by_their_names(instrumented: Harness) -> None:
    age, income = keras.Input((1,), name="age"), keras.Input((1,), name="income")
    merged = keras.layers.Concatenate()([age, income])
    model = keras.Model({"age": age, "income": income}, keras.layers.Dense(1, "sigmoid")(merged))
    model.predict_on_batch(
        {"age": keras.ops.convert_to_tensor(X[:, :1]), "income": keras.ops.convert_to_tensor(X[:, 3:])}
    )

    rows = instrumented.rows()
    assert [[row["feature.age"], row["feature.income"]] for row in rows] == X[:, [0, 3]].tolist()
    assert instrumented.faults == {}
