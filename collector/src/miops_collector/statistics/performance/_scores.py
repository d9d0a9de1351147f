"""Labelled rows by score and truth, one class against the rest."""

from __future__ import annotations

from miops_collector.summary import ClassScores, FloatArray, ScoreHistogram

__all__ = ["by_truth"]


def by_truth(scores: ScoreHistogram | ClassScores) -> FloatArray:
    """``(c, b, 2)`` rows per class of interest (one if binary), bin of its score (rising), whether the truth is it."""
    either_decision: FloatArray = scores.labelled.sum(axis=-2)
    return either_decision if isinstance(scores, ClassScores) else either_decision[None]
