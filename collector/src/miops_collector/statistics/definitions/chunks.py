"""Parts of a reference, each compared with the whole, and the threshold that follows: NannyML's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEFT_OUT", "by_number", "by_period", "upper_threshold"]

IntArray: TypeAlias = NDArray[np.int64]
NUMBER = 10
DEVIATIONS = 3.0
MOST = 500
"""Of more periods so many, evenly spaced, are compared: their standard deviation is known to 3 % then."""
LEFT_OUT = -1
"""Chunk of the rows of the others."""


def by_number(times: IntArray) -> IntArray:
    """Chunk of every row: ten of equal size in the order of time, and one of the rows that are left over.

    Examples
    --------
    >>> by_number(np.arange(22, dtype=np.int64)).tolist()
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10]
    """
    chunk = np.empty(len(times), np.int64)
    chunk[np.argsort(times, kind="stable")] = np.arange(len(times)) // max(len(times) // NUMBER, 1)
    return chunk


def by_period(times: IntArray, length: int) -> IntArray | None:
    """Chunk of every row: aligned periods of this length that have rows; ``None`` if there is only one.

    Examples
    --------
    >>> by_period(np.array([3, 12, 14, 41]), 10)
    array([0, 1, 1, 2])
    """
    periods, chunk = np.unique(times // length, return_inverse=True)
    if len(periods) < 2:
        return None
    if len(periods) <= MOST:
        return chunk.astype(np.int64)
    kept = np.full(len(periods), LEFT_OUT, np.int64)
    kept[np.linspace(0, len(periods) - 1, MOST).round().astype(np.int64)] = np.arange(MOST)
    return kept[chunk]


def upper_threshold(values: Sequence[float], highest: float) -> float:
    """Mean and three standard deviations of the values over chunks, at most ``highest``.

    Examples
    --------
    >>> round(upper_threshold([0.1, 0.2, 0.3], 1.0), 4)
    0.4449
    """
    return min(float(np.mean(values) + DEVIATIONS * np.std(values)), highest)
