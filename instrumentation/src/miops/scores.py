"""Decision, score and class scores of rows from what the model returned."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.call import Output
from miops.columns import Column, doubles, from_array
from miops.sources import Source

__all__ = ["Scored", "score"]


class Scored(NamedTuple):
    """The columns of the outcome, and ``(n,)`` the probability of the predicted class where there is one."""

    columns: dict[str, Column]
    confidence: NDArray[np.float64] | None


def score(
    source: Source, outputs: int, decision: NDArray[Any] | None, scores: NDArray[Any] | None, rows: int
) -> Scored:
    """Columns ``value``, ``score`` and for several classes ``scores.i``.

    Without a decision it is the class with the highest score; of two classes, the positive one from the model's
    threshold on, if it has one for such scores: one on probabilities says nothing about margins.
    Binary scores are of the positive class, others of the predicted class. Where no score is a number there is no
    decision.

    Parameters
    ----------
    decision
        ``(n,)``, or ``(n, k)`` for several outputs: these become context columns, as one value cannot hold them.
    scores
        ``(n,)`` or ``(n, classes)``.
    """
    if decision is not None and decision.size != rows:
        return Scored(_several_outputs(decision.reshape(rows, -1)), None)
    if outputs & Output.SCORE and scores is not None:
        return _as_given(source, decision, scores.astype(np.float64).reshape(-1))
    probabilities = bool(outputs & Output.PROBABILITIES)
    matrix = None if scores is None else _as_matrix(scores, source, rows, probabilities=probabilities)
    if matrix is None or source.classes is None:
        return Scored({**_value(source, decision), **_plain_score(scores, rows)}, None)
    if matrix.shape[1] == 2:
        return _binary(source, decision, matrix, probabilities=probabilities)
    return _multiclass(source, decision, matrix, probabilities=probabilities)


def _as_given(source: Source, decision: NDArray[Any] | None, scores: NDArray[np.float64]) -> Scored:
    """Binary: without a decision it is the positive class from the threshold (else one half) on."""
    columns = {semconv.COLUMN_SCORE: doubles(scores)}
    if source.classes is None or len(source.classes) != 2:
        return Scored({**_value(source, decision), **columns}, None)
    threshold = 0.5 if source.model.threshold is None else source.model.threshold
    known = None if decision is not None else ~np.isnan(scores)
    if decision is None:
        decision = source.classes[np.where(scores >= threshold, source.positive, 1 - source.positive)]
    certain = np.where(decision == source.classes[source.positive], scores, 1.0 - scores)
    probable = bool(((scores >= 0) & (scores <= 1) | np.isnan(scores)).all())
    return Scored({**_value(source, decision, known), **columns}, certain if probable else None)


def _as_matrix(scores: NDArray[Any], source: Source, rows: int, *, probabilities: bool) -> NDArray[np.float64] | None:
    """``(n, classes)``; one column stands for two classes; other widths (one-vs-one) say nothing by class."""
    matrix = scores.reshape(rows, -1).astype(np.float64)
    if matrix.shape[1] == 1 and source.classes is not None and len(source.classes) == 2:
        return np.hstack((1.0 - matrix if probabilities else -matrix, matrix))
    return matrix if source.classes is not None and matrix.shape[1] == len(source.classes) else None


def _binary(
    source: Source, decision: NDArray[Any] | None, matrix: NDArray[np.float64], *, probabilities: bool
) -> Scored:
    assert source.classes is not None
    positive, model = matrix[:, source.positive], source.model
    threshold = model.threshold if probabilities else model.margin_threshold
    known = None if decision is not None else ~np.isnan(positive)
    if decision is None:
        above = _highest(matrix) == source.positive if threshold is None else positive >= threshold
        decision = source.classes[np.where(above, source.positive, 1 - source.positive)]
    columns = {**_value(source, decision, known), semconv.COLUMN_SCORE: doubles(positive)}
    if threshold is not None:
        columns[semconv.COLUMN_THRESHOLD] = doubles(np.full(len(positive), threshold))
    if not probabilities:
        return Scored(columns, None)
    said_positive = decision == source.classes[source.positive]
    return Scored(columns, np.where(said_positive, positive, 1.0 - positive))


def _multiclass(
    source: Source, decision: NDArray[Any] | None, matrix: NDArray[np.float64], *, probabilities: bool
) -> Scored:
    assert source.classes is not None
    best = _highest(matrix) if decision is None else _index(decision, source.classes)
    own = np.where(best >= 0, matrix[np.arange(len(matrix)), best], np.nan)
    by_class = np.ascontiguousarray(matrix.T)
    known = None if decision is not None else ~np.isnan(own)
    columns = {
        **_value(source, source.classes[best] if decision is None else decision, known),
        semconv.COLUMN_SCORE: doubles(own),
        **{f"{semconv.COLUMN_SCORES_PREFIX}{i}": doubles(column) for i, column in enumerate(by_class)},
    }
    return Scored(columns, own if probabilities else None)


def _highest(matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    """``(n,)`` the class of the highest score that is a number; to NumPy NaN is higher than all."""
    best = matrix.argmax(axis=1)
    if np.isnan(matrix[np.arange(len(matrix)), best]).any():
        best = np.where(np.isnan(matrix), -np.inf, matrix).argmax(axis=1)
    return np.asarray(best, dtype=np.int64)


def _index(decision: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    """``(n,)`` position of each decision among the classes, -1 for a decision that is none of them."""
    order = np.argsort(classes)
    places = np.minimum(np.searchsorted(classes[order], decision.astype(classes.dtype)), len(classes) - 1)
    found = order[places]
    return np.where(classes[found] == decision, found, -1)


def _value(source: Source, decision: NDArray[Any] | None, known: NDArray[np.bool_] | None = None) -> dict[str, Column]:
    if decision is None:
        return {}
    labels = source.model.task not in (semconv.REGRESSION, semconv.FORECAST)
    column = from_array(decision.reshape(-1), keep_integers=labels)
    column = column if known is None or known.all() else Column(column.kind, column.data, known)
    return {semconv.COLUMN_VALUE: column}


def _plain_score(scores: NDArray[Any] | None, rows: int) -> dict[str, Column]:
    return {semconv.COLUMN_SCORE: doubles(scores.reshape(-1))} if scores is not None and scores.size == rows else {}


def _several_outputs(decision: NDArray[Any]) -> dict[str, Column]:
    names = (f"{semconv.COLUMN_CONTEXT_PREFIX}output.{i}" for i in range(decision.shape[1]))
    return {name: from_array(np.ascontiguousarray(part)) for name, part in zip(names, decision.T, strict=True)}
