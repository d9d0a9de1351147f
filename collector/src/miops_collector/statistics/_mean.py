"""Mean of a quantity and the standard error of that mean, from its weight, sum and sum of squares."""

from __future__ import annotations

from math import nan, sqrt

from miops_collector.statistics._ratio import quotient

__all__ = ["error_of_mean", "variance"]


def variance(weight: float, total: float, squares: float) -> float:
    """Population variance; ``nan`` without weight. Rounding never makes it negative."""
    return max(squares / weight - (total / weight) ** 2, 0.0) if weight > 0 else nan


def error_of_mean(weight: float, total: float, squares: float) -> float:
    """Standard error of ``total / weight`` for independent rows; ``nan`` for fewer than two.

    Examples
    --------
    >>> error_of_mean(4.0, 10.0, 30.0)  # of 1, 2, 3, 4
    0.6454972243679028
    """
    return sqrt(quotient(variance(weight, total, squares), weight - 1))
