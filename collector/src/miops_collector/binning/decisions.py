"""What a classifier decided in each row, and how sure it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.plan import Plan
from miops_collector.columns import FloatArray, Rows
from miops_collector.layout import Layout

__all__ = ["Decisions", "decisions_of"]

ROUNDING = 1e-6
"""How far beyond 0 and 1 arithmetic may carry a probability."""


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Of ``n`` rows of a classifier.

    Attributes
    ----------
    predicted
        ``(n,)`` class, negative where it is missing or not one of the layout's: such a row counts in no block of the
        classifier.
    score
        ``(n,)`` score of the positive class; ``nan`` where there is none, or where scores are probabilities and this
        one is not: it would pass for certainty. In all rows unless there are two classes.
    class_scores
        ``(n, k)`` or ``None``.
    confidence
        ``(n,)`` probability of the predicted class; ``nan`` if scores are no probabilities, or this one is not.
    """

    predicted: NDArray[np.int32]
    score: FloatArray
    class_scores: FloatArray | None
    confidence: FloatArray


def decisions_of(layout: Layout, plan: Plan, rows: Rows) -> Decisions:
    predicted = plan.classes.codes(rows.value)
    class_scores = rows.class_scores
    if class_scores is not None and class_scores.shape[1] != len(layout.classes):
        class_scores = None
    if layout.positive >= 0:
        own = None if class_scores is None else class_scores[:, layout.positive]
        score = _possible(layout, _either(rows.score, own))
        confidence = np.where(predicted == layout.positive, score, 1.0 - score)
    else:
        score = np.full(len(rows), np.nan)
        own = None if class_scores is None else _at(class_scores, predicted)
        confidence = _either(rows.score, own).copy()
    certain = (confidence >= 0.0) & (confidence <= 1.0) & (predicted >= 0) & layout.probabilities
    confidence[~certain] = np.nan
    return Decisions(predicted, score, class_scores, confidence)


def _possible(layout: Layout, score: FloatArray) -> FloatArray:
    """Scores that are what the reference's are; what is not is out of range, and that is said of the column."""
    if not layout.probabilities:
        return score
    return np.where((score >= -ROUNDING) & (score <= 1.0 + ROUNDING), score, np.nan)


def _at(scores: FloatArray, classes: NDArray[np.int32]) -> FloatArray:
    return scores[np.arange(len(scores)), np.maximum(classes, 0)]


def _either(given: FloatArray, own: FloatArray | None) -> FloatArray:
    """The score that was given, else the one among the class scores."""
    return given if own is None else np.where(np.isnan(given), own, given)
