"""Mean duration."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Latency

__all__ = ["mean", "standard_error"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no rows with a duration", rests_on="values", unit="s")
def mean(latency: Latency) -> float:
    """Time a prediction takes on average; with the number of rows, the time spent predicting.

    ::

        mean = Σ duration / n

    In seconds, 0 or more, no upper bound; higher is worse.

    Parameters
    ----------
    latency
        Sums over rows with a duration.

    Returns
    -------
    float
        ``nan`` without such rows.

    Notes
    -----
    Exact. Rows of one call share its duration, so a large batch weighs as many times. The mean is what a machine
    pays; prefer ``p95`` and ``p99`` for what a user feels.

    Examples
    --------
    >>> import numpy as np
    >>> latency = Latency(np.array([4.0, 0.1, 0.003]), np.zeros(1048))
    >>> mean(latency), round(standard_error(latency), 6)
    (0.025, 0.006455)

    References
    ----------
    J. Dean, L. A. Barroso, "The tail at scale", Communications of the ACM 56(2), 2013, doi:10.1145/2408776.2408794.
    """
    return quotient(float(latency.sums[1]), float(latency.sums[0]))


def standard_error(latency: Latency) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, total, squares = latency.sums.tolist()
    return error_of_mean(weight, total, squares)
