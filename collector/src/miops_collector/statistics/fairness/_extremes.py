"""Largest and smallest rate among the groups that are large enough to be compared."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import quotient
from miops_collector.summary import FloatArray

__all__ = ["gap", "proportion"]


def gap(rates: FloatArray, rows: FloatArray, minimum_rows: float) -> float:
    """Largest minus smallest; ``nan`` for fewer than two groups.

    Examples
    --------
    >>> rates, rows = np.array([0.5, 0.25, 1.0]), np.array([100, 100, 2])
    >>> gap(rates, rows, 30), gap(rates, rows, 101)
    (0.25, nan)
    """
    lowest, highest = _extremes(rates, rows, minimum_rows)
    return highest - lowest


def proportion(rates: FloatArray, rows: FloatArray, minimum_rows: float) -> float:
    """Smallest over largest; ``nan`` for fewer than two groups or if all are 0."""
    lowest, highest = _extremes(rates, rows, minimum_rows)
    return quotient(lowest, highest)


def _extremes(rates: FloatArray, rows: FloatArray, minimum_rows: float) -> tuple[float, float]:
    compared = rates[(rows >= minimum_rows) & ~np.isnan(rates)]
    return (float(compared.min()), float(compared.max())) if compared.size > 1 else (nan, nan)
