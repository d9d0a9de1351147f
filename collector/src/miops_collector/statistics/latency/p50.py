"""Median duration."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.latency._quantile import quantile
from miops_collector.summary import Latency

__all__ = ["p50"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no rows with a duration", rests_on="values", unit="s")
def p50(latency: Latency) -> float:
    """Duration that half of the predictions do not exceed.

    ::

        p50 = smallest duration d with share(duration ≤ d) ≥ 0.50

    In seconds, above 0, no upper bound; higher is worse.

    Parameters
    ----------
    latency
        Durations in buckets, each 2 % wider than the one before.

    Returns
    -------
    float
        ``nan`` without rows that have a duration.

    Notes
    -----
    Within 1 % of the exact percentile (the geometric middle of its bucket) from a microsecond to 1,000 seconds, and at
    the nearer end beyond. Percentiles of windows do not average; buckets add, so longer windows are exact too. The
    typical case, unmoved by a few stragglers; ``mean`` is moved by them. Prefer ``p95`` and ``p99`` to watch them.

    Examples
    --------
    >>> import numpy as np
    >>> buckets = np.zeros(1048)
    >>> buckets[465] = 100.0  # 9.95 to 10.15 ms
    >>> round(p50(Latency(np.array([100.0, 1.0, 0.01]), buckets)), 4)
    0.0101

    References
    ----------
    C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
    guarantees", Proceedings of the VLDB Endowment 12(12), 2019, doi:10.14778/3352063.3352135.
    """
    return quantile(latency, 0.50)
