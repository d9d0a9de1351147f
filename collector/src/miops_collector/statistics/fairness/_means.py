"""Means of groups with their standard errors, and statistics of all rows applied to one group after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray, GroupResiduals, GroupScores

__all__ = ["by_group", "errors_of_means"]


def errors_of_means(rows: FloatArray, totals: FloatArray, squares: FloatArray) -> FloatArray:
    """``(g,)`` standard errors of means of independent rows; ``nan`` for fewer than two.

    Examples
    --------
    >>> errors_of_means(np.array([4.0, 1.0]), np.array([10.0, 3.0]), np.array([30.0, 9.0])).round(4).tolist()
    [0.6455, nan]
    """
    spread = ratio(squares, rows) - ratio(totals, rows) ** 2
    return np.sqrt(ratio(np.maximum(spread, 0.0), np.where(rows > 1, rows - 1, 0.0)))


def by_group(function: Callable[[Any], float], groups: GroupResiduals | GroupScores) -> FloatArray:
    """``(g,)`` what the function says of the rows of each group."""
    return np.array([function(one) for one in groups.of_groups()], np.float64)
