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
    return np.asarray(value)


def inputs_of(value: Any) -> Any:
    """An input of a network as :func:`miops.capture.capture` takes it; ``None`` if it cannot be seen."""
    if isinstance(value, Mapping):
        named = {name: array_of(part) for name, part in value.items()}
        lengths = {len(part) for part in named.values() if part.ndim}
        flat = len(lengths) == 1 and all(part.size == len(part) for part in named.values() if part.ndim)
        return {name: part.reshape(-1) for name, part in named.items()} if flat else None
    if isinstance(value, list | tuple) and any(_tensor(part) for part in value):
        return None
    return _Rows(value) if _tensor(value) and len(value.shape) > 1 else value


def _tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype") and not hasattr(value, "iloc")


class _Rows:
    """The rows of a tensor, made an array only when wanted: an image is too wide to be recorded and stays put."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor
        self.shape = (int(tensor.shape[0]), math.prod(map(int, tensor.shape[1:])))
        self.dtype = np.dtype(np.float64)
        self.nnz = 0

    def toarray(self) -> NDArray[Any]:
        return array_of(self._tensor).reshape(self.shape)
