"""How many rows the number of each group rests on, and between which ends it lies."""

from __future__ import annotations

from typing import Any

import numpy as np

from miops_collector.statistics._once import once
from miops_collector.statistics._statistic import Statistic
from miops_collector.statistics.fairness import _intervals as intervals
from miops_collector.summary import FloatArray, GroupClasses

__all__ = ["interval_at", "shares", "support"]


def shares(s: Statistic, groups: Any) -> tuple[FloatArray, FloatArray] | None:
    """``(g,)`` each: numerators and denominators; ``None`` if the numbers are no shares, as means over classes are."""
    if s.counts is None or isinstance(groups, GroupClasses):
        return None
    hits, rows = once(s.counts, groups)
    return hits, rows


def support(s: Statistic, groups: Any) -> FloatArray:
    """``(g,)`` rows in the denominator of each group."""
    counted = shares(s, groups)
    if counted is not None:
        return np.asarray(counted[1], np.float64)
    assert s.support is not None, f"{s.metric}: its module says neither counts nor support"
    return np.asarray(once(s.support, groups), np.float64)


def interval_at(groups: Any, s: Statistic, z: float) -> intervals.Interval:
    """Of each group, at this quantile: Wilson's for shares."""
    counted = shares(s, groups)
    if counted is not None:
        return intervals.wilson(*counted, z)
    assert s.standard_error is not None, f"{s.metric}: its module says neither counts nor standard_error"
    return intervals.symmetric(once(s.function, groups), once(s.standard_error, groups), z, s.about.bounds)
