"""What a model returned → a copy for the record, and the one value and score that a span shows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from miops.call import Output
from miops.sources import Source

__all__ = ["Returned", "one_row", "take_output"]

_ndarray = np.ndarray


class Returned(NamedTuple):
    """A copied result: ``payload`` is bytes of ``dtype`` (then ``width`` columns, 0 if flat), or a list."""

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
    return tuple.__new__(Returned, (payload, None if dtype.hasobject else dtype, width, shape[0]))


def _as_array(result: Any) -> Any:
    if isinstance(result, tuple) and result and hasattr(result[0], "__len__"):
        result = result[0]
    if hasattr(result, "toarray"):
        result = result.toarray()
    array = np.asarray(result)
    return array if array.ndim else array.reshape(1)


def one_row(source: Source, output: int, result: Any) -> tuple[Any, float | None]:
    """Value and score of a single prediction, for its span."""
    array = np.asarray(result)
    if output == Output.DECISION:
        return (array.item() if array.size == 1 else None), None
    if source.classes is None:
        return None, None
    flat = array.reshape(-1)
    if len(flat) == 1:
        margin = float(flat[0])
        return source.classes[int(margin > 0)].item(), margin if source.positive == 1 else -margin
    if len(flat) != len(source.classes):
        return None, None
    best = int(flat.argmax())
    return source.classes[best].item(), float(flat[source.positive if len(flat) == 2 else best])
