"""Variance of durations."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _mean
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Latency

__all__ = ["variance"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no rows with a duration", rests_on="values", unit="s2")
def variance(latency: Latency) -> float:
    """How unsteady the duration of a prediction is: mean squared distance from the mean duration.

    ::

        variance = Σ duration² / n - (Σ duration / n)²

    In square seconds, 0 = always the same, no upper bound; higher is worse.

    Parameters
    ----------
    latency
        Sums over rows with a duration.

    Returns
    -------
    float
        Of the population (divided by n); ``nan`` without such rows.

    Notes
    -----
    Waiting in a queue grows with it, at the same mean. One straggler can make it: prefer ``p99`` over ``p50`` to judge
    the tail.

    Examples
    --------
    >>> import numpy as np
    >>> round(variance(Latency(np.array([4.0, 0.1, 0.003]), np.zeros(1048))), 6)
    0.000125

    References
    ----------
    T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance: analysis and
    recommendations", The American Statistician 37(3), 1983, doi:10.1080/00031305.1983.10483115.
    """
    weight, total, squares = latency.sums.tolist()
    return _mean.variance(weight, total, squares)
