"""What a network returns → decision or scores: by its shape, its values, and the classes it was registered with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.call import Output
from miops.models import Registration
from miops.readings import Part, labels, probabilities
from miops.sources import Source
from miops.tensors import array_of
from miops.weak import WeakIdMap

__all__ = ["parts_of_network", "task_of"]

_MOST_OUTPUTS: Final = 64
_ROUNDING: Final = 1e-3
_NAMES: Final = ("logits", "scores", "probabilities", "output")
_unbounded: Final[WeakIdMap[bool]] = WeakIdMap()
"""Models one of whose single scores was once no probability: then none is."""


def task_of(said: Registration | None) -> str | None:
    """The kind of classifier, by the number of classes that were registered."""
    if said is None or said.classes is None:
        return None
    return semconv.BINARY if len(said.classes) == 2 else semconv.MULTICLASS


def parts_of_network(model: Any, result: Any, source: Source) -> tuple[Part, ...]:
    """Scores of a classifier whose classes are known, else plain values.

    Whole numbers are classes by number. Scores are probabilities if every row sums to one; a single column, if
    all it ever held is between zero and one.

    Raises
    ------
    ValueError
        If it is neither: say an embedding, or a sentence.
    """
    values = array_of(_chosen(result))
    values = values.reshape(len(values), math.prod(values.shape[1:])) if values.ndim else values.reshape(1, 1)
    width = values.shape[1]
    if source.classes is None:
        return (_plain(values),)
    if values.dtype.kind in "iub" and width == 1:
        return (labels(values, source),)
    if width not in (len(source.classes), len(source.classes) - 1 if len(source.classes) == 2 else width + 1):
        raise ValueError(f"{width} scores for {len(source.classes)} classes")
    return (probabilities(values, source) if _probable(model, values) else Part(Output.MARGINS, values),)


def _chosen(result: Any) -> Any:
    """The tensor of scores in a result of several."""
    if isinstance(result, Mapping):
        return next((result[name] for name in _NAMES if name in result), next(iter(result.values())))
    return result[0] if isinstance(result, Sequence) and not isinstance(result, str) else result


def _plain(values: NDArray[Any]) -> Part:
    if values.shape[1] > _MOST_OUTPUTS or values.dtype.kind not in "fiub":
        raise ValueError(f"results of shape {values.shape} are not understood; register the model's classes")
    return Part(Output.DECISION, values)


def _probable(model: Any, values: NDArray[Any]) -> bool:
    if not values.size:
        return True
    bounded = bool(values.min() >= 0 and values.max() <= 1)
    if values.shape[1] > 1:
        return bounded and bool(np.abs(values.sum(axis=1) - 1).max() < _ROUNDING)
    if not bounded:
        _unbounded.set(model, True)  # noqa: FBT003
    return _unbounded.get(model) is None
