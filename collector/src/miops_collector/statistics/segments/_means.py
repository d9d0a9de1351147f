"""Means of losses with the variances of those means, of segments and of all rows outside each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray, Segments

__all__ = ["Means", "inside", "outside", "share"]


class Means(NamedTuple):
    """Each ``(g,)``: weight, mean loss, variance of that mean; ``nan`` for fewer than one or two rows."""

    rows: FloatArray
    mean: FloatArray
    variance: FloatArray


def inside(segments: Segments) -> Means:
    return once(_inside, segments)


def outside(segments: Segments) -> Means:
    """Of the rows of the other segments of the axis."""
    return once(_outside, segments)


def share(segments: Segments) -> FloatArray:
    """``(g,)`` weight of each as a part of all of its axis."""
    return once(_share, segments)


def _inside(segments: Segments) -> Means:
    return _means(segments.sums)


def _outside(segments: Segments) -> Means:
    return _means(segments.sums.sum(axis=0) - segments.sums)


def _share(segments: Segments) -> FloatArray:
    return ratio(segments.sums[:, 0], np.full(len(segments.names), segments.sums[:, 0].sum()))


def _means(sums: FloatArray) -> Means:
    rows = sums[:, 0]
    mean = ratio(sums[:, 1], rows)
    spread = np.maximum(ratio(sums[:, 2], rows) - mean**2, 0.0)
    return Means(rows, mean, ratio(spread, np.where(rows > 1, rows - 1, 0.0)))
