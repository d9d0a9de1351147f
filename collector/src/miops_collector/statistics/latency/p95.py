"""95th percentile of the duration."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.latency._quantile import quantile
from miops_collector.summary import Latency

__all__ = ["p95"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no rows with a duration", rests_on="values", unit="s")
def p95(latency: Latency) -> float:
    """Duration that 95 of 100 predictions do not exceed.

    ::

        p95 = smallest duration d with share(duration ≤ d) ≥ 0.95

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
    the nearer end beyond. Percentiles of windows do not average; buckets add, so longer windows are exact too. The slow
    case that a busy client meets all the time. Prefer ``p99`` for a call that waits for several predictions, ``p50``
    for the typical case.

    Examples
    --------
    >>> import numpy as np
    >>> buckets = np.zeros(1048)
    >>> buckets[465] = 100.0  # 9.95 to 10.15 ms
    >>> round(p95(Latency(np.array([100.0, 1.0, 0.01]), buckets)), 4)
    0.0101

    References
    ----------
    C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
    guarantees", Proceedings of the VLDB Endowment 12(12), 2019, doi:10.14778/3352063.3352135.
    """
    return quantile(latency, 0.95)
