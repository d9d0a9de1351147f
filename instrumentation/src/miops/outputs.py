"""What a model returned → a copy for the record, and the one value and score that a span shows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from miops.call import Output
from miops.sources import Source

__all__ = ["Returned", "one_row", "take_output"]

_ndarray = np.ndarray


class Returned(NamedTuple):
    """A copied result: bytes of ``dtype`` (then ``width`` columns, 0 if flat), or a list of objects."""

    payload: Any
    dtype: np.dtype[Any] | None
    width: int
    rows: int


def take_output(result: Any) -> Returned:
    """Copy a returned array; other things that hold one value per row are made an array first.

    Several arrays (``return_std=True``) are the first of them: the decision.
    """
    if type(result) is not _ndarray:
        result = _as_array(result)
    shape, dtype = result.shape, result.dtype
    width = shape[1] if len(shape) == 2 else 0
    payload = result.tolist() if dtype.hasobject else result.tobytes()
    # In a third of the time that Returned(...) takes.
    return tuple.__new__(Returned, (payload, dtype, width, shape[0]))


def _as_array(result: Any) -> Any:
    if isinstance(result, tuple) and result and hasattr(result[0], "__len__"):
        result = result[0]
    if hasattr(result, "toarray"):
        result = result.toarray()
    array = np.asarray(result)
    return array if array.ndim else array.reshape(1)


def one_row(source: Source, output: int, result: Any) -> tuple[Any, float | None]:
    """Value and score of a single prediction, for its span."""
    numbers = (result if type(result) is _ndarray else np.asarray(result)).reshape(-1).tolist()
    if output == Output.DECISION:
        return (numbers[0] if len(numbers) == 1 else None), None
    labels = source.labels
    if output == Output.SCORE:
        threshold = 0.5 if source.model.threshold is None else source.model.threshold
        return (_of_two(source, numbers[0], threshold) if len(labels) == 2 else None), float(numbers[0])
    if len(labels) == 2 and len(numbers) <= 2:
        return _binary(source, numbers, probabilities=output == Output.PROBABILITIES)
    if len(numbers) != len(labels) or not labels:
        return None, None
    known = [i for i, number in enumerate(numbers) if number == number]
    best = max(known, key=numbers.__getitem__, default=None)
    return (None, None) if best is None else (labels[best], numbers[best])


def _binary(source: Source, numbers: list[float], *, probabilities: bool) -> tuple[Any, float]:
    if len(numbers) == 1:
        numbers = [(1.0 if probabilities else 0.0) - numbers[0], numbers[0]]
    own = numbers[source.positive]
    threshold = source.model.threshold if probabilities else source.model.margin_threshold
    if threshold is None and not math.isnan(own):
        known = not math.isnan(numbers[1 - source.positive])
        return source.labels[numbers[1] > numbers[0] if known else source.positive], own
    threshold = 0.0 if threshold is None else threshold
    return _of_two(source, own, threshold), own


def _of_two(source: Source, score: float, threshold: float) -> Any:
    if math.isnan(score):
        return None
    return source.labels[source.positive if score >= threshold else 1 - source.positive]
