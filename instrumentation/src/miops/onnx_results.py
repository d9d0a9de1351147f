"""What ONNX Runtime returns, output by output → decision and scores, by the types the model declares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miops.call import Output
from miops.readings import Part, probabilities
from miops.sources import Source

__all__ = ["LABEL_TYPES", "SCORE_TYPES", "parts_of"]

LABEL_TYPES: Final = frozenset({"tensor(string)", "tensor(int64)", "tensor(int32)", "tensor(bool)"})
SCORE_TYPES: Final = frozenset({"tensor(float)", "tensor(double)", "tensor(float16)"})
_MAPS: Final = "seq(map("
_MOST_OUTPUTS: Final = 64
_ROUNDING: Final = 1e-3


def parts_of(types: Sequence[str], results: Sequence[Any], source: Source) -> tuple[Part, ...]:
    """Decision and scores of a classifier, or the values of anything else.

    Parameters
    ----------
    types
        As the session declares them, one per result.

    Raises
    ------
    ValueError
        If the results are neither: say an embedding, or text.
    """
    by_type = list(zip(types, results, strict=True))
    label = next((np.asarray(r).reshape(-1) for t, r in by_type if t in LABEL_TYPES), None)
    scores = next((_scores(t, r, source) for t, r in by_type if t.startswith(_MAPS) or t in SCORE_TYPES), None)
    if label is not None:
        decision = Part(Output.DECISION, label)
        return (decision,) if scores is None else (decision, scores)
    return (_values(by_type) if scores is None else scores,)


def _scores(kind: str, result: Any, source: Source) -> Part | None:
    """Scores by class if classes are known and fit, else nothing."""
    if source.classes is None:
        return None
    matrix = _matrix(result, source) if kind.startswith(_MAPS) else np.asarray(result)
    matrix = _two_dimensional(matrix)
    if matrix.shape[1] != len(source.classes) and (matrix.shape[1], len(source.classes)) != (1, 2):
        return None
    return probabilities(matrix, source) if _are_probabilities(matrix) else Part(Output.MARGINS, matrix)


def _matrix(rows: Sequence[Mapping[Any, float]], source: Source) -> NDArray[np.float64]:
    """``(n, classes)`` from one mapping per row, which is how ``ZipMap`` names the scores."""
    assert source.classes is not None
    width = len(source.classes)
    keys = tuple(rows[0]) if rows else ()
    if len(keys) != width:
        return np.empty((len(rows), 0))
    named = source.classes.tolist()
    keys = tuple(named) if set(keys) == set(named) else keys
    values = chain.from_iterable(map(itemgetter(*keys), rows)) if width > 1 else map(itemgetter(keys[0]), rows)
    return np.fromiter(values, dtype=np.float64, count=len(rows) * width).reshape(len(rows), width)


def _two_dimensional(array: NDArray[Any]) -> NDArray[Any]:
    return array.reshape(len(array), math.prod(array.shape[1:]))


def _are_probabilities(matrix: NDArray[Any]) -> bool:
    if not matrix.size or matrix.min() < 0 or matrix.max() > 1:
        return False
    return matrix.shape[1] == 1 or bool(np.abs(matrix.sum(axis=1) - 1).max() < _ROUNDING)


def _values(by_type: Sequence[tuple[str, Any]]) -> Part:
    found = [np.asarray(result) for kind, result in by_type if kind in SCORE_TYPES]
    arrays = [_two_dimensional(array) for array in found if array.ndim]
    width = sum(array.shape[1] for array in arrays)
    if not arrays or width > _MOST_OUTPUTS or len(set(map(len, arrays))) > 1:
        shapes = [array.shape for array in found]
        raise ValueError(f"results of shapes {shapes} are not understood as predictions; register the model's classes")
    return Part(Output.DECISION, arrays[0] if len(arrays) == 1 else np.hstack(arrays))
