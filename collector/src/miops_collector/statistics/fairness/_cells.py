"""Counts per group that rates are made of, all about the positive class; ``nan`` rates follow where there is none."""

from __future__ import annotations

import numpy as np

from miops_collector.summary import FloatArray, Groups

__all__ = ["negatives", "positives", "predicted_positives", "rows", "selected"]


def rows(groups: Groups) -> FloatArray:
    """``(g,)`` all rows; 0 without a positive class."""
    return groups.rows.sum(axis=1) if groups.positive >= 0 else np.zeros(len(groups.names))


def selected(groups: Groups) -> FloatArray:
    """``(g,)`` all rows predicted positive."""
    return groups.rows[:, groups.positive]


def positives(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """Labelled rows whose truth is positive: those predicted positive, and all of them."""
    return _of(groups, groups.confusion[:, groups.positive, :])


def negatives(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """Labelled rows whose truth is not positive: those predicted positive, and all of them."""
    rest = groups.confusion.sum(axis=1) - groups.confusion[:, groups.positive, :]
    return _of(groups, rest)


def predicted_positives(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """Labelled rows predicted positive: those whose truth is positive, and all of them."""
    return _of(groups, groups.confusion[:, :, groups.positive])


def _of(groups: Groups, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    if groups.positive < 0:
        nothing = np.zeros(len(groups.names))
        return nothing, nothing
    return cells[:, groups.positive], cells.sum(axis=1)
