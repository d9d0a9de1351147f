"""Tensors of the KServe v2 protocol as ``tritonclient`` holds them: the input of a request, and what an answer says."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miops.call import Output
from miops.network_results import parts_of_network
from miops.readings import Part, labels
from miops.sources import Source

__all__ = ["features_of", "parts_of_answer"]

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BOOL": "?",
        **{f"INT{8 * size}": f"i{size}" for size in (1, 2, 4, 8)},
        **{f"UINT{8 * size}": f"u{size}" for size in (1, 2, 4, 8)},
        **{f"FP{8 * size}": f"f{size}" for size in (2, 4, 8)},
    }
)


def features_of(inputs: Sequence[Any]) -> Any:
    """The only input as it is, several of one column each by name; ``None`` if they are anything else."""
    held = {str(one.name()): _values(one) for one in inputs}
    arrays = {name: array for name, array in held.items() if array is not None}
    if len(arrays) < len(held):
        return None
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    flat = all(array.ndim and array.size == len(array) for array in arrays.values())
    return {name: array.reshape(-1) for name, array in arrays.items()} if flat and arrays else None


def _values(one: Any) -> NDArray[Any] | None:
    """What an input holds, read back from the bytes it will be sent as."""
    held = getattr(one, "_raw_data", None) or getattr(one, "_raw_content", None)
    kind, shape = str(one.datatype()), [int(size) for size in one.shape()]
    if held is None:
        plain = getattr(one, "_data", None)  # as JSON, or in the server's memory
        return None if plain is None else np.array(plain).reshape(shape)
    if kind == "BYTES":
        return _texts(sys.modules["tritonclient.utils"].deserialize_bytes_tensor(held)).reshape(shape)
    return np.frombuffer(held, _TYPES[kind]).reshape(shape) if kind in _TYPES else None


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    return np.char.decode(values.astype(np.bytes_), "utf-8", "replace")


def parts_of_answer(model: Any, result: Any, source: Source) -> tuple[Part, ...]:
    """Labels and scores by their types: whole numbers and texts are labels, fractions scores or plain values."""
    response = result.get_response()
    outputs = response["outputs"] if isinstance(response, Mapping) else response.outputs
    names = [one["name"] if isinstance(one, Mapping) else one.name for one in outputs]
    arrays = [result.as_numpy(name) for name in names]
    if not all(array is not None and array.size for array in arrays):
        return ()  # in the server's memory, or of no rows, to which older clients give no width
    label = next((array for array in arrays if array.dtype.kind in "iubOS" and array.size == len(array)), None)
    score = next((array for array in arrays if array.dtype.kind == "f"), None)
    if label is None:
        return parts_of_network(model, score, source) if score is not None else ()
    decision = _decision(label, source)
    if score is None or source.classes is None:
        return (decision,)
    return (decision, *parts_of_network(model, score, source))


def _decision(label: NDArray[Any], source: Source) -> Part:
    if label.dtype.kind in "OS":
        return Part(Output.DECISION, _texts(label.reshape(-1)))
    return labels(label, source)
