"""How long predictions took."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["LATENCY_BUCKETS", "LATENCY_GAMMA", "LATENCY_LOWEST_SECONDS", "Latency"]

LATENCY_GAMMA = 1.02
"""Ratio of neighbouring latency bucket bounds: quantiles are within 1 %."""
LATENCY_LOWEST_SECONDS = 1e-6
LATENCY_BUCKETS = 1048
"""From one microsecond to about a thousand seconds; the first and last bucket also hold what lies beyond."""


@dataclass(frozen=True, slots=True, eq=False)
class Latency(Additive):
    """Durations of predictions over logarithmic buckets (see :data:`LATENCY_GAMMA`).

    ``sums`` is ``(3,)``: weight, Σseconds, Σseconds². ``buckets`` is ``(LATENCY_BUCKETS,)``: bucket ``i`` holds
    ``LATENCY_LOWEST_SECONDS * LATENCY_GAMMA ** i`` up to the next.
    """

    sums: FloatArray = summed()
    buckets: FloatArray = summed()
