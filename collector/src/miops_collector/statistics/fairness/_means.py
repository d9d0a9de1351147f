"""Standard errors of means of groups."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray

__all__ = ["errors_of_means"]


def errors_of_means(rows: FloatArray, totals: FloatArray, squares: FloatArray) -> FloatArray:
    """``(g,)`` standard errors of means of independent rows; ``nan`` for fewer than two.

    Examples
    --------
    >>> errors_of_means(np.array([4.0, 1.0]), np.array([10.0, 3.0]), np.array([30.0, 9.0])).round(4).tolist()
    [0.6455, nan]
    """
    spread = ratio(squares, rows) - ratio(totals, rows) ** 2
    return np.asarray(np.sqrt(ratio(np.maximum(spread, 0.0), np.where(rows > 1, rows - 1, 0.0))))
