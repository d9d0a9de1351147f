"""What a framework says about itself so that every check can be run on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

TASKS = ("binary", "multiclass", "regression", "several outputs")
CONTAINERS = ("numpy", "pandas", "polars", "sparse", "native")
WIRE_TASKS = {
    "binary": "binary_classification",
    "multiclass": "multiclass_classification",
    "regression": "regression",
}

RNG = np.random.default_rng(7)
X = RNG.normal(size=(200, 4)).astype(np.float32).astype(np.float64)
"""Numbers that are the same in single precision."""
MANY = RNG.normal(size=(10_000, 4)).astype(np.float32).astype(np.float64)
TARGETS: Mapping[str, NDArray[Any]] = {
    "binary": (X[:, 0] > 0).astype(np.int64),
    "multiclass": np.digitize(X[:, 0], [-0.5, 0.5]),
    "regression": X[:, 0] - X[:, 1],
    "several outputs": X[:, :2] - X[:, 2:],
}
NAMES = np.array(["high", "low", "mid"])


@dataclass(frozen=True)
class Expected:
    """What the rows must say, worked out from the result by other means than ours."""

    value: Sequence[Any] | None = None
    score: Sequence[float] | None = None
    scores: Sequence[Sequence[float]] | None = None
    outputs: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True)
class Way:
    """One way to ask one kind of model."""

    name: str
    fit: Callable[[NDArray[Any], NDArray[Any]], Any]
    call: Callable[[Any, Any], Any]
    expect: Callable[[Any], Expected]
    task: str
    given: Callable[[NDArray[Any]], Any] = np.array
    target: NDArray[Any] | None = None
    classes: Sequence[str] | None = None
    features: Sequence[str] = ("x0", "x1", "x2", "x3")
    wire_task: str | None = None
    framework: str | None = None
    seen: Callable[[NDArray[Any]], list[list[Any]]] = lambda x: x.tolist()
    """What is recorded of the features of rows, one list per row."""

    @property
    def model(self) -> Any:
        return _fitted(self)

    def __hash__(self) -> int:
        return id(self)


@cache
def _fitted(way: Way) -> Any:
    return way.fit(X, TARGETS[way.task] if way.target is None else way.target)


@dataclass(frozen=True)
class Adapter:
    """A framework; where it cannot do something, the reason stands instead."""

    package: str
    ways: Sequence[Way]
    containers: Mapping[str, Callable[[NDArray[Any]], Any] | str]
    patched: Callable[[], Sequence[tuple[Any, str]]]
    nested: Mapping[str, tuple[Callable[[], Any], int]]
    """Name → what calls models inside models, and how many rows are to be recorded."""
    cannot: Mapping[str, str] = field(default_factory=dict)
    """Task → why the framework has none."""
    in_frame: Sequence[str] = ("a", "b", "c", "d")
    spoiled: Callable[[NDArray[Any]], NDArray[Any]] = lambda x: x[:, :3]
    """Rows that can be given but are refused."""
    watched: Callable[[Any], Any] = lambda given: given
    """The part of an input that can be weakly referenced."""
    inner: Callable[[Any], Any] = lambda model: model
    """The object whose class is patched."""


def positive(result: Any) -> Expected:
    """A flat array of the second class's probability."""
    second = np.asarray(result, dtype=np.float64).reshape(-1)
    return Expected(value=(second >= 0.5).astype(int).tolist(), score=second.tolist())


def two_columns(result: Any) -> Expected:
    matrix = np.asarray(result, dtype=np.float64)
    return Expected(value=matrix.argmax(axis=1).tolist(), score=matrix[:, 1].tolist())


def by_class(names: NDArray[Any]) -> Callable[[Any], Expected]:
    def expect(result: Any) -> Expected:
        matrix = np.asarray(result, dtype=np.float64)
        return Expected(
            value=names[matrix.argmax(axis=1)].tolist(), score=matrix.max(axis=1).tolist(), scores=matrix.tolist()
        )

    return expect


def decided(result: Any) -> Expected:
    return Expected(value=np.asarray(result).reshape(-1).tolist())


def several(result: Any) -> Expected:
    return Expected(outputs=np.asarray(result, dtype=np.float64).tolist())
