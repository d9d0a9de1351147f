"""Means of losses with the variances of those means, of segments and of all rows outside each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray, Segments

__all__ = ["Means", "inside", "outside"]


class Means(NamedTuple):
    """Each ``(g,)``: weight, mean loss, variance of that mean; ``nan`` for fewer than one or two rows."""

    rows: FloatArray
    mean: FloatArray
    variance: FloatArray


def inside(segments: Segments) -> Means:
    return _once(segments, "inside", segments.sums)


def outside(segments: Segments) -> Means:
    """Of the rows of the other segments of the axis."""
    return _once(segments, "outside", segments.sums.sum(axis=0) - segments.sums)


def _once(segments: Segments, name: str, sums: FloatArray) -> Means:
    """Several statistics ask for them, of dozens of axes: they are kept with the summary they are of."""
    found: Means = vars(segments).get(name) or vars(segments).setdefault(name, _means(sums))
    return found


def _means(sums: FloatArray) -> Means:
    rows = sums[:, 0]
    mean = ratio(sums[:, 1], rows)
    spread = np.maximum(ratio(sums[:, 2], rows) - mean**2, 0.0)
    return Means(rows, mean, ratio(spread, np.where(rows > 1, rows - 1, 0.0)))
