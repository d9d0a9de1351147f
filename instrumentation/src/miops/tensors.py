"""Tensors of any framework as arrays: known by what they can do, read only when wanted, brought from their device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_of", "inputs_of", "symbolic"]

_SYMBOLS: Final = frozenset({"FakeTensor", "FunctionalTensor", "KerasTensor", "Proxy", "SymbolicTensor", "Tracer"})

_SPARSE: Final = frozenset(f"torch.sparse_{kind}" for kind in ("coo", "csr", "csc", "bsr", "bsc"))


def symbolic(value: Any) -> bool:
    """Whether this only stands for a tensor, while a framework looks at what a model does."""
    return any(cls.__name__ in _SYMBOLS for cls in type(value).__mro__)


def array_of(value: Any) -> NDArray[Any]:
    """The numbers of a tensor, on the host; types that NumPy has not (``bfloat16``) in single precision."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.to_dense() if str(getattr(value, "layout", "")) in _SPARSE else value
        try:
            value = value.numpy()
        except TypeError:
            value = value.float().numpy()
    return np.asarray(_dense(value))


def _dense(value: Any) -> Any:
    """A sparse tensor of JAX or TensorFlow with its zeros; anything else as it is."""
    if hasattr(value, "todense"):
        return value.todense()
    if not hasattr(value, "dense_shape"):
        return value
    dense = np.zeros(tuple(map(int, value.dense_shape)))
    dense[tuple(np.asarray(value.indices).T)] = np.asarray(value.values)
    return dense


def inputs_of(value: Any) -> Any:
    """An input of a network as :func:`miops.capture.capture` takes it; ``None`` if it cannot be seen."""
    if isinstance(value, Mapping):
        return _columns(value) if all(map(_one_column, value.values())) else None
    if isinstance(value, list | tuple) and any(_tensor(part) for part in value):
        return None
    return _Rows(value) if _tensor(value) and len(value.shape) > 1 else value


def _one_column(part: Any) -> bool:
    return math.prod(map(int, getattr(part, "shape", (1,))[1:])) == 1


def _columns(parts: Mapping[Any, Any]) -> dict[Any, NDArray[Any]] | None:
    """Tensors by name as columns, if they have a row each for the same things."""
    columns = {name: array_of(part).reshape(-1) for name, part in parts.items()}
    return columns if len(set(map(len, columns.values()))) == 1 else None


def _tensor(value: Any) -> bool:
    """Whether it is one, and nothing that :mod:`miops.capture` reads better: arrays, sparse matrices."""
    return (
        all(hasattr(value, name) for name in ("shape", "dtype"))
        and not hasattr(value, "tocsr")
        and not isinstance(value, np.ndarray)
    )


class _Rows:
    """The rows of a tensor, made an array only when wanted: an image is too wide to be recorded and stays put."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor
        self.shape = (int(tensor.shape[0]), math.prod(map(int, tensor.shape[1:])))
        self.dtype = np.dtype(np.float64)
        self.nnz = 0

    def toarray(self) -> NDArray[Any]:
        return array_of(self._tensor).reshape(self.shape)
