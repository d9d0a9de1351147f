"""What differs between the group where a statistic is largest and the one where it is smallest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import Statistic
from miops_collector.statistics.fairness import _intervals as intervals
from miops_collector.statistics.fairness._by_group import interval_at, support
from miops_collector.summary import FloatArray

__all__ = ["Gap", "difference", "proportion", "worst"]


def _pairs(groups: int) -> float:
    return groups * (groups - 1) / 2


@dataclass(frozen=True, slots=True)
class Gap:
    """A number made of a statistic's largest and smallest group, in this order. ``nan`` for fewer than two groups.

    Attributes
    ----------
    of
        The statistic, one number per group.
    made
        The gap, of the two values.
    deviation
        Its standard error, of the two values and their standard errors.
    ends
        The ends of its interval, of the two intervals.
    comparisons
        How many intervals have to hold at once, of how many groups there are.
    """

    of: Statistic
    made: Callable[[FloatArray], float]
    deviation: Callable[[FloatArray, FloatArray], float]
    ends: Callable[[intervals.Interval, intervals.Interval], tuple[FloatArray, FloatArray]]
    comparisons: Callable[[int], float] = _pairs

    def value(self, groups: Any, *, minimum_rows: float) -> float:
        places, _ = self._extremes(groups, minimum_rows)
        return self.made(once(self.of.function, groups)[places]) if places else nan

    def error(self, groups: Any, *, minimum_rows: float) -> float:
        places, _ = self._extremes(groups, minimum_rows)
        assert self.of.standard_error is not None, f"{self.of.metric} has no standard_error"
        if not places:
            return nan
        return self.deviation(once(self.of.function, groups)[places], once(self.of.standard_error, groups)[places])

    def interval(self, groups: Any, *, minimum_rows: float) -> tuple[float, float]:
        places, count = self._extremes(groups, minimum_rows)
        if not places:
            return nan, nan
        values, lows, highs = once(interval_at, groups, self.of, intervals.quantile(self.comparisons(count)))
        low, high = self.ends(*((values[i], lows[i], highs[i]) for i in places))
        return float(low), float(high)

    def _extremes(self, groups: Any, minimum_rows: float) -> tuple[list[int], int]:
        return once(_extremes, groups, self.of, minimum_rows)


def _extremes(groups: Any, s: Statistic, minimum_rows: float) -> tuple[list[int], int]:
    """Places of the largest and the smallest of the groups that are large enough, and how many those are."""
    values = once(s.function, groups)
    there = np.flatnonzero((support(s, groups) >= minimum_rows) & ~np.isnan(values))
    if there.size < 2:
        return [], there.size
    return [int(there[values[there].argmax()]), int(there[values[there].argmin()])], there.size


def difference(s: Statistic) -> Gap:
    """Largest less smallest."""

    def ends(largest: intervals.Interval, smallest: intervals.Interval) -> tuple[FloatArray, FloatArray]:
        low, high = intervals.difference(largest, smallest)
        return np.maximum(low, 0.0), high

    return Gap(s, made=lambda v: float(v[0] - v[1]), deviation=lambda _, e: float(np.hypot(*e)), ends=ends)


def proportion(s: Statistic) -> Gap:
    """Smallest over largest; its standard error by the delta method."""

    def deviation(v: FloatArray, e: FloatArray) -> float:
        return float(np.hypot(e[1], v[1] / v[0] * e[0]) / v[0]) if v[0] > 0 else nan

    def ends(largest: intervals.Interval, smallest: intervals.Interval) -> tuple[FloatArray, FloatArray]:
        low, high = intervals.proportion(smallest, largest)
        return low, np.minimum(high, 1.0)

    return Gap(s, made=lambda v: quotient(v[1], v[0]), deviation=deviation, ends=ends)


def worst(s: Statistic) -> Gap:
    """The one that is worse. Its interval holds for all groups at once, not for all pairs."""
    place = 1 if s.about.higher == "better" else 0
    return Gap(
        s, made=lambda v: float(v[place]), deviation=lambda _, e: float(e[place]), ends=lambda *of: of[place][1:],
        comparisons=float,
    )  # fmt: skip
