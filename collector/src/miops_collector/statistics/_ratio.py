"""Division and averages in which the undefined is ``nan`` instead of a warning or an exception."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np

from miops_collector.summary import FloatArray

__all__ = ["binomial_error", "mean_of_defined", "quotient", "ratio"]


def quotient(numerator: float, denominator: float) -> float:
    """``numerator / denominator``, ``nan`` unless the denominator is positive.

    Examples
    --------
    >>> quotient(1.0, 4.0), quotient(0.0, 0.0)
    (0.25, nan)
    """
    return float(numerator / denominator) if denominator > 0 else nan


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The same, element by element."""
    undefined = np.full(np.shape(denominator), nan)
    np.divide(numerator, denominator, out=undefined, where=denominator > 0)
    return undefined


def mean_of_defined(values: FloatArray) -> float:
    """Mean of the elements that are not ``nan``; ``nan`` if there are none."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else nan


def binomial_error(share: float, rows: float) -> float:
    """Standard error of a share of independent rows; ``nan`` without rows.

    Examples
    --------
    >>> binomial_error(0.5, 100.0)
    0.05
    """
    return sqrt(quotient(max(share * (1 - share), 0.0), rows))
