"""Whether values look as if they were multiplied by a well-known factor: months for years, cents for units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log, nan, sqrt
from typing import Final

import numpy as np

from miops_collector.summary import FloatArray, Histogram, Moments

__all__ = ["FACTORS", "UnitChange", "unit_change"]

FACTORS: Final = {
    2.2046: "pounds for kilograms",
    3.2808: "feet for metres",
    7.0: "days for weeks",
    10.0: "a decimal place",
    12.0: "months for years",
    24.0: "hours for days",
    60.0: "minutes for hours, or seconds for minutes",
    100.0: "percent for fractions, or cents for units",
    365.25: "days for years",
    1000.0: "thousandths for units",
    3600.0: "seconds for hours",
    86_400.0: "seconds for days",
    1_000_000.0: "millionths for units",
}
"""Factors that unit mistakes come with, and what they usually are. Their inverses are tried too."""
WHOLE_TOLERANCE: Final = 0.1
"""How far the mean may be from the factor, in log, when all values changed, beside three of its standard errors."""
PART_TOLERANCE: Final = 0.35
"""The same for the mean and the extreme of the outlying values, which may be a segment of their own."""
PART_SHARES: Final = (0.01, 0.6)
"""Shares of outlying values at which they are looked at alone."""


@dataclass(frozen=True, slots=True)
class UnitChange:
    """``factor`` above 1: multiplied, below 1: divided. ``share`` of the values that look so."""

    factor: float
    share: float
    hint: str

    @property
    def words(self) -> str:
        size = self.factor if self.factor > 1 else 1 / self.factor
        sign = "×" if self.factor > 1 else "÷"
        return (
            f"{self.share:.0%} of the values look {sign}{size:.6g} ({self.hint}{'?' if sign == '×' else ', reversed?'})"
        )


def unit_change(reference: Histogram, now: Histogram, before: Moments, moments: Moments) -> UnitChange | None:
    """The factor that explains all values, or those beyond the reference's range; ``None`` if none does.

    A guess from means, deviations and extremes; it needs a reference whose mean is clearly not zero. A division is
    only recognised for all values, or where divided values fall below the reference's range.
    """
    if not (before.std > 0.0 and moments.count > 0.0) or abs(before.mean) < 0.2 * before.std:
        return None
    return _whole(before, moments) or _part(reference, now, before, moments)


def _whole(before: Moments, moments: Moments) -> UnitChange | None:
    noise = 3.0 * before.std / (abs(before.mean) * sqrt(moments.count))
    change = _nearest((moments.mean / before.mean,), WHOLE_TOLERANCE + noise, 1.0)
    if change is None or not moments.std > 0.0:
        return None
    spread = abs(log(moments.std / before.std / change.factor))
    return change if spread <= 2.0 * (WHOLE_TOLERANCE + noise) else None


def _part(reference: Histogram, now: Histogram, before: Moments, moments: Moments) -> UnitChange | None:
    values = float(now.fine.sum())
    below, above = float(now.fine[0]), float(now.fine[-1])
    share = max(below, above) / values
    if (
        not PART_SHARES[0] <= share <= PART_SHARES[1]
        or moments.count < values - 0.5
        or min(below, above) > 0.1 * max(below, above)
    ):
        return None
    if below > above:
        return _nearest((_over(moments.lowest, before.lowest),), PART_TOLERANCE, share)
    outlying = (moments.mean * moments.count - _sum_inside(reference, now, before)) / above
    return _nearest((outlying / before.mean, _over(moments.highest, before.highest)), PART_TOLERANCE, share)


def _over(now: float, before: float) -> float:
    return now / before if before else nan


def _sum_inside(reference: Histogram, now: Histogram, before: Moments) -> float:
    """Sum of the values within the reference's range, from bin centres corrected on the reference."""
    centers: FloatArray = (reference.edges[1:] + reference.edges[:-1]) / 2.0
    held = float(reference.fine[1:-1].sum())
    correction = before.mean - float(reference.fine[1:-1] @ centers) / held if held > 0.0 else 0.0
    inside = now.fine[1:-1]
    return float(inside @ centers) + correction * float(inside.sum())


def _nearest(ratios: Iterable[float], tolerance: float, share: float) -> UnitChange | None:
    given = np.array(list(ratios))
    if not np.isfinite(given).all() or (given <= 0.0).any():
        return None
    distances = {f: np.abs(np.log(given) - log(f)) for size in FACTORS for f in (size, 1.0 / size)}
    factor = min(distances, key=lambda f: float(distances[f].sum()))
    if float(distances[factor].max()) > tolerance:
        return None
    return UnitChange(factor, share, FACTORS[min(FACTORS, key=lambda size: abs(abs(log(factor)) - log(size)))])
