"""Scores of a classifier, with the truth of rows that have one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["ClassScores", "ScoreHistogram"]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreHistogram(Additive):
    """Scores of the positive class of a binary classifier.

    Attributes
    ----------
    edges
        ``(b + 1,)``: 1,000 equal bins on [0, 1] when the reference's scores are probabilities,
        else reference quantiles; scores beyond the ends count in the end bins.
    probabilities
        Whether scores are probabilities, so that calibration and log loss mean something.
    rows
        ``(b, 2)`` all rows by predicted class (0 negative, 1 positive).
    labelled
        ``(b, 2, 2)`` labelled rows by predicted class and truth.
    """

    edges: FloatArray
    probabilities: bool
    rows: FloatArray = summed()
    labelled: FloatArray = summed()


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores(Additive):
    """Scores of every class of a multiclass classifier, each class against the rest.

    Attributes
    ----------
    rows
        ``(k, b, 2)`` all rows: class, equal bin of its score on [0, 1], whether it was predicted.
    labelled
        ``(k, b, 2, 2)`` labelled rows: the same, and whether the truth is that class.
    """

    classes: tuple[str, ...]
    rows: FloatArray = summed()
    labelled: FloatArray = summed()

    def against_rest(self) -> tuple[ScoreHistogram, ...]:
        """The scores of each class as those of a binary classifier whose positive class it is."""
        edges = np.linspace(0.0, 1.0, self.rows.shape[1] + 1)
        pairs = zip(self.rows, self.labelled, strict=True)
        return tuple(ScoreHistogram(edges, probabilities=True, rows=r, labelled=truth) for r, truth in pairs)
