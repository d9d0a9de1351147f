"""How scores of a reference are binned, and whether they are probabilities."""

from __future__ import annotations

import numpy as np

from miops_collector.columns import FloatArray, Rows
from miops_collector.reference.edges import quantile_edges

__all__ = ["are_probabilities", "has_class_scores", "score_edges"]

SCORE_BINS = 1000
MOST_SCORED_CLASSES = 50
"""With more classes, the scores of each class are not kept: they take 1,200 cells a class."""


def are_probabilities(rows: Rows) -> bool:
    """Whether there are scores, and all of them lie in [0, 1]."""
    scores = rows.score if rows.class_scores is None else np.append(rows.score, rows.class_scores)
    return _within_unit(scores)


def score_edges(rows: Rows) -> FloatArray:
    """Equal bins on [0, 1] if the scores are probabilities, else quantiles of the reference; empty without scores."""
    finite = np.isfinite(rows.score)
    if not finite.any():
        return np.empty(0)
    if _within_unit(rows.score):
        return np.linspace(0.0, 1.0, SCORE_BINS + 1)
    return quantile_edges(rows.score[finite], rows.weight[finite], SCORE_BINS)


def has_class_scores(rows: Rows, classes: int) -> bool:
    """Whether the scores of each of three or more classes are there and are probabilities."""
    scores = rows.class_scores
    return (
        scores is not None
        and scores.shape[1] == classes
        and 3 <= classes <= MOST_SCORED_CLASSES
        and _within_unit(scores)
    )


def _within_unit(scores: FloatArray) -> bool:
    finite = scores[np.isfinite(scores)]
    return len(finite) > 0 and bool((finite >= 0.0).all() and (finite <= 1.0).all())
