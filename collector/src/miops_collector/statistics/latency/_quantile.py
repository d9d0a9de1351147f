"""Quantile of durations from their logarithmic buckets."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.summary import LATENCY_GAMMA, LATENCY_LOWEST_SECONDS, Latency

__all__ = ["quantile"]


def quantile(latency: Latency, share: float) -> float:
    """Geometric middle of the bucket in which the first ``share`` of the rows ends; ``nan`` without rows.

    Within ``√gamma - 1`` (1 %) of the duration of that row, for durations between a microsecond and 1,000 seconds.
    """
    reached = np.cumsum(latency.buckets)
    if not reached[-1] > 0:
        return nan
    bucket = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(LATENCY_LOWEST_SECONDS * LATENCY_GAMMA ** (bucket + 0.5))
